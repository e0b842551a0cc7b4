//! Policy 1: one queue under a lock, as in rung 09.
//!
//! It is the fairest: tasks run in the order of their wakes, whichever worker is free. And all workers need the same
//! lock for each push and each pop. While one that holds it is not running, the others wait.
//!
//! Hurt by `ping-pong`: each push wakes another worker, and the one that has pushed takes the task first. On many cores also
//! by `chain`, where the lock is most of the work. Next: `lock_free_queue`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::policy::{Policy, Pushed};
use crate::task::Task;

pub(crate) struct LockedQueue(Mutex<VecDeque<Arc<Task>>>);

impl LockedQueue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Task>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Policy for LockedQueue {
    type Own = ();

    fn new(workers: usize) -> (Self, Vec<()>) {
        (Self(Mutex::default()), vec![(); workers])
    }

    fn push(&self, _own: Option<&()>, task: Arc<Task>) -> Pushed {
        self.lock().push_back(task);
        Pushed::ForAny
    }

    fn next(&self, _own: &()) -> Option<Arc<Task>> {
        self.lock().pop_front()
    }

    fn has_work(&self, _own: &()) -> bool {
        !self.lock().is_empty()
    }
}
