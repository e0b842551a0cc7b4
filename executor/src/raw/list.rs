//! A list of tasks, each of which knows its place in it: how a scheduler finds those that wait, to end
//! them.
//!
//! ```text
//!   tasks   [ task │ gap │ task │ task ]         push: at the end; remove: leaves a gap
//!               ▲             ▲
//!               0             2  ◀── each task's header
//! ```
//!
//! To leave a gap touches no other task, which may be in nobody's cache. Gaps are closed when there are
//! three for each task.
//!
//! A task comes into its scheduler's list when a poll answers Pending for the first time, and leaves when
//! its future is gone. One that never waits never pays for it.
//!
//! I1  A task's place is touched only by whoever has the list: under its lock, or on its thread.
//! I2  A task in the list is not complete, so it is allocated: its runner takes it out first.
//! I3  `tasks[header.place]` is the header's task, for every task in the list.
//!
//! Called by the pool and by `local`. Next: `join_error`.
#![allow(unsafe_code, reason = "the list's claim on a task is a pointer to it")]

use std::ptr::NonNull;

use super::header::Header;

/// So many places are kept in any case.
const KEEP: usize = 64;

/// The tasks, in no order.
#[derive(Default)]
pub(crate) struct List {
    tasks: Vec<Option<NonNull<Header>>>,
    count: usize,
}

// SAFETY: I1: whoever has the list has its tasks' places; the tasks themselves are Send as pointers.
unsafe impl Send for List {}

impl List {
    /// An empty list.
    pub(crate) const fn new() -> Self {
        Self { tasks: Vec::new(), count: 0 }
    }

    /// Whether no task is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes a task in that is in no list.
    pub(crate) fn push(&mut self, header: &Header) {
        header.place.set(self.tasks.len());
        self.tasks.push(Some(NonNull::from(header)));
        self.count += 1;
    }

    /// Takes out a task that is in this list.
    pub(crate) fn remove(&mut self, header: &Header) {
        let removed = self.tasks[header.place.get()].take();
        debug_assert_eq!(removed, Some(NonNull::from(header)), "I3");
        self.count -= 1;
        while self.tasks.pop_if(|task| task.is_none()).is_some() {}
        if self.tasks.len() > KEEP.max(4 * self.count) {
            self.close_gaps();
        }
    }

    fn close_gaps(&mut self) {
        self.tasks.retain(Option::is_some);
        self.tasks.shrink_to(KEEP.max(2 * self.count));
        for (place, task) in self.tasks.iter().flatten().enumerate() {
            // SAFETY: I2: it is in the list, so it is allocated.
            unsafe { task.as_ref() }.place.set(place); // I3
        }
    }

    /// Visits every task. The visitor must not change the list.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Header)) {
        for task in self.tasks.iter().flatten() {
            // SAFETY: I2: it is in the list, so it is allocated.
            visit(unsafe { task.as_ref() });
        }
    }
}

#[cfg(all(test, not(loom)))]
pub(crate) mod tests {
    use std::task::RawWakerVTable;

    use proptest::prelude::*;

    use super::*;
    use crate::raw::header::{Runnable, Schedule};
    use crate::raw::join_handle::JoinHandle;
    use crate::raw::{run, waker};

    /// A task that is never run; the queues' tests have it from here.
    pub(crate) fn task() -> Runnable {
        let (task, handle) = run::new_task(async {}, Nobody, ());
        drop(JoinHandle::<()>::new(handle));
        task
    }

    struct Nobody;

    static WAKER: RawWakerVTable = waker::vtable::<Nobody>();

    impl Schedule for Nobody {
        fn waker_vtable() -> &'static RawWakerVTable {
            &WAKER
        }

        fn schedule(&self, task: Runnable) {
            drop(task);
        }
    }

    proptest! {
        /// Tasks come and go in waves: the list has those that came and did not go, and few gaps.
        #[test]
        fn agrees_with_a_set(
            waves in prop::collection::vec(
                (0_usize..300, prop::collection::vec(any::<prop::sample::Index>(), 0..300)),
                1..4,
            )
        ) {
            let mut list = List::new();
            let mut set = Vec::new();
            for (come, go) in waves {
                for _ in 0..come {
                    set.push(task());
                    list.push(set[set.len() - 1].header());
                }
                for which in go {
                    if !set.is_empty() {
                        let task = set.swap_remove(which.index(set.len()));
                        list.remove(task.header());
                    }
                    prop_assert_eq!(list.is_empty(), set.is_empty());
                    prop_assert!(list.tasks.len() <= KEEP.max(4 * set.len()), "gaps are closed");
                }
                let mut visited = Vec::new();
                list.for_each(|header| visited.push(NonNull::from(header)));
                let mut expected: Vec<_> = set.iter().map(|task| NonNull::from(task.header())).collect();
                visited.sort();
                expected.sort();
                prop_assert_eq!(visited, expected);
                prop_assert!(set.iter().all(|task| {
                    list.tasks[task.header().place.get()] == Some(NonNull::from(task.header()))
                }), "I3");
            }
        }
    }
}
