//! What the owner of a local task knows of it: a plain value, since no other thread uses it.
//!
//! If this state were in the word that all threads share, each wake would be an atomic operation. Most
//! wakes of a local task come from its own thread.
//!
//! ```text
//!              ┌────────── wake: Queue ───────────┐
//!              ▼                                  │
//!   new ──▶ Queued ──start──▶ Running ──finish──▶ Idle
//!              ▲                 │
//!              │            wake: Nothing       retire: from Running or Again ──▶ Done
//!              │                 ▼
//!              └──── finish ── Again
//! ```
//!
//! - O1  A task is in its thread's queue exactly while it is Queued.
//!
//! Called by `local`. Next: `local`.

use crate::raw_task::state::{Finish, Seen};

/// A local task's state, as its owner keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnerState {
    Idle,
    Queued,
    Running,
    /// Woken while it ran.
    Again,
    /// The future is gone.
    Done,
}

/// What the caller of a wake does next.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// Put the task into the queue (O1).
    Queue,
    Nothing,
}

impl OwnerState {
    /// A new task, which is put into its thread's queue (O1).
    pub(super) fn new() -> Self {
        Self::Queued
    }

    /// The task is woken, on its own thread.
    pub(super) fn wake(self) -> (Self, Wake) {
        match self {
            Self::Idle => (Self::Queued, Wake::Queue),
            Self::Running => (Self::Again, Wake::Nothing),
            Self::Queued | Self::Again | Self::Done => (self, Wake::Nothing),
        }
    }

    /// The task comes out of the queue, to be polled.
    pub(super) fn start(self) -> Self {
        debug_assert_eq!(self, Self::Queued, "O1");
        Self::Running
    }

    /// The poll returned `Pending`; `seen` is what the shared word says.
    pub(super) fn finish(self, seen: Seen) -> (Self, Finish) {
        match (self, seen) {
            (_, Seen::Cancelled) => (self, Finish::DropFuture),
            (Self::Again, _) => (Self::Queued, Finish::Requeue),
            (_, Seen::Unreachable) => (self, Finish::DropFuture),
            (_, Seen::Wanted) => (Self::Idle, Finish::Idle),
        }
    }

    /// The run has dropped the future: later wakes find nothing to queue.
    pub(super) fn retire(self) -> Self {
        debug_assert!(matches!(self, Self::Running | Self::Again), "only a run drops the future");
        Self::Done
    }

    /// Whether the task is in no queue, does not run, and has its future.
    pub(super) fn is_idle(self) -> bool {
        self == Self::Idle
    }
}

#[cfg(test)]
mod tests {
    use super::OwnerState::{Again, Done, Idle, Queued, Running};
    use super::*;

    #[test]
    fn a_wake_queues_an_idle_task_and_is_remembered_while_it_runs() {
        let after = [Idle, Queued, Running, Again, Done].map(OwnerState::wake);
        let nothing = Wake::Nothing;
        assert_eq!(after[0], (Queued, Wake::Queue));
        assert_eq!(after[1], (Queued, Wake::Nothing));
        assert_eq!(after[2], (Again, Wake::Nothing));
        assert_eq!(after[3], (Again, Wake::Nothing));
        assert_eq!(after[4], (Done, nothing));
    }

    #[test]
    fn a_poll_ends_in_the_queue_idle_or_with_the_future_dropped() {
        for (state, seen, end) in [
            (Running, Seen::Wanted, (Idle, Finish::Idle)),
            (Again, Seen::Wanted, (Queued, Finish::Requeue)),
            (Running, Seen::Unreachable, (Running, Finish::DropFuture)),
            // The wake comes first: the next poll may make the task reachable again.
            (Again, Seen::Unreachable, (Queued, Finish::Requeue)),
            (Running, Seen::Cancelled, (Running, Finish::DropFuture)),
            (Again, Seen::Cancelled, (Again, Finish::DropFuture)),
        ] {
            assert_eq!(state.finish(seen), end, "{state:?}");
        }
        assert_eq!(OwnerState::new().start(), Running);
    }

    #[test]
    fn a_run_ends_with_the_future_dropped_and_only_idle_is_idle() {
        assert_eq!([Running, Again].map(OwnerState::retire), [Done, Done]);
        let idle = [Idle, Queued, Running, Again, Done].map(OwnerState::is_idle);
        assert_eq!(idle, [true, false, false, false, false]);
    }
}
