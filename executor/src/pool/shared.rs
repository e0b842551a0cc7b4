//! What a pool's workers share, and how the pool is closed.
//!
//! A task that waits is in no queue, so a pool that only emptied its queues would leak every task that
//! waits for a socket. The lists here have those tasks. One list with one lock would be simpler, but all
//! workers would contend for it, so there are several, chosen by a task's address.
//!
//! - [closed-under-lock]  A task is added to its list under the list's lock, and `close` walks the list under the
//!   same lock. A task that is added after the walk finds the pool closed. So in a closed pool every listed task
//!   is cancelled.
//!
//! Called by `worker`, `task` and `mod`. Next: `worker`.

use std::ptr::NonNull;
use std::sync::Arc;

use crossbeam_utils::CachePadded;
use reactor::record::{Kind, note};
use reactor::shim::atomic::{AtomicBool, Ordering, fence};
use reactor::shim::{Mutex, OnceLock, fault, lock};

use super::deque::Injector;
use super::end::End;
use super::queue::Remote;
use super::sleep::Sleep;
use crate::driver::parker::Parker;
use crate::driver::rescue::Rescue;
use crate::raw_task::header::{Header, Runnable};
use crate::raw_task::list::TaskList;

/// The number of lists. A model has one, since each of its runs must take the same path.
const SHARDS: usize = if cfg!(loom) { 1 } else { 16 };

/// What the workers, the tasks that wait, and the pool's owner share.
pub(crate) struct Shared {
    pub(super) injector: Injector<Runnable>,
    /// A worker writes to its own in each round: two of them in one cache line would slow each other down.
    pub(super) remotes: Box<[CachePadded<Remote>]>,
    pub(super) parkers: Box<[OnceLock<Arc<Parker>>]>,
    pub(super) sleep: Sleep,
    pub(super) waiting: [CachePadded<Mutex<TaskList>>; SHARDS],
    closed: AtomicBool,
    pub(super) end: End,
}

impl Shared {
    pub(super) fn new(remotes: Vec<Remote>) -> Self {
        let workers = remotes.len();
        Self {
            injector: Injector::new(),
            remotes: remotes.into_iter().map(CachePadded::new).collect(),
            parkers: (0..workers).map(|_| OnceLock::new()).collect(),
            sleep: Sleep::new(workers),
            waiting: std::array::from_fn(|_| CachePadded::new(Mutex::new(TaskList::new()))),
            closed: AtomicBool::new(false),
            end: End::new(workers),
        }
    }

    /// Stores the parker of a worker.
    pub(super) fn set_parker(&self, worker: usize, parker: &Arc<Parker>) {
        let _ = self.parkers[worker].set(Arc::clone(parker));
    }

    /// Work was pushed: wakes a worker, if one is needed.
    #[inline]
    pub(super) fn wake_one(&self) {
        let parker = |worker: usize| self.parkers[worker].get();
        let cheap = |worker| parker(worker).is_some_and(|parker| parker.is_parked());
        if let Some(worker) = self.sleep.worker_to_notify(cheap)
            && let Some(parker) = parker(worker)
        {
            parker.unpark();
        }
    }

    /// Pushes to the injector. The caller holds an `Arc` of the pool [pusher-owns-pool].
    pub(super) fn inject(&self, task: Runnable) {
        self.injector.push(task);
        self.wake_one();
    }

    /// Whether there is a task in the injector, in a deque, or, if `slots` is set, in a slot.
    pub(super) fn has_work(&self, slots: bool) -> bool {
        !self.injector.is_empty() || self.remotes.iter().any(|remote| remote.has_work(slots))
    }

    pub(super) fn is_closed(&self) -> bool {
        // ORDERING: Relaxed; the workers are unparked after it is set, and then see it.
        self.closed.load(Ordering::Relaxed)
    }

    /// Calls `with` with the list that this task belongs to, locked.
    pub(super) fn task_list<R>(&self, task: NonNull<Header>, with: impl FnOnce(&mut TaskList) -> R) -> R {
        let shard = &self.waiting[(task.addr().get() >> 6) % SHARDS];
        with(&mut lock(shard))
    }

    /// Cancels every task that waits, and wakes the workers. If the caller is one of them it does not
    /// count as busy until it calls `begin_work`: the others end without it [pool-is-over].
    pub(super) fn close(&self, on_a_worker: bool) {
        // ORDERING: Relaxed; the lists' locks publish it to the tasks [closed-under-lock], `unpark` to the
        // workers.
        self.closed.store(!fault("end_unsaid"), Ordering::Relaxed);
        // ORDERING[pool-sleep]: SeqCst fence; the race is our closing against a worker that has just started.
        // Either we see its parker, or its last look sees that the pool is closed; pairs with `go_idle`.
        fence(Ordering::SeqCst);
        let mut cancelled = Vec::new();
        for shard in &self.waiting {
            cancelled.extend(lock(shard).cancel());
        }
        cancelled.into_iter().for_each(|task| self.inject(task));
        self.end.handed_out();
        if on_a_worker {
            self.end_work();
        }
        self.unpark_all();
    }

    fn unpark_all(&self) {
        self.parkers.iter().filter_map(OnceLock::get).for_each(|parker| parker.unpark());
    }

    /// A worker of a closed pool finds no task. Returns whether the pool is over [pool-is-over].
    pub(super) fn end_work(&self) -> bool {
        self.end.end_work(|| self.is_spent(), || self.unpark_all())
    }

    fn is_spent(&self) -> bool {
        !self.has_work(true)
            && (self.waiting.iter().all(|list| lock(list).all_run()) || fault("over_while_one_is_woken"))
    }
}

impl Rescue for Shared {
    fn rescue(&self) {
        // The pool must not be over while a task moves from a slot to the injector [pool-is-over].
        let _held = self.end.hold();
        for task in self.remotes.iter().filter_map(|remote| remote.rescue()) {
            note(Kind::Rescue, 0, task.number());
            self.inject(task);
        }
        if self.has_work(false) {
            self.wake_one();
        }
    }
}
