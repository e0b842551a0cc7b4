//! Who sleeps, and who must be woken: a worker may sleep only when no work can be missed.
//!
//! ```text
//!   active ──no work──▶ searching ──nothing found: listed──▶ idle ──look again: empty──▶ waits
//!      ▲──────found─────────┘ ▲──────────── woken by a push ───────────────────────────────┘
//! ```
//!
//! [push-then-read]  Work is pushed before the counts are read.
//! [idle-then-look]  A sleeper is listed before its last look at the queues.
//!     With a fence between the two steps on both sides, one side must see the other.
//! [searcher-finds]  While somebody searches a push wakes nobody: the searcher finds the work, or sees it in its
//!     last look. A searcher that found something, and was the last, wakes the next if more is left.
//! [counted-for-it]  Whoever takes a worker from the list moves it from idle to searching, on its behalf.
//!
//! Called by `worker` and by every push. Next: `shared`.

use reactor::shim::atomic::{AtomicUsize, Ordering};
use reactor::shim::{Mutex, fault, fence, lock};

const IDLE: usize = 1;
const SEARCHING: usize = 1 << (usize::BITS / 2);

/// The pool's sleepers and searchers.
pub(super) struct Sleep {
    /// How many are idle, how many search, in one word.
    counts: AtomicUsize,
    /// The idle workers by index, the last comer on top.
    idle: Mutex<Vec<usize>>,
    workers: usize,
}

impl Sleep {
    /// For so many workers, all of them active.
    pub(super) fn new(workers: usize) -> Self {
        Self { counts: AtomicUsize::new(0), idle: Mutex::new(Vec::with_capacity(workers)), workers }
    }

    /// A worker without work asks whether it may search. At most half of them do at a time.
    pub(super) fn start_search(&self) -> bool {
        // ORDERING: Relaxed; a limit on the crowd. The last look [idle-then-look] does not depend on it.
        if 2 * (self.counts.load(Ordering::Relaxed) / SEARCHING) >= self.workers {
            return false;
        }
        // ORDERING[pool-sleep]: Relaxed; while we search a push relies on us, and `go_idle` has the fence
        // that pairs with the one in `worker_to_notify`.
        self.counts.fetch_add(SEARCHING, Ordering::Relaxed);
        true
    }

    /// A searcher found work. Returns whether it was the last: then it must look whether more is left
    /// [searcher-finds], for a push may have relied on it.
    pub(super) fn stop_search(&self) -> bool {
        // ORDERING[pool-sleep]: Release publishes what we have moved to our own deque; pairs with the fence
        // of whoever counts itself out next, here or in `go_idle`, which acquires what its count has read.
        // Our own fence may come too late for it: it may be the last, and the only one that looks.
        let before = self.counts.fetch_sub(SEARCHING, Ordering::Release);
        // ORDERING[pool-sleep]: SeqCst fence; the race is our count against a push. Either the push
        // sees that nobody searches, or we see what it pushed; pairs with `worker_to_notify`.
        fence(Ordering::SeqCst);
        before / SEARCHING == 1 && !fault("last_searcher_is_silent")
    }

    /// The worker goes to the list. It must look at every queue once more before it waits [idle-then-look].
    pub(super) fn go_idle(&self, worker: usize, searching: bool) {
        {
            let mut idle = lock(&self.idle);
            idle.push(worker);
            let change = IDLE.wrapping_sub(if searching { SEARCHING } else { 0 });
            // ORDERING: Relaxed; the fence below orders it, and this thread has moved nothing, so it
            // publishes nothing. A read-modify-write, it hands on what `stop_search` has published.
            self.counts.fetch_add(change, Ordering::Relaxed);
        }
        // ORDERING[pool-sleep]: SeqCst fence; the race is our listing against a push. Either the push
        // sees us in the counts, or our last look sees the push; pairs with `worker_to_notify`.
        fence(Ordering::SeqCst);
    }

    /// The worker is awake again, and searching, whoever took it from the list [counted-for-it].
    pub(super) fn come_back(&self, worker: usize) {
        let mut idle = lock(&self.idle);
        if let Some(at) = idle.iter().position(|&listed| listed == worker) {
            idle.remove(at);
            // ORDERING: Relaxed; under the lock, and it only makes pushes wake fewer.
            self.counts.fetch_add(SEARCHING - IDLE, Ordering::Relaxed);
        }
    }

    /// Work was pushed: the worker that must be woken for it, if one must. `prefers` says which
    /// sleepers are cheap to wake.
    #[inline]
    pub(super) fn worker_to_notify(&self, prefers: impl Fn(usize) -> bool) -> Option<usize> {
        // ORDERING[pool-sleep]: SeqCst fence; the race is the push before us against a sleeper's
        // listing: pairs with `go_idle` and `stop_search` [push-then-read].
        fence(Ordering::SeqCst);
        // ORDERING: Relaxed; ordered by the fence.
        if !may_wake(self.counts.load(Ordering::Relaxed)) || fault("push_wakes_nobody") {
            return None;
        }
        self.take_sleeper(prefers)
    }

    #[cold]
    fn take_sleeper(&self, prefers: impl Fn(usize) -> bool) -> Option<usize> {
        let mut idle = lock(&self.idle);
        // ORDERING: Relaxed; a second look, now that other pushes are held off.
        if !may_wake(self.counts.load(Ordering::Relaxed)) {
            return None;
        }
        let at = idle.iter().rposition(|&worker| prefers(worker)).or(idle.len().checked_sub(1))?;
        // ORDERING: Relaxed; under the lock. [counted-for-it].
        self.counts.fetch_add(SEARCHING - IDLE, Ordering::Relaxed);
        Some(idle.remove(at))
    }
}

/// Somebody sleeps, and nobody searches.
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
        let crowd = 1 << 16;
        let sleep = Sleep::new(crowd);
        (0..crowd).for_each(|worker| sleep.go_idle(worker, false));
        assert_eq!(sleep.worker_to_notify(|_| false), Some(crowd - 1));
    }

    #[test]
    fn a_push_wakes_one_who_sleeps_unless_somebody_searches() {
        let sleep = Sleep::new(4);
        let woken = || sleep.worker_to_notify(|_| false);
        assert_eq!(woken(), None, "nobody sleeps");
        (0..3).for_each(|worker| sleep.go_idle(worker, false));
        assert_eq!(woken(), Some(2), "the last comer");
        assert_eq!(woken(), None, "the one that was woken searches");
        sleep.come_back(2); // It is not in the list any more.
        assert!(sleep.stop_search());
        assert_eq!(sleep.worker_to_notify(|worker| worker == 0), Some(0), "the preferred one");
        assert!(sleep.stop_search());
        sleep.come_back(1); // It woke by itself, and searches.
        assert_eq!(woken(), None);
        sleep.go_idle(1, true);
        assert_eq!(woken(), Some(1), "it slept again, and searched no more");
        assert!(sleep.stop_search());
        assert_eq!(woken(), None, "nobody is left");
        // ORDERING: Relaxed; one thread.
        assert_eq!(sleep.counts.load(Ordering::Relaxed), 0, "nobody is idle, nobody searches");
    }
}
