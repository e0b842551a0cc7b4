//! A scheduler's tasks that wait, in a list in which each task knows its index.
//!
//! A task that waits is in no queue. Without the list a scheduler that ends could not cancel it. A
//! linked list through the tasks would write to two other tasks at each removal, which other threads may be
//! using.
//!
//! ```text
//!   tasks   [ task │ gap │ task │ task ]         push: at the end; remove: leaves a gap
//!               ▲             ▲
//!               0             2  ◀── each task's header
//! ```
//!
//! Removing a task leaves a gap. It touches no other task: that would be a cache miss. The gaps are closed when
//! fewer than a quarter of the allocated entries are in use.
//!
//! A task is put into its scheduler's list when a poll first returns Pending, and removed when its future is
//! gone. A task that never waits pays nothing.
//!
//! - I1  A task's place is accessed only under the list's lock, or on the list's thread.
//! - [listed-is-live]  A task in the list is not complete, so it is allocated: its runner takes it out first.
//! - I2  `tasks[header.place]` is the header's task, for every task in the list.
//!
//! Called by the pool and by `local`. Next: `abort`.
#![allow(unsafe_code, reason = "the list's claim on a task is a pointer to it")]

use std::ptr::NonNull;

use super::header::{Header, Runnable};
use super::state::Action;
use super::state::look::Look;
use crate::task_id::TaskId;

/// This many entries are kept allocated in any case.
const KEEP: usize = 64;

/// The tasks, in no order.
#[derive(Default)]
pub(crate) struct TaskList {
    tasks: Vec<Option<NonNull<Header>>>,
    count: usize,
}

/// A task in a list, as a dump sees it.
pub(crate) struct TaskLook {
    pub(crate) id: TaskId,
    pub(crate) name: Option<String>,
    pub(crate) look: Look,
    /// The size of its allocation.
    pub(crate) size: usize,
}

// SAFETY: I1: the thread that has the list also has its tasks' places; [claim]: beyond those the list's
// claim is used for the word alone, which any thread may access.
unsafe impl Send for TaskList {}

impl TaskList {
    /// An empty list.
    pub(crate) const fn new() -> Self {
        Self { tasks: Vec::new(), count: 0 }
    }

    /// Adds a task.
    ///
    /// # Safety
    ///
    /// The caller has a claim on it [claim], it is in no list, and it will be removed before it is complete
    /// [listed-is-live].
    pub(crate) unsafe fn push(&mut self, task: NonNull<Header>) {
        // SAFETY: [claim]: the caller's.
        unsafe { task.as_ref() }.place.set(self.tasks.len());
        self.tasks.push(Some(task));
        self.count += 1;
    }

    /// Removes a task.
    ///
    /// # Safety
    ///
    /// It is in this list.
    pub(crate) unsafe fn remove(&mut self, task: NonNull<Header>) {
        // SAFETY: [listed-is-live]: it is in the list, so it is allocated.
        let place = unsafe { task.as_ref() }.place.get();
        let removed = self.tasks[place].take();
        debug_assert_eq!(removed, Some(task), "I2");
        self.count -= 1;
        while self.tasks.pop_if(|task| task.is_none()).is_some() {}
        if self.tasks.capacity() > KEEP.max(4 * self.count) {
            self.close_gaps();
        }
    }

    fn close_gaps(&mut self) {
        self.tasks.retain(Option::is_some);
        self.tasks.shrink_to(KEEP.max(2 * self.count));
        for (place, task) in self.tasks.iter().flatten().enumerate() {
            // SAFETY: [listed-is-live]: it is in the list, so it is allocated.
            unsafe { task.as_ref() }.place.set(place); // I2
        }
    }

    /// Cancels every task. Returns those that the caller must queue, so that their futures are dropped.
    pub(crate) fn cancel(&self) -> impl Iterator<Item = Runnable> {
        self.iter().filter_map(|task| {
            // SAFETY: [claim]: the list's claim [listed-is-live]. `cancel` has counted a reference for the
            // queue.
            let action = unsafe { task.as_ref() }.state.cancel();
            (action == Action::Schedule).then(|| Runnable::from_raw(task))
        })
    }

    /// Whether all of the tasks are running.
    pub(crate) fn all_run(&self) -> bool {
        // SAFETY: [listed-is-live]: it is in the list, so it is allocated.
        self.iter().all(|task| unsafe { task.as_ref() }.state.is_running())
    }

