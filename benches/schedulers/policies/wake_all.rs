//! Policy 9: the same queues, and a push wakes every worker that sleeps.
//!
//! It is the safest rule, and the simplest: nobody has to find out who is needed. Most of the woken workers find nothing
//! and sleep again, each at the price of two system calls and two switches (a thundering herd).
//!
//! Hurt by `fan-out`: the more workers there are, the more. Next: `one_searcher`.

use std::sync::Arc;

use super::injector_tick::{InjectorTick, Own};
use crate::policy::{Policy, Pushed};
use crate::sleepers::Sleepers;
use crate::task::Task;

pub(crate) struct WakeAll(InjectorTick);

impl Policy for WakeAll {
    type Own = Own;

    fn new(workers: usize) -> (Self, Vec<Own>) {
        let (before, owned) = InjectorTick::new(workers);
        (Self(before), owned)
    }

    fn wake(&self, sleepers: &Sleepers) {
        if sleepers.any() {
            sleepers.wake_all();
        }
    }

    // The rest is that of policy 8.

    fn push(&self, own: Option<&Own>, task: Arc<Task>) -> Pushed {
        self.0.push(own, task)
    }

    fn push_back(&self, own: &Own, task: Arc<Task>) -> Pushed {
        self.0.push_back(own, task)
    }

    fn next(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.next(own)
    }

    fn steal(&self, own: &Own) -> Option<Arc<Task>> {
        self.0.steal(own)
    }

    fn has_work(&self, own: &Own) -> bool {
        self.0.has_work(own)
    }
}
