//! Policy 10: the same queues, and a push wakes one worker, and none while a worker searches. It is what
//! `executor::pool` does.
//!
//! ```text
//!   asleep ──woken by a push──▶ searching ──found──▶ active: wakes the next, if it
//!      ▲                            │                was the last, and work is left
//!      └───────nothing: a last look─┘
//! ```
//!
//! - F1  While a worker counts as searching, a push wakes none: that worker finds the task, or sees it in its last look.
//! - F2  The last searcher that finds something wakes another, if more is left. So a burst wakes the workers one after
//!   the other, and only as long as there is work.
//! - F3  A thread that wakes a worker counts it as searching, under the lock of the sleepers too, as `sleepers` asks.
//! - F4  A task that has yielded, and is alone in its deque, wakes none: its worker is about to take it.
//!
//! Hurt by `uneven`: until the system runs the worker that was woken, it counts as searching, and no other is woken. And
//! by `long poll`, since the slot's task still waits: for that `executor::pool` has its monitor. Next: `measure`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

use super::injector_tick::{InjectorTick, Own};
use crate::policy::{Policy, Pushed};
use crate::sleepers::Sleepers;
use crate::task::Task;

pub(crate) struct OneSearcher {
    before: InjectorTick,
    /// How many workers search.
    searching: AtomicUsize,
    /// Which ones. A worker's flag is set by itself, or, while it sleeps, by the thread that wakes it.
    searches: Box<[AtomicBool]>,
}

impl OneSearcher {
    fn flag(&self, own: &Own) -> &AtomicBool {
        &self.searches[own.queues().index]
    }
}

impl Policy for OneSearcher {
    type Own = Own;

    fn new(workers: usize) -> (Self, Vec<Own>) {
        let (before, owned) = InjectorTick::new(workers);
        let searches = (0..workers).map(|_| AtomicBool::new(false)).collect();
        (Self { before, searching: AtomicUsize::new(0), searches }, owned)
    }

    fn wake(&self, sleepers: &Sleepers) {
        // ORDERING: Relaxed; the fence of `any` orders it after the push, and the lock each look under it.
        let none_searches = || self.searching.load(Ordering::Relaxed) == 0;
        if sleepers.any() && none_searches() {
            sleepers.wake_one(|worker| {
                let needed = none_searches();
                if needed {
                    // ORDERING: Relaxed; the lock publishes both to the worker (F3).
                    self.searching.fetch_add(1, Ordering::Relaxed);
                    self.searches[worker].store(true, Ordering::Relaxed);
                }
                needed
            });
        }
    }

    fn steal(&self, own: &Own) -> Option<Arc<Task>> {
        // ORDERING: Relaxed; its own flag, and a last look with a fence follows before it sleeps (F1).
        if !self.flag(own).swap(true, Ordering::Relaxed) {
            self.searching.fetch_add(1, Ordering::Relaxed);
        }
        let stolen = self.before.steal(own);
        if stolen.is_none() {
            // ORDERING: Relaxed; as above.
            self.flag(own).store(false, Ordering::Relaxed);
            // ORDERING[sched-search]: Release publishes the deques as seen; pairs with the fence in `stop_searching`.
            self.searching.fetch_sub(1, Ordering::Release);
        }
        stolen
    }

    fn stop_searching(&self, own: &Own, sleepers: &Sleepers) {
        let took_batch = own.queues().took_batch.take();
        // ORDERING: Relaxed; its own flag.
        if self.flag(own).load(Ordering::Relaxed) {
            self.flag(own).store(false, Ordering::Relaxed); // ORDERING: Relaxed; as above.
            // ORDERING[sched-search]: Release publishes what we have moved to our deque to the searcher that ends next.
            let before = self.searching.fetch_sub(1, Ordering::Release);
            // ORDERING[sched-search]: SeqCst fence; the race is our count against a push. Either the push sees that none
            // searches, or we see what it pushed; pairs with the fence of `any`.
            fence(Ordering::SeqCst);
            if before == 1 && self.before.has_work(own) {
                self.wake(sleepers); // F2
            }
        } else if took_batch {
            self.wake(sleepers); // While the batch moved, no searcher could see it.
        }
    }

    fn push_back(&self, own: &Own, task: Arc<Task>) -> Pushed {
        let is_alone = !self.before.has_own(own);
        match self.before.push_back(own, task) {
            Pushed::ForAny if is_alone => Pushed::Here, // F4
            pushed => pushed,
        }
    }

    // The rest is that of policy 8.

    fn push(&self, own: Option<&Own>, task: Arc<Task>) -> Pushed {
        self.before.push(own, task)
    }

    fn next(&self, own: &Own) -> Option<Arc<Task>> {
        self.before.next(own)
    }

    fn has_work(&self, own: &Own) -> bool {
        self.before.has_work(own)
    }
}
