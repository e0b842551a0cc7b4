//! What the models share. It is compiled under `--cfg loom` only.
//!
//!     bash .ci/models          every model, at two preemptions
//!     bash .ci/models 3        at three
//!     bash .ci/seeded-faults   each seeded fault is found by the models that name it
//!
//! A model runs its threads in every order that matters, up to a number of preemptions, and with every
//! value that a load may see. loom fails it on a data race, a deadlock (a lost wake leaves a thread that
//! waits forever), a leak, and on what the model asserts.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};

use super::{Condvar, Mutex, lock};

mod world;
pub(crate) use world::Poller;
pub use world::{LocalKey, OnceLock, Socket, Static, now, park_timeout, tick};

super::thread_local! {
    static SLOW: Cell<bool> = Cell::new(false);
}

/// Makes this thread yield before each fence from now on. loom runs a fence and the access before it as one
/// step, and so it would not try what happens between the two.
pub fn stop_before_fences() {
    SLOW.set(true);
}

/// A fence.
#[track_caller]
pub fn fence(order: loom::sync::atomic::Ordering) {
    if SLOW.get() {
        loom::thread::yield_now();
    }
    loom::sync::atomic::fence(order);
}

/// Whether this seeded fault is enabled.
#[must_use]
pub fn fault(name: &str) -> bool {
    static SEEDED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("FAULT").ok());
    SEEDED.as_deref() == Some(name)
}

/// Checks a model at `LOOM_MAX_PREEMPTIONS`, otherwise at two, and prints the number of executions.
pub fn check(model: impl Fn() + Send + Sync + 'static) {
    explore(preemptions(), model);
}

/// The same for a larger model, with this many preemptions fewer.
pub fn check_with_fewer(fewer: usize, model: impl Fn() + Send + Sync + 'static) {
    explore(preemptions().saturating_sub(fewer), model);
}

/// The same, with this many preemptions at most.
pub fn check_at_most(most: usize, model: impl Fn() + Send + Sync + 'static) {
    explore(preemptions().min(most), model);
}

fn preemptions() -> usize {
    loom::model::Builder::new().preemption_bound.unwrap_or(2)
}

/// Whether this call of `check` is to be made. A test may make several, and a counterexample belongs to one of them,
/// whose number is in `COUNTEREXAMPLE_CHECK`.
fn is_asked_for() -> bool {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    // ORDERING: Relaxed; a number for the tool, which runs one test in a process.
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    number("COUNTEREXAMPLE_CHECK").is_none_or(|asked| asked == call)
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

fn explore(bound: usize, model: impl Fn() + Send + Sync + 'static) {
    if !is_asked_for() {
        return;
    }
    let executions = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&executions);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound);
    builder.max_branches = number("LOOM_MAX_BRANCHES").unwrap_or(20_000);
    builder.check(move || {
        // ORDERING: Relaxed; a number for people.
        counted.fetch_add(1, Ordering::Relaxed);
        world::begin();
        model();
    });
    let name = std::thread::current().name().unwrap_or("a model").to_owned();
    // Printed in one call, because other tests print at the same time.
    let line = format!("{name}: {} executions, preemptions {bound}\n", executions.load(Ordering::Relaxed));
    eprint!("{line}");
}

/// A waker that counts, and that a thread can wait for.
#[derive(Debug, Default)]
pub struct Notifier {
    count: Mutex<usize>,
    more: Condvar,
}

impl Wake for Notifier {
    fn wake(self: Arc<Self>) {
        *lock(&self.count) += 1;
        self.more.notify_all();
    }
}

impl Notifier {
    /// A notifier and its waker.
    #[must_use]
    pub fn new() -> (Arc<Self>, Waker) {
        let notifier = Arc::new(Self::default());
        (Arc::clone(&notifier), notifier.into())
    }

    /// Counts one notification, and wakes the thread that waits.
    pub fn notify(self: Arc<Self>) {
        self.wake();
    }

    /// Returns the number of notifications so far.
    pub fn count(&self) -> usize {
        *lock(&self.count)
    }

    /// Waits until there were more than `before` notifications; returns their number.
    pub fn wait(&self, before: usize) -> usize {
        let mut count = lock(&self.count);
        while *count <= before {
            count = self.more.wait(count).expect("a model's lock is not poisoned");
        }
        *count
    }
}

/// Runs a future on this thread. It waits forever if a wake is lost, and loom reports that.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let (notifier, waker) = Notifier::new();
    let mut future = pin!(future);
    let mut count = 0;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        count = notifier.wait(count);
    }
}

/// Polls a future once, with a waker that does nothing.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