    /// What a dump shows of the last tasks below this index, and the index of the first of them.
    pub(crate) fn look(&self, below: usize) -> (usize, Vec<TaskLook>) {
        /// The number of entries that are copied while the list is locked.
        const AT_A_TIME: usize = 64;
        let look = |task: NonNull<Header>| {
            // SAFETY: [claim]: the list's claim [listed-is-live].
            let header = unsafe { task.as_ref() };
            // SAFETY: [same-types]; [claim], as above.
            let name = unsafe { (header.vtable.name)(task) };
            // SAFETY: the name is in the task, and never changes; it is copied while the list is borrowed.
            let name = name.map(|name| unsafe { name.as_ref() }.to_owned());
            TaskLook { id: TaskId::of(task), name, look: header.state.look(), size: header.vtable.size }
        };
        let below = below.min(self.tasks.len());
        let first = below.saturating_sub(AT_A_TIME);
        (first, self.tasks[first..below].iter().flatten().copied().map(look).collect())
    }

    /// Every task: a pointer that is valid as long as the list is borrowed [listed-is-live].
    pub(crate) fn iter(&self) -> impl Iterator<Item = NonNull<Header>> {
        self.tasks.iter().flatten().copied()
    }
}

#[cfg(all(test, not(loom)))]
pub(crate) mod tests {
    use std::task::RawWakerVTable;

    use proptest::prelude::*;

    use super::*;
    use crate::raw_task::header::Schedule;
    use crate::raw_task::join_handle::JoinHandle;
    use crate::raw_task::{run, waker};

    /// A task that is never run. The queues' tests use it too.
    pub(crate) fn task() -> Runnable {
        let (task, handle) = run::new_task(async {}, DropsTasks, (), std::panic::Location::caller());
        drop(JoinHandle::<()>::new(handle));
        task
    }

    /// A scheduler that drops what it is given.
    struct DropsTasks;

    static WAKER: RawWakerVTable = waker::vtable::<DropsTasks>();

    impl Schedule for DropsTasks {
        fn waker_vtable() -> &'static RawWakerVTable {
            &WAKER
        }

        type Queue = ();

        fn queue(&self) {}

        fn schedule((): (), task: Runnable) {
            drop(task);
        }
    }

    /// Most tasks leave after the first look, so that the rest move to the front: none is missed.
    #[test]
    fn looks_from_the_end_miss_no_task() {
        let mut list = TaskList::new();
        let all: Vec<_> = (0..300).map(|_| task()).collect();
        // SAFETY: the tasks are there, and none is run before the list is gone.
        all.iter().for_each(|task| unsafe { list.push(task.as_raw()) });
        let (mut below, mut seen) = list.look(usize::MAX);
        let (left, stay) = all.split_at(280);
        // SAFETY: they were pushed above.
        left.iter().for_each(|task| unsafe { list.remove(task.as_raw()) });
        while below > 0 {
            let (first, more) = list.look(below);
            assert!(first < below && more.len() <= 64);
            below = first;
            seen.extend(more);
        }
        for task in stay {
            assert!(seen.iter().any(|look| look.id == TaskId::of(task.as_raw())));
        }
    }

    proptest! {
        /// Tasks are added and removed in waves: the list has those that were not removed, and few gaps.
        #[test]
        fn agrees_with_a_set(
            waves in prop::collection::vec(
                (0_usize..300, prop::collection::vec(any::<prop::sample::Index>(), 0..300)),
                1..4,
            )
        ) {
            let mut list = TaskList::new();
            let mut set = Vec::new();
            for (added, removed) in waves {
                for _ in 0..added {
                    set.push(task());
                    // SAFETY: the set has a claim; no task is run before its list is gone.
                    unsafe { list.push(set[set.len() - 1].as_raw()) };
                }
                for which in removed {
                    if !set.is_empty() {
                        let task = set.swap_remove(which.index(set.len()));
                        // SAFETY: it was pushed above.
                        unsafe { list.remove(task.as_raw()) };
                    }
                    prop_assert_eq!(list.count, set.len());
                    prop_assert!(list.tasks.len() <= KEEP.max(4 * set.len()), "gaps are closed");
                }
                let mut visited: Vec<_> = list.iter().collect();
                let mut expected: Vec<_> = set.iter().map(Runnable::as_raw).collect();
                visited.sort();
                expected.sort();
                prop_assert_eq!(visited, expected);
                prop_assert!(set.iter().all(|task| {
                    list.tasks[task.header().place.get()] == Some(task.as_raw())
                }), "I2");
            }
        }
    }
}
