//! Policy 2: one queue without a lock: crossbeam's injector.
//!
//! The lock is gone, and a worker that is not running stops no other. But the two ends of the queue are two words that all
//! workers write to. They move from core to core with each push and each pop, and so do the tasks: a task's data is
//! seldom in the cache of the worker that runs it.
//!
//! Hurt by `ping-pong`, as before it. Next: `own_queues`.

use std::sync::Arc;

use crossbeam_deque::{Injector, Steal};

use crate::policy::{Policy, Pushed};
use crate::task::Task;

pub(crate) struct LockFreeQueue(Injector<Arc<Task>>);

impl Policy for LockFreeQueue {
    type Own = ();

    fn new(workers: usize) -> (Self, Vec<()>) {
        (Self(Injector::new()), vec![(); workers])
    }

    fn push(&self, _own: Option<&()>, task: Arc<Task>) -> Pushed {
        self.0.push(task);
        Pushed::ForAny
    }

    fn next(&self, _own: &()) -> Option<Arc<Task>> {
        loop {
            match self.0.steal() {
                Steal::Success(task) => return Some(task),
                Steal::Empty => return None,
                Steal::Retry => std::hint::spin_loop(), // Another worker was faster.
            }
        }
    }

    fn has_work(&self, _own: &()) -> bool {
        !self.0.is_empty()
    }
}
