//! Policy 6: the task that was woken last is next, from a slot that nobody steals from.
//!
//! It has just been sent something, which is in this core's cache. And its own worker comes for it in a moment, so nobody
//! is woken: a ping-pong makes no system call. But two tasks that wake each other take turns in the slot for ever, and
//! what is in the deque never runs. And a task in the slot waits for the poll that has woken it to end, however long
//! that takes, while other workers sleep.
//!
//! Hurt by `chain`, where one ring starves the others of its worker, and by `long poll`. Next: `capped_slot`.

use std::cell::Cell;
use std::sync::Arc;

use super::queues::{self, Queues};
use crate::policy::{Policy, Pushed};
use crate::task::Task;

pub(crate) struct NextSlot(pub(crate) Queues);

pub(crate) struct Own {
    pub(crate) queues: queues::Own,
    pub(crate) slot: Cell<Option<Arc<Task>>>,
}

impl Policy for NextSlot {
    type Own = Own;

    fn new(workers: usize) -> (Self, Vec<Own>) {
        let (queues, owned) = Queues::new(workers);
        (Self(queues), owned.into_iter().map(|queues| Own { queues, slot: Cell::new(None) }).collect())
    }

    fn push(&self, own: Option<&Own>, task: Arc<Task>) -> Pushed {
        let Some(own) = own else {
            self.0.push(None, task);
            return Pushed::ForAny;
        };
        match own.slot.replace(Some(task)) {
            Some(displaced) => self.push_back(own, displaced),
            None => Pushed::Here,
        }
    }

    fn push_back(&self, own: &Own, task: Arc<Task>) -> Pushed {
        self.0.push(Some(&own.queues), task);
        Pushed::ForAny
    }

    fn next(&self, own: &Own) -> Option<Arc<Task>> {
        let slot = || own.slot.take();
        slot().or_else(|| self.0.pop(&own.queues)).or_else(|| self.0.take_batch(&own.queues))
    }

    fn steal(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.steal_half(&own.queues)
    }

    fn has_work(&self, _own: &Own) -> bool {
        self.0.has_work()
    }
}
