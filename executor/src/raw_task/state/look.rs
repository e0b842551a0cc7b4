//! A task's word, taken apart for a dump. Nothing is decided by it.
//!
//! A word is one atomic number, so what is read belongs together: a task that is idle, and of which the handle
//! has the only reference, has no waker anywhere at that moment.
//!
//! Called by `run`, for a recording, and by `trace::dump`. Next: `header`.

use std::task::Poll;
use std::thread;

use reactor::record;
use reactor::shim::atomic::Ordering;

use super::{CANCELLED, COMPLETE, HANDLE, JOIN_WAKER, LOCAL, QUEUED, REFERENCE, RUNNING, State};

/// A task's word at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look(usize);

impl State {
    /// Notes that the task's poll has ended, if it is pending, and how many wakers there are.
    #[inline]
    pub(crate) fn note_pending<T>(&self, task: usize, polled: &thread::Result<Poll<T>>) {
        let is_pending = matches!(polled, Ok(Poll::Pending));
        record::note_pending(is_pending, task, || self.look().wakers());
    }

    /// The word as it is now.
    pub(crate) fn look(&self) -> Look {
        // ORDERING: Relaxed; for people. Nothing else is read because of it.
        Look(self.0.load(Ordering::Relaxed))
    }
}

impl Look {
    /// How many wakers there are. An `AbortHandle` counts as one, and so does a handle that is just being dropped: the
    /// word does not tell them apart. `None` if the count is zero, since nothing is left that could wake the task; and
    /// sometimes for a task that is complete, in whose word a late wake has set QUEUED.
    pub(crate) fn wakers(self) -> Option<usize> {
        // A local task's queue and runner are not counted, but for its inbox, where QUEUED is set.
        let claimed = if self.0 & LOCAL != 0 { self.0 & QUEUED } else { self.0 & (QUEUED | RUNNING) };
        let others = usize::from(claimed != 0) + usize::from(self.has_handle());
        let references = self.0 / REFERENCE;
        (references > 0).then(|| references.checked_sub(others))?
    }

    /// Whether the task is neither queued nor polled, nor complete. Not for a local task, whose owner knows it.
    pub(crate) fn is_idle(self) -> bool {
        self.0 & (QUEUED | RUNNING | COMPLETE) == 0
    }

    /// Whether it is being polled. Not for a local task.
    pub(crate) fn is_running(self) -> bool {
        self.0 & RUNNING != 0
    }

    /// Whether it is to be dropped.
    pub(crate) fn is_cancelled(self) -> bool {
        self.0 & CANCELLED != 0
    }

    /// Whether its handle exists, and has not taken the outcome.
    pub(crate) fn has_handle(self) -> bool {
        self.0 & HANDLE != 0
    }

    /// Whether somebody awaits its handle, or has awaited it: a waiter that gives up leaves a waker in the slot.
    pub(crate) fn is_awaited(self) -> bool {
        self.0 & JOIN_WAKER != 0
    }
}
