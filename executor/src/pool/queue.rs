//! A worker's queues: the next-task slot and the deque, and how others steal from them.
//!
//! ```text
//!   woken here ──▶ slot ──displaced──▶ deque ──▶ run          others: steal half of the deque
//!                   └──────────────────────────▶ run first
//! ```
//!
//! [slot-first]  The slot's task runs next: what a task has just woken finds its memory warm. After
//!     [`SLOT_RUNS`] in a row the deque has its turn, so two tasks that wake each other starve nobody.
//! [slot-is-quiet]  A task in the slot wakes no other worker, for its own will come to it soon. If it does not,
//!     because it is in a long poll, the watch takes the task out (`rescue`); and then, one at a time, those in
//!     the deque, for whom the others may be too busy to steal.
//! [deque-is-told]  What is in the deque may be stolen at any time: whoever pushes there wakes a worker. Only
//!     a task that gave way, alone in the deque, is not told: its own worker is about to take it. If a long
//!     poll comes in between, the watch wakes another.
//!
//! Called by `worker`. Next: `sleep`.

use reactor::shim::atomic::{AtomicPtr, AtomicU32, Ordering};
use reactor::shim::fault;
use std::ptr::{self, NonNull};

use super::deque::{Deque, Injector, Steal, Stealer};
use crate::raw_task::header::{Header, Runnable};

/// How often in a row the slot comes before the deque.
pub(super) const SLOT_RUNS: u32 = 3;

/// What other threads may use of a worker's queues.
pub(super) struct Remote {
    slot: Slot,
    stealer: Stealer<Runnable>,
    /// Counts the rounds of the worker's loop; the watch compares it.
    round: AtomicU32,
    /// The round at the watch's last look.
    watched_round: AtomicU32,
}

/// The worker's own ends.
pub(super) struct Owned {
    deque: Deque<Runnable>,
}

/// A worker's queues: the two ends.
pub(super) fn queues() -> (Owned, Remote) {
    let deque = Deque::new_fifo();
    let stealer = deque.stealer();
    let remote = Remote {
        slot: Slot(AtomicPtr::new(ptr::null_mut())),
        stealer,
        round: AtomicU32::new(0),
        watched_round: AtomicU32::new(0),
    };
    (Owned { deque }, remote)
}

impl Owned {
    /// To the back of the deque. Returns whether something was there before.
    #[inline]
    pub(super) fn push(&self, task: Runnable) -> bool {
        let others = !self.deque.is_empty();
        self.deque.push(task);
        others
    }

    /// From the front of the deque.
    #[inline]
    pub(super) fn pop(&self) -> Option<Runnable> {
        self.deque.pop()
    }

    /// Whether the deque has something to steal.
    pub(super) fn has_work(&self) -> bool {
        !self.deque.is_empty()
    }

    /// A batch from the injector: one to run now, the rest to the deque.
    pub(super) fn take_from(&self, injector: &Injector<Runnable>) -> Option<Runnable> {
        if injector.is_empty() {
            return None;
        }
        until_decided(|| injector.steal_batch_and_pop(&self.deque))
    }

    /// Half of another worker's deque: one to run now, the rest to the thief's own deque.
    pub(super) fn steal_from(&self, other: &Remote) -> Option<Runnable> {
        until_decided(|| other.stealer.steal_batch_and_pop(&self.deque))
    }
}

fn until_decided(steal: impl Fn() -> Steal<Runnable>) -> Option<Runnable> {
    loop {
        match steal() {
            Steal::Success(task) => return Some(task),
            Steal::Empty => return None,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}

impl Remote {
    /// The owner puts a task into the slot. Returns the one that was there.
    #[inline]
    pub(super) fn put_next(&self, task: Runnable) -> Option<Runnable> {
        self.slot.swap(task.into_raw().as_ptr())
    }

    /// Takes the task out of the slot.
    #[inline]
    pub(super) fn take_next(&self) -> Option<Runnable> {
        self.slot.take()
    }

    /// Whether there is something in the deque, or with `slot` in the slot.
    pub(super) fn has_work(&self, slot: bool) -> bool {
        !self.stealer.is_empty() || slot && self.slot.is_full()
    }

    /// The owner begins a round of its loop. Returns how many that were.
    #[inline]
    pub(super) fn count_round(&self) -> u32 {
        // ORDERING: Relaxed; only the owner writes, and the watch needs no more than a difference.
        let round = self.round.load(Ordering::Relaxed).wrapping_add(1);
        self.round.store(round, Ordering::Relaxed);
        round
    }

    /// For the watch: the next task, if the worker has polled nothing since the last look [slot-is-quiet].
    pub(super) fn rescue(&self) -> Option<Runnable> {
        // ORDERING: Relaxed; a wrong guess moves a task to another worker, no more.
        let round = self.round.load(Ordering::Relaxed);
        let stuck = self.watched_round.swap(round, Ordering::Relaxed) == round && !fault("left_in_the_slot");
        stuck.then(|| self.slot.take().or_else(|| until_decided(|| self.stealer.steal()))).flatten()
    }
}

/// A place for one claim [slot-first].
struct Slot(AtomicPtr<Header>);

impl Slot {
    #[inline]
    fn take(&self) -> Option<Runnable> {
        if self.is_full() { self.swap(ptr::null_mut()) } else { None }
    }

    #[inline]
    fn is_full(&self) -> bool {
        // ORDERING: Relaxed; a look that spares the swap. The owner sees its own writes; the watch
        // comes again.
        !self.0.load(Ordering::Relaxed).is_null()
    }

    #[inline]
    fn swap(&self, task: *mut Header) -> Option<Runnable> {
        // ORDERING[slot]: Release publishes the task that is put there; Acquire pairs with it, for the
        // one that takes it out. The task's own word orders its future.
        // ORDERING[slot]: the other end is this same swap on another thread.
        NonNull::new(self.0.swap(task, Ordering::AcqRel)).map(Runnable::from_raw)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(all(test, loom))]
mod model;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::raw_task::list::tests::task;

    #[test]
    fn only_what_stays_in_the_slot_between_two_looks_is_rescued() {
        let (_owned, remote) = queues();
        assert_eq!((remote.count_round(), remote.count_round()), (1, 2));
        assert!(remote.put_next(task()).is_none());
        assert!(remote.rescue().is_none(), "it has polled since the last look");
        remote.count_round();
        assert!(remote.rescue().is_none(), "and again");
        assert!(remote.rescue().is_some(), "it is stuck");
        assert!(remote.take_next().is_none(), "the task is gone");
    }

    #[test]
    fn both_ends_say_whether_there_is_work() {
        let (owned, remote) = queues();
        assert!(!owned.has_work() && !remote.has_work(true));
        assert!(!owned.push(task()), "nothing was there before");
        assert!(owned.push(task()), "something was");
        assert!(owned.has_work() && remote.has_work(false));
        assert!(owned.pop().is_some() && owned.pop().is_some());
        assert!(!owned.has_work() && !remote.has_work(true));
        assert!(remote.put_next(task()).is_none());
        assert!(remote.has_work(true) && !remote.has_work(false), "it is in the slot");
    }
}
