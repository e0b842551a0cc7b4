//! Policy 8: every 61st task comes from the injector, if it has one.
//!
//! Now nothing that is queued starves while its worker goes from poll to poll. What is left is the cost of the wakes:
//! each push to a deque wakes one more worker, and most of them find that another was faster.
//!
//! Hurt by `uneven`, where one push comes after the other, and by `long poll`: the slot. Next: `wake_all`.

use std::cell::Cell;
use std::sync::Arc;

use super::capped_slot::{self, CappedSlot};
use super::queues;
use crate::policy::{Policy, Pushed};
use crate::task::Task;

/// Tasks between two looks at the injector. A prime, so that it does not keep step with what a program does.
pub(crate) const FAIR: u32 = 61;

pub(crate) struct InjectorTick(CappedSlot);

pub(crate) struct Own {
    before: capped_slot::Own,
    rounds: Cell<u32>,
}

impl Own {
    /// The worker's end of its deque.
    pub(crate) fn queues(&self) -> &queues::Own {
        &self.before.before.queues
    }
}

impl InjectorTick {
    /// Whether there is a task in the worker's deque.
    pub(crate) fn has_own(&self, own: &Own) -> bool {
        self.0.has_own(&own.before)
    }
}

impl Policy for InjectorTick {
    type Own = Own;

    fn new(workers: usize) -> (Self, Vec<Own>) {
        let (before, owned) = CappedSlot::new(workers);
        (Self(before), owned.into_iter().map(|before| Own { before, rounds: Cell::new(0) }).collect())
    }

    fn push(&self, own: Option<&Own>, task: Arc<Task>) -> Pushed {
        self.0.push(own.map(|own| &own.before), task)
    }

    fn push_back(&self, own: &Own, task: Arc<Task>) -> Pushed {
        self.0.push_back(&own.before, task)
    }

    fn next(&self, own: &Own) -> Option<Arc<Task>> {
        own.rounds.set(own.rounds.get().wrapping_add(1));
        let injected = || self.0.injected(&own.before);
        let first = own.rounds.get().is_multiple_of(FAIR).then(injected).flatten();
        first.or_else(|| self.0.next(&own.before))
    }

    fn steal(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.steal(&own.before)
    }

    fn has_work(&self, own: &Own) -> bool {
        self.0.has_work(&own.before)
    }
}
