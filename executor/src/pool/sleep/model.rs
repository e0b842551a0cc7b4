//! The counts and the idle list under the model checker, with a queue that orders no more than it must.

use std::sync::Arc;

use reactor::shim::atomic::{AtomicUsize, Ordering};
use reactor::shim::model::{Notifier, check, check_with_fewer, stop_before_fences};
use reactor::shim::thread;

use super::Sleep;

/// Tasks that are only counted, and what wakes the workers.
struct Pool {
    tasks: AtomicUsize,
    sleep: Sleep,
    notifiers: [Arc<Notifier>; 2],
}

impl Pool {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            tasks: AtomicUsize::new(0),
            sleep: Sleep::new(4),
            notifiers: [(); 2].map(|()| Notifier::new().0),
        })
    }

    fn push(&self) {
        // ORDERING: Release, as crossbeam's.
        self.tasks.fetch_add(1, Ordering::Release);
        self.wake_one();
    }

    fn wake_one(&self) {
        if let Some(worker) = self.sleep.worker_to_notify(|_| true) {
            Arc::clone(&self.notifiers[worker]).notify();
        }
    }

    fn has_work(&self) -> bool {
        // ORDERING: Acquire, as crossbeam's. It may miss a push that no fence puts before it.
        self.tasks.load(Ordering::Acquire) > 0
    }

    fn take(&self) -> bool {
        // ORDERING: Acquire, as crossbeam's.
        let one_less = |tasks: usize| tasks.checked_sub(1);
        self.has_work() && self.tasks.fetch_update(Ordering::Acquire, Ordering::Relaxed, one_less).is_ok()
    }

    /// A worker's search and sleep, as `worker` does it, until it has run a task.
    fn work(&self, worker: usize) {
        let mut searching = self.sleep.start_search();
        let mut count = 0;
        loop {
            if searching && self.take() {
                if self.sleep.stop_search() && self.has_work() {
                    self.wake_one(); // [searcher-finds]
                }
                return;
            }
            self.sleep.go_idle(worker, searching);
            if !self.has_work() {
                count = self.notifiers[worker].wait(count); // [idle-then-look]
            }
            self.sleep.come_back(worker);
            searching = true; // [counted-for-it]
        }
    }
}

/// [push-then-read], [idle-then-look]: a push sees the sleeper, or the sleeper's last look sees the push.
/// Finds `push_wakes_no_worker`, `load_instead_of_fence`.
#[test]
fn a_push_meets_a_sleeper() {
    check(|| {
        let pool = Pool::new();
        let worker = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.work(0))
        };
        pool.push();
        worker.join().unwrap();
    });
}

/// [searcher-finds]: of two tasks the second is run too, although its push relied on a searcher that found the
/// first. Finds `last_searcher_is_silent`.
#[test]
fn the_last_searcher_wakes_the_next() {
    check(|| {
        let pool = Pool::new();
        let workers = [0, 1].map(|worker| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.work(worker))
        });
        pool.push();
        pool.push();
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

/// [searcher-finds]: a thief has moved tasks to its own deque, and relied on the other searcher when it stopped.
/// The other searcher sees them in its last look. Finds `last_searcher_is_silent`.
#[test]
fn a_thiefs_batch_is_not_overlooked() {
    check(|| {
        let pool = Pool::new();
        assert!(pool.sleep.start_search());
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.work(1))
        };
        // ORDERING: Release, as crossbeam's.
        pool.tasks.fetch_add(1, Ordering::Release);
        if pool.sleep.stop_search() {
            pool.wake_one();
        }
        // This thread is in a long poll: the other one runs the batch.
        other.join().unwrap();
    });
}

/// [searcher-finds]: one of two searchers is the last to stop. It sees what the other one has moved to its own
/// deque before it stopped, however slow that one is after it has subtracted itself from the counts. Finds
/// `last_searcher_is_silent`.
#[test]
fn the_last_searcher_sees_a_slow_thiefs_batch() {
    check(|| {
        let pool = Pool::new();
        assert!(pool.sleep.start_search() && pool.sleep.start_search());
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.sleep.stop_search().then(|| pool.has_work()))
        };
        stop_before_fences();
        // ORDERING: Release, as crossbeam's.
        pool.tasks.fetch_add(1, Ordering::Release);
        let thief = pool.sleep.stop_search().then(|| pool.has_work());
        let seen = [thief, other.join().unwrap()];
        assert_eq!(seen.iter().flatten().collect::<Vec<_>>(), [&true], "one is the last, and sees it");
    });
}

/// Two pushes at once, and two workers that sleep: each worker gets a task, whether each push wakes one, or one
/// push relies on the searcher that the other has woken. Finds `push_wakes_no_worker`, `stays_listed_awake`.
#[test]
fn two_pushes_meet_two_sleepers() {
    check_with_fewer(1, || {
        let pool = Pool::new();
        let workers = [0, 1].map(|worker| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.work(worker))
        });
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.push())
        };
        pool.push();
        other.join().unwrap();
        for worker in workers {
            worker.join().unwrap();
        }
    });
}
