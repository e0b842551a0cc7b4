//! A task's id: where it stands in memory. Next: `context`.

use std::fmt;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

/// Tells a task from the others that are alive, for messages and maps.
///
/// Two tasks have different ids as long as both exist: each unfinished, or with its
/// [`JoinHandle`](crate::task::JoinHandle) still held. A later task may get the id of one that is gone.
///
/// ```
/// use executor::task::{self, TaskId};
///
/// let task = task::spawn_local(async { task::current() });
/// let id: TaskId = task.id();
/// assert_eq!(task::block_on(task), Some(id));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(NonZeroUsize);

impl TaskId {
    /// The id of the task that stands at this address.
    pub(crate) fn of<T>(task: NonNull<T>) -> Self {
        Self(task.addr())
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0.get() >> 4)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({self})")
    }
}
