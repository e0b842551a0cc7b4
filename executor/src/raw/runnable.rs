//! Running a task: from the queue's claim to the next one, or to the outcome.
//!
//!   take from the queue ──▶ start ──▶ poll ──Pending──▶ finish ──▶ idle, or back to the queue
//!                             │         │ Ready, panic
//!                             └─────────┴──▶ drop the future, publish the outcome, wake the joiner
//!
//! R1  A panic ends the task, never the thread: of a poll it is the outcome; of a destructor it is
//!     contained.
//! R2  After `finish` said Idle nothing of the task is touched: another thread may run it already.
//! R3  The future is dropped before the outcome is published: who sees the one can rely on the other.
//!
//! Called by the pool's workers, by `local`, and by threads for blocking calls. Next: `join_handle`.
#![allow(unsafe_code, reason = "the queue's claim is a pointer to the task")]

use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use super::cell::{self, Failure, Header, Name, Outcome, Schedule, TaskCell};
use super::state::{Finish, Start};
use super::waker;
use crate::context::{self, TaskId};
use crate::metrics;

/// A task that is in a queue: the queue's claim on it.
///
/// Dropped without being run, it cancels the task and drops its future here.
pub(crate) struct Runnable(NonNull<Header>);

// SAFETY: T1: there is one claim of a queue's, and it moves with this value. A local task's claim
// leaves its thread never (`local` keeps that), except in the inbox, where it is only counted.
unsafe impl Send for Runnable {}

impl Runnable {
    /// The claim of whoever made the task QUEUED.
    #[inline]
    pub(crate) fn from_raw(task: NonNull<Header>) -> Self {
        Self(task)
    }

    /// Gives the claim up to a place that stores pointers.
    #[inline]
    pub(crate) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    /// What every task has.
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: C1: the queue's claim.
        unsafe { self.0.as_ref() }
    }

    /// Polls the task once, or drops its future if it was cancelled.
    #[inline]
    pub(crate) fn run(self) {
        let task = self.into_raw();
        // SAFETY: C1: the queue's claim, which `run` takes over.
        let vtable = unsafe { task.as_ref() }.vtable;
        // SAFETY: C4; T1: we hold the queue's claim, and give it up.
        unsafe { (vtable.run)(task) }
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // What is left to do for a cancelled task is to run it: that drops the future.
        self.header().state.cancel_claimed();
        Self(self.0).run();
    }
}

/// Runs a task of these types, in the name of the queue's claim.
///
/// # Safety
///
/// The caller gives up the queue's claim (T1), and the types are the task's (C4).
pub(super) unsafe fn run<F, S, N>(task: NonNull<Header>)
where
    F: Future,
    S: Schedule,
    N: Name,
{
    // SAFETY: C1: the queue's claim; C4: the caller's.
    let cell = unsafe { TaskCell::<F, S, N>::of(task) };
    let scheduler = &cell.placed().scheduler;
    let header = cell.placed().header();

    if scheduler.start(header) == Start::DropFuture {
        return complete(cell, task, Err(Failure(None)));
    }

    metrics::count(|counters| &counters.polls);
    let polled = {
        let waker = waker::borrowed::<S>(task);
        let waker: &Waker = &waker;
        let _polling = context::enter(S::polled(TaskId::of(task)));
        catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: T2: `start` made us the runner; C2: the task is not complete.
            unsafe { cell.poll_future(&mut Context::from_waker(waker)) }
        }))
    };

    match polled {
        Ok(Poll::Pending) => match scheduler.finish(header) {
            Finish::Idle => {} // R2
            Finish::Requeue => scheduler.requeue(Runnable::from_raw(task)),
            Finish::DropFuture => complete(cell, task, Err(Failure(None))),
        },
        Ok(Poll::Ready(value)) => {
            if S::KEEPS_LATE_VALUE || !header.state.is_cancelled() {
                complete(cell, task, Ok(value));
            } else {
                contain(|| drop(value));
                complete(cell, task, Err(Failure(None)));
            }
        }
        Err(panic) => complete(cell, task, Err(Failure(Some(Box::new(panic))))),
    }
}

/// Drops the future, publishes the outcome, and does what is left to do.
fn complete<F, S, N>(cell: &TaskCell<F, S, N>, task: NonNull<Header>, outcome: Outcome<F::Output>)
where
    F: Future,
    S: Schedule,
    N: Name,
{
    let header = cell.placed().header();
    // SAFETY: T2: we are the runner; C2: the task is not complete, so the future is there.
    contain(|| unsafe { cell.drop_future() });
    cell.placed().scheduler.retire(header);
    // SAFETY: T2: we are the runner, and the future was dropped in the line above (R3).
    unsafe { cell.write_outcome(outcome) };

    let left = header.state.complete();
    if left.is_done() {
        return; // R2: the runner's reference is gone.
    }
    if left.wake_joiner {
        // SAFETY: T4: COMPLETE was set over JOIN_WAKER, the slot is ours.
        let waker = header.join_waker.with_mut(|slot| unsafe { (*slot).take() });
        if let Some(waker) = waker {
            contain(|| waker.wake());
        }
    }
    if left.drop_outcome {
        // SAFETY: C4; T3: there was no HANDLE at COMPLETE, the outcome is ours.
        contain(|| unsafe { (header.vtable.drop_outcome)(task) });
    }
    cell::drop_reference(task);
}

/// Runs foreign code that must not take this thread with it (R1).
pub(crate) fn contain(foreign: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(foreign)) {
        // A payload's destructor is foreign code too. What panics twice is left where it is.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
    }
}
