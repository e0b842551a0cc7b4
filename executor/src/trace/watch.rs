//! A limit for tests that may hang: when it has elapsed, the dump says why.
//!
//! A test that hangs is killed from outside, and reports nothing. With a limit of its own it fails, and prints
//! what each task waits for.
//!
//! Called by tests. Next: `trace::environment`.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use reactor::shim::lock_static;

use super::dump::{Dump, dump};

/// From this age on, the dump can tell that a thread was started before the channels that it makes.
const SETTLES: Duration = Duration::from_millis(40);

/// Runs `body`, and returns what it returns. If it takes longer than `limit`, this prints the [`dump`] to stderr, and
/// panics with the verdicts.
///
/// `body` runs on a thread of its own. After the limit it is left behind there, hanging, and so are its tasks: the
/// process should end soon. With a recording ([`trace::start`](crate::trace::start), or `UNROLLED_TRACE`) the dump
/// knows much more, and `body` begins 40 ms later.
///
/// # Panics
///
/// When the limit has elapsed; and as `body` does.
///
/// ```
/// use executor::{task, trace};
/// use std::time::Duration;
///
/// let sum = trace::within(Duration::from_secs(60), || task::block_on(task::spawn(async { 1 + 1 })));
/// assert_eq!(sum, 2);
///
/// let hangs = || task::block_on(std::future::pending::<()>());
/// let panic = std::panic::catch_unwind(|| trace::within(Duration::from_millis(20), hangs));
/// assert!(panic.unwrap_err().downcast_ref::<String>().unwrap().starts_with("still running after 20ms"));
/// ```
#[track_caller]
pub fn within<T: Send + 'static>(limit: Duration, body: impl FnOnce() -> T + Send + 'static) -> T {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let (sender, receiver) = std::sync::mpsc::channel();
    let run = move || {
        if reactor::record::is_on() {
            // A thread that is not older than a channel could hold an end of it unseen (`dump::strangers`).
            thread::sleep(SETTLES);
        }
        // Sent also if the body panics: the caller waits for it.
        let _ = sender.send(catch_unwind(AssertUnwindSafe(body)));
    };
    let started = thread::Builder::new().name(name).spawn(run);
    drop(started.expect("within: the system starts no thread"));
    match receiver.recv_timeout(limit) {
        Ok(Ok(output)) => output,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => give_up(limit, &dump()),
    }
}

#[track_caller]
fn give_up(limit: Duration, dump: &Dump) -> ! {
    eprintln!("{dump}");
    let verdicts: Vec<String> =
        dump.verdicts().iter().map(|verdict| format!("{}: {}", verdict.kind, verdict.text)).collect();
    let verdicts = if verdicts.is_empty() { "no verdict".to_owned() } else { verdicts.join("\n") };
    panic!("still running after {limit:?}; {verdicts}");
}

/// Looks at the program again and again while `body` runs, and returns what that returns. For tests of programs that
/// never hang: a verdict would be wrong.
///
/// # Panics
///
/// If a dump has a verdict, after `body` has ended; and as `body` does.
///
/// ```
/// use executor::{task, trace};
///
/// trace::assert_never_stuck(|| task::block_on(task::spawn(async {})));
/// ```
#[track_caller]
pub fn assert_never_stuck<T>(body: impl FnOnce() -> T) -> T {
    let over = (Mutex::new(false), Condvar::new());
    let look = || {
        let mut wrong = None;
        let mut ended = lock_static(&over.0);
        while !*ended && wrong.is_none() {
            drop(ended);
            let begin = Instant::now();
            wrong = Some(dump()).filter(|dump| !dump.verdicts().is_empty());
            // Not more than half of a processor.
            let pause = begin.elapsed().max(Duration::from_millis(1));
            let waited = over.1.wait_timeout(lock_static(&over.0), pause);
            ended = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        wrong
    };
    let (output, wrong) = thread::scope(|scope| {
        let looker = scope.spawn(look);
        let output = catch_unwind(AssertUnwindSafe(body));
        *lock_static(&over.0) = true;
        over.1.notify_all();
        (output, looker.join().expect("a dump does not panic"))
    });
    let output = output.unwrap_or_else(|panic| resume_unwind(panic));
    if let Some(dump) = wrong {
        panic!("a healthy program has a verdict:\n{dump}");
    }
    output
}
