//! What a dump sees of a pool: its workers, and the tasks that wait.
//!
//! A task that waits is in no queue, so without this file a dump could not find it unless a recording is on. If a
//! dump copied a long list in one step, workers would wait for the list's lock. So it copies a few tasks at a time.
//!
//! Called by `trace::dump`. Next: `trace::dump::live`.

use std::thread;

use reactor::shim::{Mutex, lock};

use super::shared::Shared;
use crate::driver::rescue::{Look, PoolLook};
use crate::raw_task::list::{TaskList, TaskLook};

impl Look for Shared {
    /// The lists are locked one after the other, while a few of their tasks are copied.
    fn look(&self) -> PoolLook {
        PoolLook {
            id: std::ptr::from_ref(self).addr(),
            closed: self.is_closed(),
            workers: self.parkers.len(),
            begun: self.parkers.iter().filter(|parker| parker.get().is_some()).count(),
            tasks: self.waiting.iter().flat_map(|list| tasks(list)).collect(),
        }
    }
}

/// Between two looks the list may close its gaps, which moves tasks to the front. So it is read from its end: a task
/// may be seen twice, and none is missed.
fn tasks(list: &Mutex<TaskList>) -> Vec<TaskLook> {
    let (mut first, mut found) = lock(list).look(usize::MAX);
    if first == 0 {
        return found;
    }
    while first > 0 {
        thread::yield_now();
        let (next, more) = lock(list).look(first);
        first = next;
        found.extend(more);
    }
    // Of two looks at the same address the later one counts.
    found.reverse();
    found.sort_by_key(|task| task.id.address());
    found.dedup_by_key(|task| task.id.address());
    found
}
