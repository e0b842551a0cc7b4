//! A future, dropped at each of its awaits: for tests.
//!
//! A future that is dropped has done a part of its work. Which part depends on the await at which it was dropped. A test
//! with a timeout tries one of them, and not always the same. Here all are tried, each in a run of its own. In the
//! picture a number is that of the run which drops the future there:
//!
//! ```text
//!   run    0                   1          2                   3          4
//!          │                   │          │                   │          │
//!   made ──┴─▶ poll: Pending ──┴─ woken ──┴─▶ poll: Pending ──┴─ woken ──┴─▶ … ─▶ poll: Ready, the last run
//! ```
//!
//! - X1  Each wait has two moments: when the future begins to wait, and when it was woken but not polled again.
//!   At the second one it may already own a lock, or a reserved place in a channel, without knowing it.
//! - X2  The future has a waker of its own. A wake of another branch of the task is not taken for its own.
//! - X3  Each run begins with a poll of the task, and so with a whole budget. If it had what the run before has left, an
//!   operation would wait in one run and not in another, and a moment would be left out.
//!
//! Called by tests. Next: `sync`.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use reactor::shim;
use reactor::wait_list::wake;

use crate::task::yield_now;

/// Runs a future again and again, and drops it at another moment each time: before its first poll; when it begins to
/// wait for the first time; when it was woken for the first time, but was not polled since; when it begins to wait for
/// the second time; and so on, until it ends before it is dropped. Returns how often it waited in that last run.
///
/// Each run calls `begin` for what the future uses, `run` for the future, and `check` for what has to hold afterwards.
/// `check` gets what `begin` has made, and the future's output, or `None` if it was dropped.
///
/// The future should wait equally often in each run. For that, let everything happen on one thread: a test that spawns
/// tasks spawns local ones. Each wait has to end, because in one of the runs the future is dropped after it was woken.
///
/// # Panics
///
/// As the closures and the future do. If `check` panics, this prints to stderr when the future was dropped.
///
/// ```
/// use executor::sync::Mutex;
/// use executor::{cancel, task};
///
/// let waits = task::block_on(cancel::at_each_await(
///     async || (Mutex::new(5), Mutex::new(0)),
///     async |(from, to)| {
///         let mut from = from.lock().await;
///         task::yield_now().await; // asks somebody whether this is allowed
///         let mut to = to.lock().await;
///         *from -= 1; // From here on there is no await.
///         *to += 1;
///     },
///     async |(from, to), _output| assert_eq!(from.into_inner() + to.into_inner(), 5),
/// ));
/// assert_eq!(waits, 1, "the locks were free");
/// ```
pub async fn at_each_await<S, T>(
    mut begin: impl AsyncFnMut() -> S,
    mut run: impl AsyncFnMut(&mut S) -> T,
    mut check: impl AsyncFnMut(S, Option<T>),
) -> usize {
    let mut moment = 0;
    loop {
        yield_now().await; // X3
        let mut state = begin().await;
        let output = until(moment, run(&mut state)).await;
        let is_last = output.is_some();
        let _named = (!is_last).then_some(Named(moment));
        check(state, output).await;
        if is_last {
            return moment / 2;
        }
        moment += 1;
    }
}

/// Polls the future up to this moment (X1), and drops it. Returns its output if it ended first.
async fn until<F: Future>(moment: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let relay = Arc::new(Relay(shim::Mutex::new(Relayed { woken: true, task: Waker::noop().clone() })));
    let waker = Waker::from(Arc::clone(&relay));
    let mut moments = 0..moment;
    poll_fn(|cx| {
        if !relay.take_wake(cx.waker().clone()) {
            return Poll::Pending; // X2
        }
        if moments.next().is_none() {
            return Poll::Ready(None);
        }
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if moments.next().is_none() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// The future's waker: it wakes the task, and notes that it was the future that was woken (X2).
struct Relay(shim::Mutex<Relayed>);

struct Relayed {
    woken: bool,
    task: Waker,
}

impl Relay {
    /// Stores the task's waker, and returns whether the future was woken since the last call.
    fn take_wake(&self, task: Waker) -> bool {
        let mut relayed = shim::lock(&self.0);
        let replaced = std::mem::replace(&mut relayed.task, task);
        let woken = std::mem::take(&mut relayed.woken);
        drop(relayed);
        drop(replaced); // Arbitrary code.
        woken
    }
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        let mut relayed = shim::lock(&self.0);
        relayed.woken = true;
        let task = std::mem::replace(&mut relayed.task, Waker::noop().clone());
        drop(relayed);
        wake(task);
    }
}

/// The moment of a run. It is printed if the check panics.
struct Named(usize);

impl Drop for Named {
    fn drop(&mut self) {
        let (moment, wait) = (self.0, self.0.div_ceil(2));
        match moment {
            _ if !std::thread::panicking() => {}
            0 => eprintln!("the future was dropped before its first poll"),
            _ if moment % 2 == 1 => eprintln!("the future was dropped when it began to wait, in wait {wait}"),
            _ => eprintln!("the future was dropped in wait {wait}: it was woken, and not polled since"),
        }
    }
}
