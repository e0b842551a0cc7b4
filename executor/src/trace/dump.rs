//! "Why is it stuck?": what each task waits for, and who could end that.
//!
//! A debugger shows a task that waits as nothing at all: it is on no stack. To poll the tasks and see what they say
//! would change them, and has broken programs. So a dump reads what is there anyway: the lists of the pools, the
//! wakers in the reactor, and, while a recording is on, its events.
//!
//! ```text
//!   pools, sockets, timers ──▶ live ──────────────┐
//!   a recording's events ──▶ model ──▶ stuck ──▶ verdicts ──the same again, a moment later?──▶ Dump
//!                                └────────────────────────────────────────────▶ words ──▶ ─┘
//! ```
//!
//! - V1  It polls nothing, and holds a lock of the hot path only while it copies a few entries.
//! - V2  A verdict is right, or it is not given; one that cannot be proven says so. The dump also says what it does not
//!   know.
//!
//! Called by programs that hang, and by `watch`. Next: `dump::live`.

mod cycles;
mod ends;
mod ids;
mod live;
mod model;
mod parts;
mod phrases;
mod report;
mod seen;
mod strangers;
mod stuck;
mod verdicts;
mod words;

use std::thread;
use std::time::Duration;

use live::Live;
pub use report::{Dump, TaskReport, Verdict, VerdictKind};
use seen::Seen;
use verdicts::verdicts;

/// A verdict must hold for at least this long.
const PAUSE: Duration = Duration::from_millis(3);

/// Looks at all tasks, and says what each waits for, and which of them cannot go on.
///
/// Without a recording it knows those tasks of pools that have waited at least once, and which sockets and timers they
/// wait for. While a recording is on ([`trace::start`](crate::trace::start)), it knows all tasks, what they wait
/// for and who could end that, and can tell why some are stuck.
///
/// It may be called anywhere: it polls nothing, and the program goes on meanwhile. The calling thread is blocked for
/// some milliseconds.
///
/// ```
/// use executor::{sync::Mutex, task, trace};
/// use std::sync::Arc;
///
/// trace::start(10_000).unwrap();
/// let lock = Arc::new(Mutex::new(0));
/// let stuck = task::Builder::new().name("forgetful").spawn(async move {
///     let _first = lock.lock().await;
///     let _second = lock.lock().await; // It waits for itself.
/// });
/// let dump = loop {
///     let dump = executor::dump();
///     if !dump.verdicts().is_empty() {
///         break dump;
///     }
/// };
/// assert_eq!(dump.verdicts()[0].kind, trace::VerdictKind::OwnLock);
/// assert_eq!(dump.verdicts()[0].names, ["forgetful"]);
/// assert!(dump.verdicts()[0].is_certain());
/// println!("{dump}");
/// # stuck.abort();
/// ```
pub fn dump() -> Dump {
    let live = Live::look();
    let mut seen = Seen::begin(&live.own_threads());
    let mut found = verdicts(&live, seen.as_ref().map(Seen::recording).as_ref());
    if !found.is_empty() {
        thread::sleep(PAUSE);
        let live = Live::look_at_tasks();
        if seen.as_mut().is_some_and(|seen| seen.advance(&live.own_threads()).is_none()) {
            found.clear(); // The recording was stopped.
        }
        let again = verdicts(&live, seen.as_ref().map(Seen::recording).as_ref());
        found.retain(|first| again.iter().any(|second| first.is_still(second)));
    }
    words::dump(live, seen, &found)
}
