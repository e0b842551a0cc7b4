//! A worker on a thread of its own, with the test in the role of the pool's other worker.

use std::sync::{Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::pool::queue::queues;
use crate::pool::task::PoolScheduler;
use crate::raw_task::run::new_task;

const PATIENCE: Duration = Duration::from_secs(30);

/// Blocks in its drop.
struct Blocks {
    begun: mpsc::Sender<()>,
    end: mpsc::Receiver<()>,
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.begun.send(()).unwrap();
        let _ = self.end.recv();
    }
}

/// While a worker searches, a push wakes no other worker. So a worker must not count as searching while it is
/// in a long destructor.
#[test]
fn a_worker_that_drops_its_local_tasks_does_not_search() {
    let ((first, second), (begun, has_begun), (end, ending)) =
        ((queues(), queues()), mpsc::channel(), mpsc::channel());
    let shared = Arc::new(Shared::new(vec![first.1, second.1]));
    let worker = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || run_worker(shared, 0, first.0))
    };
    let (spawns, _handle) = new_task(
        async move {
            let blocks = Blocks { begun, end: ending };
            drop(local::spawn_local(async move {
                let _blocks = blocks;
                // Its waker stays: without a waker it would be dropped at once.
                static STAYS: Mutex<Option<Waker>> = Mutex::new(None);
                std::future::poll_fn(|cx| {
                    *STAYS.lock().unwrap() = Some(cx.waker().clone());
                    Poll::<()>::Pending
                })
                .await;
            }));
        },
        PoolScheduler::new(&shared),
        (),
        std::panic::Location::caller(),
    );
    shared.inject(spawns);

    // It sleeps, and is taken from the list as if a push had taken it: it comes back as a searcher.
    let deadline = Instant::now() + PATIENCE;
    while shared.has_work(true) || shared.sleep.worker_to_notify(|_| true) != Some(0) {
        assert!(Instant::now() < deadline, "the worker never sleeps");
        thread::yield_now();
    }
    shared.close(false);
    has_begun.recv_timeout(PATIENCE).expect("the local task is dropped");
    shared.sleep.go_idle(1, false);
    assert_eq!(shared.sleep.worker_to_notify(|_| false), Some(1), "a push wakes the other worker");

    drop(end);
    let _ = shared.end_work(); // The other worker finds nothing: the last of the two says that the pool is over.
    worker.join().unwrap();
}
