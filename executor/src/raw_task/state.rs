//! The task's word: every state a task can be in, and every transition between them.
//!
//! Without this word two wakes could queue a task twice, two threads could poll its future at once, and a
//! wake during a poll could be lost. A lock around the task would prevent that too, but each wake would
//! then wait for the poll. So all of it is in one atomic word, the reference count included: a step that
//! changes both the state and the count is atomic.
//!
//! ```text
//!                    ┌──────────── wake ───────────┐
//!                    ▼                             │
//!   spawn ───▶    QUEUED ── start_poll ──▶ RUNNING ── finish_poll ──▶ idle (none of the three)
//!                    ▲                        │ │
//!                    └── woken while it ran ──┘ └── complete ──▶ COMPLETE
//!
//!   bit         set when                                          never set when
//!   QUEUED      one queue holds the task, or it was woken while RUNNING
//!   RUNNING     one thread may touch the future                   COMPLETE
//!   COMPLETE    the future is gone, the outcome is written        RUNNING
//!   CANCELLED   the future is to be dropped, not polled
//!   HANDLE      a JoinHandle exists that has not taken the outcome
//!   JOIN_WAKER  the join waker's slot holds a waker               no HANDLE
//!   LISTED      a poll has returned Pending: its pool keeps it in a list
//!   WOKEN       woken or cancelled since it last left the inbox; read only for a LOCAL task
//!   LOCAL       the owner state replaces QUEUED and RUNNING; never changes
//!   the rest    the reference count
//! ```
//!
//! Once COMPLETE is set, QUEUED, WOKEN and CANCELLED say nothing: a late wake or cancel sets them too.
//!
//! - [queued-once]  The thread that sets QUEUED on an idle task hands it to a queue, with one reference.
//! - [runner-only]  Only the thread that set RUNNING, the runner, touches the future.
//! - [outcome-owner]  The outcome belongs to the handle if HANDLE was set when COMPLETE was set, else to the
//!   runner, which has set COMPLETE.
//! - [join-slot]  The join waker's slot belongs to the handle while JOIN_WAKER is clear, and to the runner once it
//!   has set COMPLETE while JOIN_WAKER was set.
//! - [last-reference]  The last reference of an unfinished task is not dropped. It goes to a queue, so that the
//!   future is dropped where it is polled.
//! - [single-step]  A transition whose caller may have no counted reference (`cancel` by the scheduler's
//!   list, `wake_by_ref` by a poll's borrowed waker) is a single atomic step. Between two steps the last
//!   reference could be dropped, which would queue the task a second time.
//!
//! A LOCAL task keeps QUEUED and RUNNING in an owner state, which only its owner, the thread that spawned it, uses
//! (see `local`). In its word QUEUED means "in the owner's inbox", and RUNNING is never set. The owner needs no
//! counted reference to queue or run the task: meanwhile the count may be zero.
//!
//! There is no unsafe code here. Each method is one transition, and returns what its caller must do next.
//! Called by the other files of `raw_task`, by `local` and by `pool::task`. Next: `header`.

use reactor::shim::atomic::{AtomicUsize, Ordering};
use reactor::shim::fault;

const QUEUED: usize = 1;
const RUNNING: usize = 1 << 1;
const COMPLETE: usize = 1 << 2;
const CANCELLED: usize = 1 << 3;
const HANDLE: usize = 1 << 4;
const JOIN_WAKER: usize = 1 << 5;
const LISTED: usize = 1 << 6;
const LOCAL: usize = 1 << 7;
const WOKEN: usize = 1 << 8;
const REFERENCE: usize = 1 << 9;

/// If the word is larger than this the process aborts: the program leaks wakers in a loop.
const MAX_REFERENCES: usize = usize::MAX / 2;

/// The task's word.
pub(crate) struct State(AtomicUsize);

/// What the caller of a wake, a cancel or a dropped reference does next.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Nothing.
    Nothing,
    /// Hand the task to its scheduler, with one reference [queued-once].
    Schedule,
    /// The last reference is gone: free the allocation.
    Free,
}

/// What the thread that took a task from its queue does with it.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Poll the future.
    Poll,
    /// It was cancelled: drop the future and complete without a value.
    DropFuture,
}

/// What follows a poll that returned `Pending`.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The task waits for a wake. The runner's reference is gone.
    Idle,
    /// It was woken while it ran: back to the queue, with the runner's reference.
    Requeue,
    /// It was cancelled, or nothing is left that could wake it: drop the future.
    DropFuture,
}

/// What is left to do once the outcome is published.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Completed {
    /// There is no handle to take the outcome: drop it [outcome-owner].
    pub(crate) drop_outcome: bool,
    /// Take the join waker from its slot and wake it [join-slot].
    pub(crate) wake_joiner: bool,
}

