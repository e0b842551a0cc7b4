//! What a pool's workers share, and how the pool is closed.
//!
//! P3  Closing cancels what is in the lists; the workers drop what is in the queues. After the last
//!     worker has ended, whoever pushes empties the injector itself.
//! P4  A task comes into its list, and `close` walks it, under the list's lock: a task that comes later
//!     sees that the pool is closed.
//!
//! P1 and P2 are in `task`. Called by `worker`, `task` and `mod`. Next: `worker`.

use std::ptr::NonNull;
use std::sync::Arc;

use crossbeam_utils::CachePadded;
use reactor::shim::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use reactor::shim::{Mutex, OnceLock, lock, mutant};

use super::deque::{Injector, Steal};
use super::queue::Remote;
use super::sleep::Sleep;
use crate::parker::Parker;
use crate::raw::header::{Header, Runnable};
use crate::raw::list::List;
use crate::seat::Watched;

/// The lists of waiting tasks are split by address, so that workers seldom meet at a lock.
/// A model has one, for it must go the same way each time.
const SHARDS: usize = if cfg!(loom) { 1 } else { 16 };

/// What the workers, the tasks that wait, and the pool's owner share.
pub(super) struct Shared {
    pub(super) injector: Injector<Runnable>,
    pub(super) remotes: Box<[Remote]>,
    parkers: Box<[OnceLock<Arc<Parker>>]>,
    pub(super) sleep: Sleep,
    waiting: [CachePadded<Mutex<List>>; SHARDS],
    closed: AtomicBool,
    /// Workers that have not ended.
    running: AtomicUsize,
    /// No worker is left (P3).
    ended: AtomicBool,
}

impl Shared {
    pub(super) fn new(remotes: Vec<Remote>) -> Self {
        let workers = remotes.len();
        Self {
            injector: Injector::new(),
            remotes: remotes.into_boxed_slice(),
            parkers: (0..workers).map(|_| OnceLock::new()).collect(),
            sleep: Sleep::new(workers),
            waiting: std::array::from_fn(|_| CachePadded::new(Mutex::new(List::new()))),
            closed: AtomicBool::new(false),
            running: AtomicUsize::new(workers),
            ended: AtomicBool::new(false),
        }
    }

    /// A worker says whom to unpark.
    pub(super) fn introduce(&self, worker: usize, parker: &Arc<Parker>) {
        let _ = self.parkers[worker].set(Arc::clone(parker));
    }

    /// Work was pushed: wakes a worker, if one is needed.
    #[inline]
    pub(super) fn wake_one(&self) {
        let parker = |worker: usize| self.parkers[worker].get();
        let cheap = |worker| parker(worker).is_some_and(|parker| parker.is_parked());
        if let Some(worker) = self.sleep.someone_needed(cheap)
            && let Some(parker) = parker(worker)
        {
            parker.unpark();
        }
    }

    /// Pushes from outside. The caller holds a share of the pool (P2).
    pub(super) fn inject(&self, task: Runnable) {
        self.injector.push(task);
        self.wake_one();
        // ORDERING[pool-end]: SeqCst fence (in `wake_one`); the race is this push against the last
        // worker's end: one of the two empties the injector; pairs with `worker_ended`.
        // ORDERING: Relaxed; ordered by the fence.
        if self.ended.load(Ordering::Relaxed) {
            self.drop_injected();
        }
    }

    /// Whether there is something to take: in the injector or in a deque.
    pub(super) fn has_work(&self) -> bool {
        !self.injector.is_empty() || self.remotes.iter().any(Remote::has_work)
    }

    pub(super) fn is_closed(&self) -> bool {
        // ORDERING: Relaxed; the workers are unparked after it is set, and then see it.
        self.closed.load(Ordering::Relaxed)
    }

    /// The list that has this task, or shall have it.
    pub(super) fn list<R>(&self, task: NonNull<Header>, with: impl FnOnce(&mut List) -> R) -> R {
        let shard = &self.waiting[(task.addr().get() >> 6) % SHARDS];
        with(&mut lock(shard))
    }

    /// Cancels every task that waits, and tells the workers (P3).
    pub(super) fn close(&self) {
        // ORDERING: Relaxed; for the lists their locks publish it (P4), for the workers `unpark`.
        self.closed.store(!mutant("end_unsaid"), Ordering::Relaxed);
        // ORDERING[pool-sleep]: SeqCst fence; the race is our closing against a worker that has just come.
        // Either we see its doorbell, or its last look sees that the pool is closed; pairs with `list`.
        fence(Ordering::SeqCst);
        let mut cancelled = Vec::new();
        for shard in &self.waiting {
            cancelled.extend(lock(shard).cancel());
        }
        // Only now that every list has been walked: what their drops spawn comes later (P4).
        cancelled.into_iter().for_each(|task| self.inject(task));
        self.parkers.iter().filter_map(OnceLock::get).for_each(|parker| parker.unpark());
    }

    /// A worker has ended; the last one empties what came late.
    pub(super) fn worker_ended(&self) {
        // ORDERING: Relaxed; a worker's last pushes to the injector were `inject`'s, behind a fence.
        if self.running.fetch_sub(1, Ordering::Relaxed) > 1 {
            return;
        }
        // ORDERING: Relaxed; the fence orders it.
        self.ended.store(true, Ordering::Relaxed);
        // ORDERING[pool-end]: SeqCst fence; pairs with the one in `inject`.
        fence(Ordering::SeqCst);
        self.drop_injected();
    }

    fn drop_injected(&self) {
        loop {
            match self.injector.steal() {
                Steal::Success(task) => drop(task),
                Steal::Retry => std::hint::spin_loop(),
                Steal::Empty => return,
            }
        }
    }
}

impl Watched for Shared {
    fn rescue(&self) {
        for task in self.remotes.iter().filter_map(Remote::rescue) {
            self.inject(task);
        }
        if self.has_work() {
            self.wake_one();
        }
    }
}
