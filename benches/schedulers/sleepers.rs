//! The workers that sleep, and the rules by which a policy wakes them.
//!
//! A push that looks for sleepers just before a worker is listed wakes none. If that worker has looked at the queues
//! just before the push, the task waits for ever (rung 11). So both sides do it in an order in which one of them sees
//! the other:
//!
//! ```text
//!   a push:    push the task        fence    read the count: wake a sleeper
//!   a worker:  list itself, count   fence    look at the queues: park if there is nothing
//! ```
//!
//! - D1  A task is in its queue before `any` is called for it.
//! - D2  A worker looks at all queues that it takes from after `go_idle`, and before it parks.
//! - D3  The thread that takes a worker from the list does it under the lock, with all that it has to note: after
//!   `come_back` the worker knows whether it was taken.
//!
//! Next: `policy`.

use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::parker::Parker;

/// The sleepers of a pool, and its parkers.
pub(crate) struct Sleepers {
    /// How many are listed: with none, a push takes no lock.
    count: AtomicUsize,
    /// The last one has slept for the shortest time.
    listed: Mutex<Vec<usize>>,
    parkers: Box<[Parker]>,
}

impl Sleepers {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            count: AtomicUsize::new(0),
            listed: Mutex::new(Vec::with_capacity(workers)),
            parkers: (0..workers).map(|_| Parker::default()).collect(),
        }
    }

    /// Whether a worker sleeps, or may be about to (D1).
    #[inline]
    pub(crate) fn any(&self) -> bool {
        // ORDERING[sched-sleep]: SeqCst fence; the race is the push before us against a worker that lists itself:
        // pairs with the fence of `go_idle`.
        fence(Ordering::SeqCst);
        // ORDERING: Relaxed; ordered by the fence.
        self.count.load(Ordering::Relaxed) != 0
    }

    /// Wakes the one that has slept for the shortest time, if `takes` returns true for it. That is called under the
    /// lock (D3).
    pub(crate) fn wake_one(&self, takes: impl FnOnce(usize) -> bool) {
        let mut listed = self.lock();
        if let Some(&worker) = listed.last()
            && takes(worker)
        {
            listed.pop();
            self.set_count(&listed);
            drop(listed);
            self.parkers[worker].unpark();
        }
    }

    /// Wakes all.
    pub(crate) fn wake_all(&self) {
        let mut listed = self.lock();
        let woken = std::mem::take(&mut *listed);
        self.set_count(&listed);
        drop(listed);
        woken.into_iter().for_each(|worker| self.parkers[worker].unpark());
    }

    /// Wakes this one if it sleeps. If it does not, its next park returns at once.
    pub(crate) fn wake(&self, worker: usize) {
        self.parkers[worker].unpark();
    }

    /// A worker has found nothing. It must look once more before it parks (D2).
    pub(crate) fn go_idle(&self, worker: usize) {
        let mut listed = self.lock();
        listed.push(worker);
        self.set_count(&listed);
        drop(listed);
        // ORDERING[sched-sleep]: SeqCst fence; the race is our listing against a push: pairs with the fence of `any`.
        fence(Ordering::SeqCst);
    }

    /// The worker is awake again.
    pub(crate) fn come_back(&self, worker: usize) {
        let mut listed = self.lock();
        listed.retain(|&other| other != worker);
        self.set_count(&listed);
    }

    /// The parker of a worker.
    pub(crate) fn parker(&self, worker: usize) -> &Parker {
        &self.parkers[worker]
    }

    /// How many unparks have made a system call.
    pub(crate) fn unparks(&self) -> u64 {
        self.parkers.iter().map(Parker::unparks).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<usize>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_count(&self, listed: &MutexGuard<'_, Vec<usize>>) {
        // ORDERING: Relaxed; written under the lock, and the fences of `any` and `go_idle` order it with the queues.
        self.count.store(listed.len(), Ordering::Relaxed);
    }
}
