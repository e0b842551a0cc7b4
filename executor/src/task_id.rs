//! A task's id: its address.
//!
//! It needs no field in the task and no counter that all threads share. The price is that a later task may
//! have the id of one that is gone. Next: `context`.

use std::fmt;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

/// Identifies a task among those that exist at the same time, for messages and maps.
///
/// A task exists until it has finished and its [`JoinHandle`](crate::task::JoinHandle) is dropped. Two tasks
/// that exist have different ids. A later task may get the id of one that is gone.
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
    /// The id of the task at this address.
    pub(crate) fn of<T>(task: NonNull<T>) -> Self {
        Self(task.addr())
    }

    /// The address, as a recording has it.
    pub(crate) fn address(self) -> u64 {
        self.0.get() as u64
    }

    /// The id of the task at this address, which is not zero.
    pub(crate) fn at(address: NonZeroUsize) -> Self {
        Self(address)
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
