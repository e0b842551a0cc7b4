//! Policy 4: a deque for each worker, and a worker that has nothing steals one task.
//!
//! Now no worker sleeps while another has tasks that wait. A push must wake a sleeper again, since others may take the
//! task. And a thief that has run its one task has nothing again: to balance a hundred tasks takes fifty thefts.
//!
//! Hurt by `fan-out`, where it steals again and again, and by `ping-pong`: each wake wakes another worker, which often
//! comes too late. Next: `steal_half`.

use std::sync::Arc;

use super::queues::{Own, Queues};
use crate::policy::{Policy, Pushed};
use crate::task::Task;

pub(crate) struct StealOne(Queues);

impl Policy for StealOne {
    type Own = Own;

    fn new(workers: usize) -> (Self, Vec<Own>) {
        let (queues, owned) = Queues::new(workers);
        (Self(queues), owned)
    }

    fn push(&self, own: Option<&Own>, task: Arc<Task>) -> Pushed {
        self.0.push(own, task);
        Pushed::ForAny
    }

    fn next(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.pop(own).or_else(|| self.0.take_one())
    }

    fn steal(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.steal_one(own)
    }

    fn has_work(&self, _own: &Own) -> bool {
        self.0.has_work()
    }
}
