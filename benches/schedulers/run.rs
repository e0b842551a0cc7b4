//! The tasks of one run: they are spawned together, told to stop together, and waited for.
//!
//! A workload with a fixed number of operations would never end under a policy that starves one of its tasks, and that
//! is what some workloads are there to show. So each runs for a fixed time, and counts.
//!
//! - G1  All tasks of a workload have been polled once before it begins: what is starved then is starved by the
//!   workload, and not in the queue of the tasks that were just spawned.
//!
//! Next: `workloads`.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::signal::Signal;
use crate::task::{self, WeakPool};

/// How long the tasks of a run may take to end. A policy that loses a task does not end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The tasks of a run.
pub(crate) struct Run {
    pool: WeakPool,
    is_over: AtomicBool,
    alive: AtomicUsize,
    /// How many tasks have not been polled yet.
    unpolled: AtomicUsize,
    operations: AtomicU64,
    signals: Mutex<Vec<Arc<Signal>>>,
    owner: Thread,
}

impl Run {
    /// A run without tasks. This thread will wait for them.
    pub(crate) fn new(pool: WeakPool) -> Arc<Self> {
        Arc::new(Self {
            pool,
            is_over: AtomicBool::new(false),
            alive: AtomicUsize::new(0),
            unpolled: AtomicUsize::new(0),
            operations: AtomicU64::new(0),
            signals: Mutex::default(),
            owner: thread::current(),
        })
    }

    /// Spawns a task whose waits are measured.
    #[track_caller]
    pub(crate) fn spawn(
        self: &Arc<Self>,
        name: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        task::spawn(&self.pool, name, true, self.counted(future));
    }

    /// Spawns a task that is only in the way of the others: its waits are not measured.
    #[track_caller]
    pub(crate) fn spawn_aside(
        self: &Arc<Self>,
        name: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        task::spawn(&self.pool, name, false, self.counted(future));
    }

    fn counted<F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        future: F,
    ) -> impl Future<Output = ()> + Send + use<F> {
        // ORDERING: Relaxed; it is called by the thread that calls `end`, or by a task that `alive` still counts.
        self.alive.fetch_add(1, Ordering::Relaxed);
        self.unpolled.fetch_add(1, Ordering::Relaxed); // ORDERING: Relaxed; as above.
        let run = Arc::clone(self);
        async move {
            // ORDERING: Relaxed; it publishes nothing.
            run.unpolled.fetch_sub(1, Ordering::Relaxed);
            future.await;
            // ORDERING[sched-run]: Release publishes what the task has counted; pairs with the Acquire in `end`.
            if run.alive.fetch_sub(1, Ordering::Release) == 1 {
                run.owner.unpark();
            }
        }
    }

    /// Waits until each task has been polled once (G1).
    pub(crate) fn wait_for_first_polls(&self) {
        let deadline = Instant::now() + PATIENCE;
        // ORDERING: Relaxed; nothing is read that the tasks have written.
        while self.unpolled.load(Ordering::Relaxed) > 0 {
            assert!(Instant::now() < deadline, "a task was lost before its first poll");
            thread::yield_now();
        }
    }

    /// Makes a signal that is closed when the run is over.
    pub(crate) fn signal(&self) -> Arc<Signal> {
        let signal = Arc::new(Signal::default());
        self.signals.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&signal));
        signal
    }

    /// Counts what a task has done. It does so once, at its end, so that the tasks do not share this in between.
    pub(crate) fn count(&self, operations: u64) {
        // ORDERING: Relaxed; `alive` publishes it.
        self.operations.fetch_add(operations, Ordering::Relaxed);
    }

    /// Whether the tasks have to end.
    pub(crate) fn is_over(&self) -> bool {
        // ORDERING: Relaxed; a task may see it a little later.
        self.is_over.load(Ordering::Relaxed)
    }

    /// Tells the tasks to end.
    pub(crate) fn stop(&self) {
        // ORDERING: Relaxed; the signals' locks publish it to the tasks that wait.
        self.is_over.store(true, Ordering::Relaxed);
        let signals = std::mem::take(&mut *self.signals.lock().unwrap_or_else(PoisonError::into_inner));
        signals.into_iter().for_each(|signal| signal.close());
    }

    /// Waits until all tasks have ended. Returns how many operations they have counted.
    ///
    /// # Panics
    ///
    /// If it takes longer than `PATIENCE`.
    pub(crate) fn end(&self) -> u64 {
        let deadline = Instant::now() + PATIENCE;
        // ORDERING[sched-run]: Acquire; pairs with the Release of each task that has ended.
        while self.alive.load(Ordering::Acquire) > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "a task was lost: {} wait", self.alive.load(Ordering::Acquire));
            thread::park_timeout(left);
        }
        // ORDERING: Relaxed; the tasks have ended.
        self.operations.load(Ordering::Relaxed)
    }
}
