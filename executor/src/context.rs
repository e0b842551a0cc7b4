//! What this thread is polling: `current` answers from it, and a nested `block_on` panics because of it.
//!
//! It is entered around each poll and each drop of a task's future or of a `block_on`'s, and gives a poll its
//! budget: how many ready operations it may complete before it has to give way (see the reactor's `budget`).
//! Called by `raw_task::run` and `block_on`. Next: `raw_task`.

use std::cell::Cell;

use reactor::budget;
use reactor::shim::thread_local;

use crate::task_id::TaskId;

/// What is being polled on a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Nothing of ours.
    Nothing,
    /// The future of a `block_on`.
    Root,
    /// A task.
    Task(TaskId),
    /// A blocking call: here one may block, and `block_on` too.
    Blocking(TaskId),
}

thread_local! {
    static SCOPE: Cell<Scope> = const { Cell::new(Scope::Nothing) };
}

/// What this thread polls now.
pub(crate) fn current_scope() -> Scope {
    SCOPE.get()
}

/// The id of the task that is being polled on this thread; `None` outside of one.
///
/// A task's future is inside the task until it is gone: in its destructors this is the task's own id, whether
/// the task has ended, was cancelled, or went with its pool or its thread. The future of a
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

/// A poll under way; its end is marked when this is dropped, by a panic too.
pub(crate) struct Polling {
    outer: Scope,
}

/// Begins a poll, with a new budget. A blocking call has none.
#[inline]
pub(crate) fn enter(polled: Scope) -> Polling {
    if !matches!(polled, Scope::Blocking(_)) {
        budget::start();
    }
    Polling { outer: SCOPE.replace(polled) }
}

impl Drop for Polling {
    #[inline]
    fn drop(&mut self) {
        SCOPE.set(self.outer);
        budget::end();
    }
}
