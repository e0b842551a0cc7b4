//! A list of tasks, each of which knows its place in it: how a scheduler finds those that wait, to end
//! them.
//!
//! ```text
//!   tasks   [ task │ task │ task │ task ]        remove: the last one takes the place that is free
//!               ▲      ▲
//!               0      1  ◀── each task's header
//! ```
//!
//! A task comes into its scheduler's list when a poll answers Pending for the first time, and leaves when
//! its future is gone. One that never waits never pays for it.
//!
//! I1  A task's place is touched only by who has the list: under its lock, or on its thread.
//! I2  A task in the list is not complete, so it is allocated: its runner takes it out first.
//! I3  `tasks[header.place]` is the header's task, for every task in the list.
//!
//! Called by the pool and by `local`. Next: `join_error`.
#![allow(unsafe_code, reason = "the list's claim on a task is a pointer to it")]

use std::ptr::NonNull;

use super::header::Header;

/// A list that is shorter than a quarter of its memory gives half of it back, but for so many tasks.
const KEEP: usize = 64;

/// The tasks, in no order.
#[derive(Default)]
pub(crate) struct List {
    tasks: Vec<NonNull<Header>>,
}

// SAFETY: I1: who has the list has its tasks' places; the tasks themselves are Send as pointers.
unsafe impl Send for List {}

impl List {
    /// An empty list.
    pub(crate) const fn new() -> Self {
        Self { tasks: Vec::new() }
    }

    /// Whether no task is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Takes a task in that is in no list.
    pub(crate) fn push(&mut self, header: &Header) {
        header.place.set(self.tasks.len());
        self.tasks.push(NonNull::from(header));
    }

    /// Takes out a task that is in this list.
    pub(crate) fn remove(&mut self, header: &Header) {
        let place = header.place.get();
        self.tasks.swap_remove(place);
        if let Some(moved) = self.tasks.get(place) {
            // SAFETY: I2: it is in the list, so it is allocated.
            unsafe { moved.as_ref() }.place.set(place); // I3
        }
        if self.tasks.capacity() > KEEP.max(4 * self.tasks.len()) {
            self.tasks.shrink_to(KEEP.max(2 * self.tasks.len()));
        }
    }

    /// Visits every task. The visitor must not change the list.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Header)) {
        for task in &self.tasks {
            // SAFETY: I2: it is in the list, so it is allocated.
            visit(unsafe { task.as_ref() });
        }
    }
}
