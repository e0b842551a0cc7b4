//! Which workers sleep, and which one a push wakes: a worker sleeps only when it can miss no work.
//!
//! If a push looks for sleepers just before a worker goes to sleep, and the worker has just looked at the
//! queues, the task waits for ever. A lock around both prevents that, but each push would take it. To wake
//! a worker for each push is safe too, but many of them would find nothing. So there is one word of
//! counts, and a fence.
//!
//! ```text
//!   active ──no work──▶ searching ──nothing found: listed──▶ idle ──look again: empty──▶ waits
//!      ▲──────found─────────┘ ▲──────────── woken by a push ───────────────────────────────┘
//! ```
//!
//! - [push-then-read]  Work is pushed before the counts are read.
//! - [idle-then-look]  A sleeper is listed before its last look at the queues.
//!   With a fence between the two steps on both sides, one side must see the other.
//! - [searcher-finds]  While a worker searches, a push wakes none: the searcher finds the work, or sees it
//!   in its last look. The last searcher that finds something wakes another worker if more is left.
//! - [counted-for-it]  The thread that takes a worker from the list also moves it from idle to searching in the
//!   counts.
//!
//! Called by `worker`, and by `shared` after a push to a deque or the injector. Next: `shared`.

use reactor::shim::atomic::{AtomicUsize, Ordering};
use reactor::shim::{Mutex, fault, fence, lock};

const IDLE: usize = 1;
const SEARCHING: usize = 1 << (usize::BITS / 2);

/// The pool's sleepers and searchers.
pub(super) struct Sleep {
    /// How many are idle, how many search, in one word.
    counts: AtomicUsize,
    /// The idle workers by index, the most recent one last.
    idle: Mutex<Vec<usize>>,
    workers: usize,
}

impl Sleep {
    /// For this number of workers, all of them active.
    pub(super) fn new(workers: usize) -> Self {
        Self { counts: AtomicUsize::new(0), idle: Mutex::new(Vec::with_capacity(workers)), workers }
    }

    /// A worker has no work. Returns whether it may search: not if half of the workers, rounded up, search
    /// already. A worker that was woken searches in any case (`come_back`).
    pub(super) fn start_search(&self) -> bool {
        // ORDERING: Relaxed; a limit, which may be exceeded. The last look [idle-then-look] does not
        // depend on it.
        if 2 * (self.counts.load(Ordering::Relaxed) / SEARCHING) >= self.workers {
            return false;
        }
        // ORDERING[pool-sleep]: Relaxed; while we search a push relies on us, and `go_idle` has the fence
        // that pairs with the one in `worker_to_notify`.
        self.counts.fetch_add(SEARCHING, Ordering::Relaxed);
        true
    }

    /// A searcher found work. Returns whether it was the last searcher: then it must look whether more is
    /// left, since a push may have relied on it [searcher-finds].
    pub(super) fn stop_search(&self) -> bool {
        // ORDERING[pool-sleep]: Release publishes what we have moved to our own deque. It pairs with the fence of
        // the worker that subtracts itself next, here or in `go_idle`: its subtraction reads ours, and the fence
        // after it acquires. That worker may be the only one that looks for our tasks, and may look before our fence.
        let before = self.counts.fetch_sub(SEARCHING, Ordering::Release);
        // ORDERING[pool-sleep]: SeqCst fence; the race is our count against a push. Either the push
        // sees that no worker searches, or we see what it pushed; pairs with `worker_to_notify`.
        fence(Ordering::SeqCst);
        before / SEARCHING == 1 && !fault("last_searcher_is_silent")
    }

    /// Lists the worker as idle. It must look at every queue once more before it waits [idle-then-look].
    pub(super) fn go_idle(&self, worker: usize, searching: bool) {
        {
            let mut idle = lock(&self.idle);
            idle.push(worker);
            let change = IDLE.wrapping_sub(if searching { SEARCHING } else { 0 });
            // ORDERING: Relaxed; the fence below orders it, and this thread has moved nothing that it would
            // have to publish. As a read-modify-write it continues the release sequence of `stop_search`.
            self.counts.fetch_add(change, Ordering::Relaxed);
        }
        // ORDERING[pool-sleep]: SeqCst fence; the race is our listing against a push. Either the push
        // sees us in the counts, or our last look sees the push; pairs with `worker_to_notify`.
        fence(Ordering::SeqCst);
    }

