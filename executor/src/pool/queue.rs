//! A worker's queues: the next-task slot and the deque, and how others steal from them.
//!
//! With a deque alone, a task that has just been woken would wait behind all the others, and what it needs
//! would have left the cache. If each push woke another worker, two tasks that wake each other would cost
//! a system call per message. So the woken task goes into a slot, which other workers do not steal from.
//!
//! ```text
//!   woken here ──▶ slot ──displaced──▶ deque ──▶ run          others: steal half of the deque
//!                   └──────────────────────────▶ run first
//! ```
//!
//! - [slot-first]  The slot's task runs next: a task that was just woken finds its data in the cache. After
//!   [`SLOT_RUNS`] in a row the deque has its turn, so two tasks that wake each other starve no other task.
//! - [slot-is-quiet]  A push to the slot wakes no other worker, since the slot's worker takes the task soon. If that
//!   worker is in a long poll, the monitor takes the task out (`rescue`), and then, one at a time, the
//!   tasks in the deque, which the other workers may be too busy to steal.
//! - [deque-push-notifies]  A task in the deque may be stolen at any time, so a push there wakes a worker. The
//!   exception is a task that has yielded and is alone in the deque: its own worker is about to take it.
//!   If a long poll comes in between, the monitor wakes another worker.
//!
//! Called by `worker`. Next: `sleep`.

use reactor::shim::atomic::{AtomicPtr, AtomicU32, Ordering};
use reactor::shim::fault;
use std::ptr::{self, NonNull};

use super::deque::{Deque, Injector, Steal, Stealer};
use crate::raw_task::header::{Header, Runnable};

/// How many times in a row the slot comes before the deque.
pub(super) const SLOT_RUNS: u32 = 3;

/// What other threads may use of a worker's queues.
pub(super) struct Remote {
    slot: Slot,
    stealer: Stealer<Runnable>,
    /// Counts the rounds of the worker's loop. The monitor compares it.
    round: AtomicU32,
    /// The round at the monitor's last look.
    monitored_round: AtomicU32,
}

/// The end of the deque that only the worker uses.
pub(super) struct Owned {
    deque: Deque<Runnable>,
}

/// Makes a worker's queues: what only the worker uses, and what other threads use.
pub(super) fn queues() -> (Owned, Remote) {
    let deque = Deque::new_fifo();
    let stealer = deque.stealer();
    let remote = Remote {
        slot: Slot(AtomicPtr::new(ptr::null_mut())),
        stealer,
        round: AtomicU32::new(0),
        monitored_round: AtomicU32::new(0),
    };
    (Owned { deque }, remote)
}

impl Owned {
    /// Pushes to the back of the deque. Returns whether the deque had tasks before.
    #[inline]
    pub(super) fn push(&self, task: Runnable) -> bool {
        let others = !self.deque.is_empty();
        self.deque.push(task);
        others
    }

    /// Pops from the front of the deque.
    #[inline]
    pub(super) fn pop(&self) -> Option<Runnable> {
        self.deque.pop()
    }

    /// Whether the deque has tasks.
    pub(super) fn has_work(&self) -> bool {
        !self.deque.is_empty()
    }

    /// Takes a batch from the injector: returns one task to run now, and puts the rest into the deque.
    pub(super) fn take_from(&self, injector: &Injector<Runnable>) -> Option<Runnable> {
        if injector.is_empty() {
            return None;
        }
        until_decided(|| injector.steal_batch_and_pop(&self.deque))
    }

    /// Steals half of another worker's deque: returns one task to run now, and puts the rest into this deque.
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

    /// Whether there is a task in the deque or, if `slot` is set, in the slot.
    pub(super) fn has_work(&self, slot: bool) -> bool {
        !self.stealer.is_empty() || slot && self.slot.is_full()
    }

    /// The owner begins a round of its loop. Returns the number of rounds, this one included.
    #[inline]
    pub(super) fn count_round(&self) -> u32 {
        // ORDERING: Relaxed; only the owner writes, and the monitor only compares two values.
        let round = self.round.load(Ordering::Relaxed).wrapping_add(1);
        self.round.store(round, Ordering::Relaxed);
        round
    }

    /// Called by the monitor: takes the next task, if the worker has begun no round since the last call
    /// [slot-is-quiet].
    pub(super) fn rescue(&self) -> Option<Runnable> {
        // ORDERING: Relaxed; a wrong guess only moves a task to another worker.
        let round = self.round.load(Ordering::Relaxed);
        let stuck =
            self.monitored_round.swap(round, Ordering::Relaxed) == round && !fault("left_in_the_slot");
        stuck.then(|| self.slot.take().or_else(|| until_decided(|| self.stealer.steal()))).flatten()
    }
}

/// Holds at most one task, with the queue's claim on it [slot-first].
struct Slot(AtomicPtr<Header>);

impl Slot {
    #[inline]
    fn take(&self) -> Option<Runnable> {
        if self.is_full() { self.swap(ptr::null_mut()) } else { None }
    }

    #[inline]
    fn is_full(&self) -> bool {
        // ORDERING: Relaxed; it saves the swap if the slot is empty. The owner sees its own writes. The monitor
        // looks again, and so do the workers of a closed pool before it is over, under the lock of `end`.
        !self.0.load(Ordering::Relaxed).is_null()
    }

    #[inline]
    fn swap(&self, task: *mut Header) -> Option<Runnable> {
        // ORDERING[slot]: Release publishes the task that is put there; Acquire, in the thread that takes it
        // out, pairs with it. The task's own word orders its future.
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
