//! A list of tasks through their headers: how a scheduler finds those that wait, to end them.
//!
//! ```text
//!   List.first ──▶ task ◀──▶ task ◀──▶ task      (newest first)
//! ```
//!
//! A task comes into its scheduler's list when it is idle for the first time, and leaves when its
//! future is gone. One that never waits never pays for it.
//!
//! I1  Links are touched only by who has the list: under its lock, or on its thread.
//! I2  A task in the list is not complete, so it is allocated: its runner takes it out first.
//!
//! Called by the pool and by `local`. Next: `cell`.
#![allow(unsafe_code, reason = "the links stand in the tasks, so that listing one allocates nothing")]

use std::ptr::NonNull;

use super::header::Header;

/// The list's head.
#[derive(Default)]
pub(crate) struct List {
    first: Option<NonNull<Header>>,
}

// SAFETY: I1: who has the list has its tasks' links; the tasks themselves are Send as pointers.
unsafe impl Send for List {}

impl List {
    /// An empty list.
    pub(crate) const fn new() -> Self {
        Self { first: None }
    }

    /// Puts a task that is in no list at the front.
    pub(crate) fn push(&mut self, header: &Header) {
        header.links.previous.set(None);
        header.links.next.set(self.first);
        let task = NonNull::from(header);
        if let Some(first) = self.first.replace(task) {
            // SAFETY: I2: it is in the list, so it is allocated.
            unsafe { first.as_ref() }.links.previous.set(Some(task));
        }
    }

    /// Takes out a task that is in this list.
    pub(crate) fn remove(&mut self, header: &Header) {
        let (previous, next) = (header.links.previous.take(), header.links.next.take());
        match previous {
            // SAFETY: I2: it is in the list, so it is allocated.
            Some(previous) => unsafe { previous.as_ref() }.links.next.set(next),
            None => self.first = next,
        }
        if let Some(next) = next {
            // SAFETY: I2, as above.
            unsafe { next.as_ref() }.links.previous.set(previous);
        }
    }

    /// Visits every task. The visitor must not change the list.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Header)) {
        let mut at = self.first;
        while let Some(task) = at {
            // SAFETY: I2: it is in the list, so it is allocated.
            let header = unsafe { task.as_ref() };
            at = header.links.next.get();
            visit(header);
        }
    }
}
