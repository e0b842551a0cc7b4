//! What this thread is polling, in a thread-local.
//!
//! A `block_on` inside a poll would block the thread that has to run the other tasks, often for ever. A
//! `Context` has only a waker, so it cannot say whether the caller is in a poll, or in which task. This
//! thread-local does: a nested `block_on` panics, and `current` returns the task's id.
//!
//! `enter` sets it around each poll of a future, and around the future's drop, since a destructor may call
//! `block_on` or `current` too. `enter` also gives the poll its budget: the number of ready operations that it
//! may complete before it has to yield (see the reactor's `budget`).
//!
//! Called by `raw_task::run` and `block_on`. Next: `raw_task`.

use std::cell::Cell;

use reactor::budget;
use reactor::shim::{fault, thread_local};

use crate::task_id::TaskId;

/// What is being polled on a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// No future of this runtime.
    Nothing,
    /// The future of a `block_on`.
    Root,
    /// A task.
    Task(TaskId),
    /// A blocking call. It may block, and it may call `block_on`.
    Blocking(TaskId),
}

thread_local! {
    static SCOPE: Cell<Scope> = const { Cell::new(Scope::Nothing) };
}

/// Returns what this thread polls now.
pub(crate) fn current_scope() -> Scope {
    SCOPE.get()
}

/// Returns the id of the task that this thread is polling, or `None` if it polls no task.
///
/// The destructors of a task's future are part of the task: in them this is the task's own id, whether the task
/// has ended, was cancelled, or is dropped with its pool or its thread. The future of a
/// [`block_on`](crate::task::block_on) is not a task.
///
/// ```
/// use executor::task;
///
/// assert_eq!(task::current(), None);
/// let inside = task::block_on(task::spawn(async { task::current() }));
/// assert!(inside.is_some());
/// ```
pub fn current() -> Option<TaskId> {
    match SCOPE.get() {
        Scope::Task(id) | Scope::Blocking(id) => Some(id),
        Scope::Nothing | Scope::Root => None,
    }
}

/// A poll that is under way. Its drop ends the poll, even when a panic unwinds. Polls may nest: when the inner one
/// ends, the outer one goes on with what is left of its own budget.
pub(crate) struct Polling {
    outer: Scope,
    left: u32,
}

/// Begins a poll, with a new budget. A blocking call has none.
#[inline]
pub(crate) fn enter(polled: Scope) -> Polling {
    let outer = SCOPE.replace(polled);
    if polled != Scope::Root && fault("one_budget_for_all") {
        return Polling { outer, left: 0 };
    }
    let left = if matches!(polled, Scope::Blocking(_)) { budget::pause() } else { budget::start() };
    Polling { outer, left }
}

impl Drop for Polling {
    #[inline]
    fn drop(&mut self) {
        SCOPE.set(self.outer);
        if !fault("one_budget_for_all") {
            budget::go_on(self.left);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    /// A task that cannot be started is dropped in the poll that spawns it; so is a blocking call.
    #[test]
    fn a_poll_inside_a_poll_leaves_it_its_budget() {
        let cx = Context::from_waker(Waker::noop());
        let gives_way = || (0..10_000).any(|_| budget::poll_take_one(&cx).is_pending());
        let root = enter(Scope::Root);
        drop(enter(Scope::Root));
        assert!(gives_way());
        let call = budget::pause();
        assert!(!gives_way(), "a blocking call has no budget");
        budget::go_on(call);
        assert!(gives_way());
        drop(root);
        assert!(!gives_way(), "there is no poll");
    }
}