    /// The worker is awake again, and searches. If it is still in the list it takes itself out
    /// [counted-for-it].
    pub(super) fn come_back(&self, worker: usize) {
        let mut idle = lock(&self.idle);
        if let Some(at) = idle.iter().position(|&listed| listed == worker)
            && !fault("stays_listed_awake")
        {
            idle.remove(at);
            // ORDERING: Relaxed; under the lock, and it only makes pushes wake fewer workers.
            self.counts.fetch_add(SEARCHING - IDLE, Ordering::Relaxed);
        }
    }

    /// Work was pushed. Returns the worker that must be woken for it, if there is one. `prefers` returns
    /// whether a worker is cheap to wake.
    #[inline]
    pub(super) fn worker_to_notify(&self, prefers: impl Fn(usize) -> bool) -> Option<usize> {
        if fault("load_instead_of_fence") {
            // ORDERING[pool-sleep]: SeqCst, which is not enough: no load makes the push before it visible.
            // Survives without it: only the fault runs it.
            return may_wake(self.counts.load(Ordering::SeqCst))
                .then(|| self.take_sleeper(prefers))
                .flatten();
        }
        // ORDERING[pool-sleep]: SeqCst fence; the race is the push before us against a sleeper's
        // listing: pairs with `go_idle` and `stop_search` [push-then-read].
        fence(Ordering::SeqCst);
        // ORDERING: Relaxed; ordered by the fence.
        if !may_wake(self.counts.load(Ordering::Relaxed)) || fault("push_wakes_no_worker") {
            return None;
        }
        self.take_sleeper(prefers)
    }

    #[cold]
    fn take_sleeper(&self, prefers: impl Fn(usize) -> bool) -> Option<usize> {
        let mut idle = lock(&self.idle);
        // ORDERING: Relaxed; a second look, now that the lock excludes other pushes.
        if !may_wake(self.counts.load(Ordering::Relaxed)) {
            return None;
        }
        let at = idle.iter().rposition(|&worker| prefers(worker)).or(idle.len().checked_sub(1))?;
        // ORDERING: Relaxed; under the lock. [counted-for-it]
        self.counts.fetch_add(SEARCHING - IDLE, Ordering::Relaxed);
        Some(idle.remove(at))
    }
}

/// Whether a worker sleeps and none searches.
fn may_wake(counts: usize) -> bool {
    counts != 0 && counts < SEARCHING
}

#[cfg(all(test, loom))]
mod model;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn at_most_half_of_the_workers_search() {
        for (workers, most) in [(1, 1), (2, 1), (3, 2), (8, 4)] {
            let sleep = Sleep::new(workers);
            assert_eq!((0..workers).filter(|_| sleep.start_search()).count(), most, "of {workers}");
            (1..most).for_each(|_| assert!(!sleep.stop_search(), "others search"));
            assert!(sleep.stop_search(), "it was the last");
            assert!(sleep.start_search(), "there is room again");
        }
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn as_many_may_sleep_as_there_are() {
        let workers = 1 << 16;
        let sleep = Sleep::new(workers);
        (0..workers).for_each(|worker| sleep.go_idle(worker, false));
        assert_eq!(sleep.worker_to_notify(|_| false), Some(workers - 1));
    }

    #[test]
    fn a_push_wakes_a_sleeper_unless_another_worker_searches() {
        let sleep = Sleep::new(4);
        let woken = || sleep.worker_to_notify(|_| false);
        assert_eq!(woken(), None, "none sleeps");
        (0..3).for_each(|worker| sleep.go_idle(worker, false));
        assert_eq!(woken(), Some(2), "the most recent one");
        assert_eq!(woken(), None, "the woken one searches");
        sleep.come_back(2); // It is not in the list any more.
        assert!(sleep.stop_search());
        assert_eq!(sleep.worker_to_notify(|worker| worker == 0), Some(0), "the preferred one");
        assert!(sleep.stop_search());
        sleep.come_back(1); // It woke by itself, and searches.
        assert_eq!(woken(), None);
        sleep.go_idle(1, true);
        assert_eq!(woken(), Some(1), "it sleeps again, and does not search");
        assert!(sleep.stop_search());
        assert_eq!(woken(), None, "none is left");
        // ORDERING: Relaxed; one thread.
        assert_eq!(sleep.counts.load(Ordering::Relaxed), 0, "none is idle, none searches");
    }
}