impl Completed {
    /// Nothing is left to do.
    pub(crate) fn is_done(&self) -> bool {
        !self.drop_outcome && !self.wake_joiner
    }
}

/// What the owner of a local task learns when it takes the task out of its inbox.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Woken, or cancelled: run it, if it is not queued already.
    Woken,
    /// No other thread can reach it: drop the future, unless it is queued or running.
    Unreachable,
    /// It has completed, and there are other references.
    Nothing,
    /// It has completed, and this was the last reference: free it.
    Free,
}

/// What the owner of a local task sees in the word after a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The future is to be dropped.
    Cancelled,
    /// There is no reference: nothing can wake it any more.
    Unreachable,
    /// There is a waker, or the handle.
    Wanted,
}

/// What the handle finds when it asks for the outcome, or is dropped.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// The outcome is there, and belongs to the handle [outcome-owner].
    Complete,
    /// Not yet; the handle may write the slot [join-slot].
    Pending,
}

impl State {
    /// A pool's new task. It has two references: its queue's and its handle's.
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(QUEUED | HANDLE | (2 * REFERENCE)))
    }

    /// A new task that is in no queue. It has two references: one for the thread that will queue it, and its
    /// handle's.
    pub(crate) fn new_idle() -> Self {
        Self(AtomicUsize::new(HANDLE | (2 * REFERENCE)))
    }

    /// A new local task: its owner state says that it is queued. It has one reference, the handle's.
    pub(crate) fn new_local() -> Self {
        Self(AtomicUsize::new(LOCAL | HANDLE | REFERENCE))
    }

    /// Replaces the word by the one that `step` makes of it, atomically. Returns what `step` returned with
    /// it.
    #[inline]
    fn transition<A>(&self, ordering: Ordering, step: impl Fn(usize) -> (usize, A)) -> A {
        // ORDERING: Relaxed; the compare-exchange below decides.
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let (new, action) = step(old);
            // ORDERING: the caller's, on success.
            match self.0.compare_exchange_weak(old, new, ordering, Ordering::Relaxed) {
                Ok(_) => return action,
                Err(seen) => old = seen,
            }
        }
    }

    /// Wakes without giving up a reference.
    #[inline]
    pub(crate) fn wake_by_ref(&self) -> Action {
        self.queue(QUEUED | WOKEN)
    }

    /// Requests that the future be dropped. Only a runner drops it [runner-only].
    pub(crate) fn cancel(&self) -> Action {
        self.queue(QUEUED | WOKEN | CANCELLED)
    }

    /// Sets bits, QUEUED among them. An idle task gets the queue's reference in the same step [single-step].
    ///
    /// It writes even if all of them are set already: the write makes what the caller did before visible
    /// to the next poll.
    #[inline]
    fn queue(&self, bits: usize) -> Action {
        // ORDERING[task-wake]: Release publishes what the caller did before; pairs with the Acquire of
        // `start_poll` and of `finish_poll`. The thread that queues the task reads nothing that a runner
        // wrote: no Acquire.
        let action = self.transition(Ordering::Release, |old| {
            let idle = old & (QUEUED | RUNNING | COMPLETE) == 0 || fault("queued_twice");
            let counted = if idle && !fault("counted_late") { old + REFERENCE } else { old };
            (counted | bits, if idle { Action::Schedule } else { Action::Nothing })
        });
        if fault("counted_late") && action == Action::Schedule {
            self.add_reference();
        }
        action
    }

    /// Wakes, and consumes the caller's reference: it goes to the queue, or is dropped.
    #[inline]
    pub(crate) fn wake(&self) -> Action {
        // ORDERING[task-wake]: Release, as in `queue`.
        let old = self.0.fetch_or(QUEUED | WOKEN, Ordering::Release);
        if old & (QUEUED | RUNNING | COMPLETE) != 0 {
            return self.drop_reference();
        }
        Action::Schedule
    }

    /// The thread that took the task from its queue becomes its runner.
    #[inline]
    pub(crate) fn start_poll(&self) -> Start {
        // ORDERING[task-wake]: Acquire; pairs with the Release of every wake since the last poll.
        // ORDERING[task-poll]: Acquire; pairs with the Release of `finish_poll`: the last runner's
        // writes to the future are seen by this one. The wakes between the two are read-modify-writes, so
        // they continue the release sequence.
        let old = self.0.fetch_xor(QUEUED | RUNNING, Ordering::Acquire);
        debug_assert_eq!(old & (QUEUED | RUNNING | COMPLETE), QUEUED, "[queued-once]: a queued task is run");
        if old & CANCELLED == 0 { Start::Poll } else { Start::DropFuture }
    }

    /// Whether the scheduler's list holds the task: since the first poll that returned `Pending`.
    #[inline]
    pub(crate) fn is_listed(&self) -> bool {
        // ORDERING: Relaxed; only the runner sets LISTED, and the runner asks.
        self.0.load(Ordering::Relaxed) & LISTED != 0
    }

    /// The runner has put the task into the scheduler's list.
    pub(crate) fn set_listed(&self) {
        // ORDERING: Relaxed; the list has a lock of its own, and only the runner reads the bit.
        self.0.fetch_or(LISTED, Ordering::Relaxed);
    }

    /// The poll returned `Pending`.
    #[inline]
    pub(crate) fn finish_poll(&self) -> Finish {
        // ORDERING[task-poll]: Release publishes the future to the next runner; pairs with the Acquire of
        // `start_poll`.
        // ORDERING[task-wake, task-free]: Acquire; pairs with the Release of `cancel` and of
        // `drop_reference`: the future's drop sees what was done before them.
        self.transition(Ordering::AcqRel, |old| {
            debug_assert_ne!(old & RUNNING, 0, "[runner-only]: only the runner finishes");
            if old & CANCELLED != 0 {
                (old & !QUEUED, Finish::DropFuture)
            } else if old & QUEUED != 0 && !fault("wake_while_running_lost") {
                (old & !RUNNING, Finish::Requeue)
            } else if old / REFERENCE == 1 && !fault("no_waker_left") {
                (old, Finish::DropFuture)
            } else {
                ((old & !RUNNING) - REFERENCE, Finish::Idle)
            }
        })
    }

    /// Publishes the outcome. If something is left to do, the runner still has a reference, which it drops
    /// afterwards. If not, the runner's reference is gone.
    pub(crate) fn complete(&self) -> Completed {
        // ORDERING[task-output]: Release publishes the outcome; pairs with the Acquire of `poll_join`,
        // `release_handle` and `drop_reference`.
        // ORDERING[join-waker]: Acquire; pairs with the Release of `store_waker`: the slot's waker is whole.
        self.transition(Ordering::AcqRel, |old| {
            debug_assert_eq!(old & COMPLETE, 0, "[runner-only]: a task completes once");
            let completed = Completed { drop_outcome: old & HANDLE == 0, wake_joiner: old & JOIN_WAKER != 0 };
            // If nothing is left to do, HANDLE is set, so the count does not reach zero here.
            let counted = match (old & LOCAL == 0, completed.is_done()) {
                (true, false) | (false, true) => old,
                (true, true) => old - REFERENCE,
                (false, false) => old + REFERENCE,
            };
            ((counted & !RUNNING) | COMPLETE, completed)
        })
    }

    /// The holder of a claim [claim] (see `header`) cancels the task: it is not polled again.
    pub(crate) fn cancel_claimed(&self) {
        // ORDERING: Relaxed; only the holder of the claim acts on it, and took the claim with Acquire.
        self.0.fetch_or(CANCELLED, Ordering::Relaxed);
    }

    /// Whether the future is to be dropped.
    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        // ORDERING[task-wake]: Acquire; pairs with the Release of `cancel`.
        self.0.load(Ordering::Acquire) & CANCELLED != 0
    }

    /// Whether a thread runs it.
    pub(crate) fn is_running(&self) -> bool {
        // ORDERING: Relaxed; the caller makes sure that no runner begins or ends meanwhile.
        self.0.load(Ordering::Relaxed) & RUNNING != 0
    }

    /// Whether the outcome is there.
    pub(crate) fn is_complete(&self) -> bool {
        // ORDERING[task-output]: Acquire; pairs with the Release of `complete`.
        self.0.load(Ordering::Acquire) & COMPLETE != 0
    }

    /// The handle asks for the outcome. If it is not there, the handle may write the slot [join-slot].
    pub(crate) fn poll_join(&self) -> Join {
        // ORDERING[task-output]: Acquire; pairs with the Release of `complete`.
        let mut seen = self.0.load(Ordering::Acquire);
        if seen & (COMPLETE | JOIN_WAKER) == JOIN_WAKER {
            // ORDERING[task-output]: Acquire, as above. For the slot Relaxed would do: the handle itself
            // wrote what it holds.
            seen = self.0.fetch_and(!JOIN_WAKER, Ordering::Acquire);
        }
        if seen & COMPLETE != 0 { Join::Complete } else { Join::Pending }
    }

    /// The handle has written the slot. `Complete`: it was too late, and the slot still belongs to the
    /// handle.
    pub(crate) fn store_waker(&self) -> Join {
        // ORDERING[join-waker]: Release publishes the slot; pairs with the Acquire of `complete`.
        // ORDERING[task-output]: Acquire; pairs with the Release of `complete`.
        let old = self.0.fetch_or(JOIN_WAKER, Ordering::AcqRel);
        if old & COMPLETE != 0 && !fault("late_waker_waits") { Join::Complete } else { Join::Pending }
    }

    /// The handle has taken the outcome.
    pub(crate) fn outcome_taken(&self) {
        // ORDERING: Relaxed; only the handle reads HANDLE after COMPLETE.
        self.0.fetch_and(!HANDLE, Ordering::Relaxed);
    }

    /// Whether the handle has taken the outcome already.
    pub(crate) fn is_outcome_taken(&self) -> bool {
        // ORDERING: Relaxed; the handle reads its own write.
        self.0.load(Ordering::Relaxed) & HANDLE == 0
    }

    /// The handle is dropped. `Complete`: it has to drop the outcome. `Pending`: it has to empty the slot.
    pub(crate) fn release_handle(&self) -> Join {
        // ORDERING[task-output]: Acquire; pairs with the Release of `complete`. The slot stays the
        // handle's [join-slot], so there is nothing to publish.
        let old = self.0.fetch_and(!(HANDLE | JOIN_WAKER), Ordering::Acquire);
        if old & COMPLETE != 0 { Join::Complete } else { Join::Pending }
    }

    /// Adds a reference. The caller has a claim already, though not always a counted one (`waker`).
    #[inline]
    pub(crate) fn add_reference(&self) {
        // ORDERING: Relaxed; the caller's own claim keeps the task, and counting publishes nothing.
        let old = self.0.fetch_add(REFERENCE, Ordering::Relaxed);
        if old > MAX_REFERENCES {
            // As `Arc` does: an overflow would free a task that is in use.
            std::process::abort();
        }
    }

    /// Drops a reference. The last one of an unfinished task goes to a queue instead [last-reference].
    #[inline]
    pub(crate) fn drop_reference(&self) -> Action {
        // ORDERING[task-free]: Release orders this owner's last use before the free; Acquire, in the last
        // owner, sees the uses of all the others.
        self.transition(Ordering::AcqRel, |old| {
            let last = old / REFERENCE == 1;
            // A LOCAL task may be queued by its owner, uncounted, so the owner decides. In a pool the
            // queue and the runner are counted: the task is idle, and nothing can wake it.
            let unreachable = if old & LOCAL != 0 { QUEUED } else { QUEUED | CANCELLED };
            match (last, old & COMPLETE != 0) {
                (true, false) if !fault("unfinished_freed") => (old | unreachable, Action::Schedule),
                (true, _) => (old - REFERENCE, Action::Free),
                (false, _) => (old - REFERENCE, Action::Nothing),
            }
        })
    }

    /// The owner of a local task takes it out of the inbox. This clears the inbox's bits and drops its
    /// reference.
    pub(crate) fn leave_inbox(&self) -> Arrival {
        // ORDERING[task-wake]: Acquire; pairs with the Release of the other thread's wake.
        // ORDERING[task-free]: Acquire; pairs with the Release in `drop_reference`. Release, since the
        // task may be complete: our reads of it are ordered before another thread's free. Survives without
        // Release: loom does not see that an atomic's own memory is freed.
        self.transition(Ordering::AcqRel, |old| {
            debug_assert_ne!(old & QUEUED, 0, "[queued-once]: what is in the inbox is QUEUED");
            let arrival = match (old & COMPLETE != 0, old / REFERENCE == 1) {
                (true, true) => Arrival::Free,
                (true, false) => Arrival::Nothing,
                (false, true) if old & WOKEN == 0 => Arrival::Unreachable,
                (false, _) => Arrival::Woken,
            };
            ((old - REFERENCE) & !(QUEUED | WOKEN), arrival)
        })
    }

    /// What the owner of a local task reads in the word. The owner's own claim is not counted in it.
    #[inline]
    pub(crate) fn seen_by_owner(&self) -> Seen {
        // ORDERING[task-wake]: Acquire; pairs with the Release of `cancel`. For the count Relaxed would
        // do: only the owner's `leave_inbox`, an Acquire, makes it zero.
        let word = self.0.load(Ordering::Acquire);
        match (word & CANCELLED != 0, word / REFERENCE == 0) {
            (true, _) => Seen::Cancelled,
            (false, true) => Seen::Unreachable,
            (false, false) => Seen::Wanted,
        }
    }
}

pub(crate) mod look;

#[cfg(all(test, not(loom)))]
mod picture;
