//! Hard case 2 where no thread of the process waits: the worker that is always busy then monitors the tasks
//! in the slot and the deque of the worker in a long poll. In a process of its own: a waiting thread of any
//! other pool would be the monitor.
#![cfg(not(loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use executor::pool::Pool;
use executor::task::yield_now;

/// Long enough for a machine under load.
const DEADLINE: Duration = Duration::from_secs(20);

#[test]
fn the_next_tasks_are_run_by_a_worker_that_is_always_busy() {
    let pool = Arc::new(Pool::new(2).unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    drop(pool.spawn({
        let stop = Arc::clone(&stop);
        async move {
            while !stop.load(Ordering::Relaxed) {
                yield_now().await;
            }
        }
    }));
    for _ in 0..10 {
        let (report, reported) = mpsc::channel();
        let inside = Arc::clone(&pool);
        drop(pool.spawn(async move {
            let (child, ran) = mpsc::channel();
            for _ in 0..3 {
                let child = child.clone();
                drop(inside.spawn(async move { child.send(()).unwrap() }));
            }
            report.send((0..3).all(|_| ran.recv_timeout(DEADLINE).is_ok())).unwrap();
        }));
        assert_eq!(reported.recv_timeout(4 * DEADLINE), Ok(true));
    }
    stop.store(true, Ordering::Relaxed);
}
