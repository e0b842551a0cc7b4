//! Policy 5: the same, and a theft takes half of the other's deque.
//!
//! Two workers have equal shares after one theft. Tasks from outside are taken in batches too. In exchange a batch may
//! move to a worker that then runs one long poll, and wait there until it is stolen again.
//!
//! Hurt by `ping-pong`, as before it. Next: `next_slot`.

use std::sync::Arc;

use super::queues::{Own, Queues};
use crate::policy::{Policy, Pushed};
use crate::task::Task;

pub(crate) struct StealHalf(Queues);

impl Policy for StealHalf {
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
        self.0.pop(own).or_else(|| self.0.take_batch(own))
    }

    fn steal(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.steal_half(own)
    }

    fn has_work(&self, _own: &Own) -> bool {
        self.0.has_work()
    }
}
