//! Policy 7: the slot comes first at most three times in a row, then the deque has its turn.
//!
//! A ring that goes round in the slot gives way now and then. The deque starves no more, but the injector still does: a
//! worker that always has a task of its own never looks there.
//!
//! Hurt by `outside`, and by `long poll`. Next: `injector_tick`.

use std::cell::Cell;
use std::sync::Arc;

use super::queues::{self, Queues};
use crate::policy::{Policy, Pushed};
use crate::task::Task;

/// How many times in a row the slot comes before the deque.
pub(crate) const SLOT_RUNS: u32 = 3;

pub(crate) struct CappedSlot(Queues);

pub(crate) struct Own {
    pub(crate) queues: queues::Own,
    slot: Cell<Option<Arc<Task>>>,
    /// How many times in a row the task came from the slot.
    slot_runs: Cell<u32>,
}

impl CappedSlot {
    /// Takes a batch from the injector.
    pub(crate) fn injected(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.take_batch(&own.queues)
    }

    /// Whether there is a task in the worker's deque.
    pub(crate) fn has_own(&self, own: &Own) -> bool {
        self.0.has_own(&own.queues)
    }
}

impl Policy for CappedSlot {
    type Own = Own;

    fn new(workers: usize) -> (Self, Vec<Own>) {
        let (queues, owned) = Queues::new(workers);
        let own = |queues| Own { queues, slot: Cell::new(None), slot_runs: Cell::new(0) };
        (Self(queues), owned.into_iter().map(own).collect())
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
        let runs = own.slot_runs.get();
        if runs < SLOT_RUNS
            && let Some(task) = own.slot.take()
        {
            own.slot_runs.set(runs + 1);
            return Some(task);
        }
        own.slot_runs.set(0);
        self.0.pop(&own.queues).or_else(|| own.slot.take()).or_else(|| self.injected(own))
    }

    fn steal(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.steal_half(&own.queues)
    }

    fn has_work(&self, _own: &Own) -> bool {
        self.0.has_work()
    }
}
