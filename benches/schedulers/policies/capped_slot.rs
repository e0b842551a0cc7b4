//! Policy 7: the slot comes first at most three times in a row, then the deque has its turn.
//!
//! A ring that goes round in the slot gives way now and then. The deque starves no more, but the injector still does: a
//! worker that always has a task of its own never looks there.
//!
//! Hurt by `outside`, and by `long poll`. Next: `injector_tick`.

use std::cell::Cell;
use std::sync::Arc;

use super::next_slot::{self, NextSlot};
use crate::policy::{Policy, Pushed};
use crate::task::Task;

/// How many times in a row the slot comes before the deque.
pub(crate) const SLOT_RUNS: u32 = 3;

pub(crate) struct CappedSlot(NextSlot);

pub(crate) struct Own {
    pub(crate) before: next_slot::Own,
    /// How many times in a row the task came from the slot.
    slot_runs: Cell<u32>,
}

impl CappedSlot {
    /// Takes a batch from the injector.
    pub(crate) fn injected(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.0.take_batch(&own.before.queues)
    }

    /// Whether there is a task in the worker's deque.
    pub(crate) fn has_own(&self, own: &Own) -> bool {
        self.0.0.has_own(&own.before.queues)
    }
}

impl Policy for CappedSlot {
    type Own = Own;

    fn new(workers: usize) -> (Self, Vec<Own>) {
        let (before, owned) = NextSlot::new(workers);
        (Self(before), owned.into_iter().map(|before| Own { before, slot_runs: Cell::new(0) }).collect())
    }

    fn next(&self, own: &Own) -> Option<Arc<Task>> {
        let (slot, runs) = (&own.before.slot, own.slot_runs.get());
        if runs < SLOT_RUNS
            && let Some(task) = slot.take()
        {
            own.slot_runs.set(runs + 1);
            return Some(task);
        }
        own.slot_runs.set(0);
        self.0.0.pop(&own.before.queues).or_else(|| slot.take()).or_else(|| self.injected(own))
    }

    // The rest is that of policy 6.

    fn push(&self, own: Option<&Own>, task: Arc<Task>) -> Pushed {
        self.0.push(own.map(|own| &own.before), task)
    }

    fn push_back(&self, own: &Own, task: Arc<Task>) -> Pushed {
        self.0.push_back(&own.before, task)
    }

    fn steal(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.steal(&own.before)
    }

    fn has_work(&self, own: &Own) -> bool {
        self.0.has_work(&own.before)
    }
}
