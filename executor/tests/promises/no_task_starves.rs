//! Fairness: a task that is always ready starves no other task, and neither do two tasks that wake each other
//! through the next-task slot (hard case 3).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use executor::pool::Pool;
use executor::sync::{Mutex, mpsc};
use executor::task::{self, block_on, spawn_local, yield_now};
use futures_lite::future::poll_once;

use crate::support::{DEADLINE, Gate, ends};

/// Stops its tasks when it is dropped.
struct Noise(Arc<AtomicBool>);

impl Noise {
    fn new() -> (Self, Arc<AtomicBool>) {
        let stop = Arc::new(AtomicBool::new(false));
        (Self(Arc::clone(&stop)), stop)
    }
}

impl Drop for Noise {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What must go on beside tasks that are always ready: new tasks, tasks that yield, and wakes from outside.
fn others_go_on(pool: &Pool) {
    for _ in 0..20 {
        block_on(pool.spawn(async {}));
    }
    block_on(pool.spawn(async {
        for _ in 0..20 {
            yield_now().await;
        }
    }));
    let gate = Gate::new();
    let handle = pool.spawn(gate.pass());
    gate.await_polls(1);
    gate.open();
    block_on(handle);
}

#[test]
fn beside_a_yield_loop_in_a_pool_of_one() {
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let (_noise, stop) = Noise::new();
        drop(pool.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                yield_now().await;
            }
        }));
        others_go_on(&pool);
    });
}

/// Hard case 3.
#[test]
fn beside_a_ping_pong_in_a_pool_of_one() {
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let (_noise, stop) = Noise::new();
        let (ping, mut pinged) = mpsc::channel(1);
        let (pong, mut ponged) = mpsc::channel(1);
        drop(pool.spawn(async move {
            while !stop.load(Ordering::Relaxed) && ping.send(()).await.is_ok() {
                if ponged.recv().await.is_none() {
                    return;
                }
            }
        }));
        drop(
            pool.spawn(async move { while pinged.recv().await.is_some() && pong.send(()).await.is_ok() {} }),
        );
        others_go_on(&pool);
    });
}

/// Tasks that spawn their own successor: the slot is always full.
#[test]
fn beside_a_chain_of_spawns_in_a_pool_of_one() {
    fn next(pool: &Arc<Pool>, stop: Arc<AtomicBool>, links: Arc<AtomicUsize>) {
        let again = Arc::downgrade(pool);
        drop(pool.spawn(async move {
            links.fetch_add(1, Ordering::Relaxed);
            if let (Some(pool), false) = (again.upgrade(), stop.load(Ordering::Relaxed)) {
                next(&pool, stop, links);
            }
        }));
    }
    ends(|| {
        let pool = Arc::new(Pool::new(1).unwrap());
        let (_noise, stop) = Noise::new();
        let links = Arc::new(AtomicUsize::new(0));
        next(&pool, stop, Arc::clone(&links));
        others_go_on(&pool);
        // The slot comes first only a few times in a row, even if it always has a task.
        let passed = block_on(pool.spawn(async move {
            let before = links.load(Ordering::Relaxed);
            for _ in 0..100 {
                yield_now().await;
            }
            links.load(Ordering::Relaxed) - before
        }));
        assert!(passed < 1000, "{passed} links came first");
    });
}

/// Both ends of a channel are always ready: the budget makes the task give way.
#[test]
fn beside_a_channel_that_is_always_ready() {
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let (_noise, stop) = Noise::new();
        drop(pool.spawn(async move {
            let (sender, mut receiver) = mpsc::channel(4);
            while !stop.load(Ordering::Relaxed) {
                sender.send(()).await.unwrap();
                receiver.recv().await.unwrap();
            }
        }));
        others_go_on(&pool);
    });
}

/// A task tries first, and waits only when there is nothing: where the budget refuses the attempt, the wait
/// must not be granted instead, time after time.
#[test]
fn beside_a_loop_that_tries_before_it_waits() {
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let (_noise, stop) = Noise::new();
        drop(pool.spawn(async move {
            let mutex = Mutex::new(());
            while !stop.load(Ordering::Relaxed) {
                if poll_once(mutex.lock()).await.is_none() {
                    drop(mutex.lock().await);
                }
            }
        }));
        others_go_on(&pool);
    });
}

#[test]
fn local_tasks_and_the_root_share_a_thread() {
    ends(|| {
        let noise: Vec<_> = (0..100)
            .map(|_| {
                spawn_local(async {
                    loop {
                        yield_now().await;
                    }
                })
            })
            .collect::<Vec<task::JoinHandle<()>>>();
        block_on(async {
            for _ in 0..100 {
                yield_now().await;
                spawn_local(async {}).await;
            }
        });
        drop(noise);
    });
}

#[test]
fn a_busy_root_does_not_starve_local_tasks() {
    ends(|| {
        let handle = spawn_local(async {
            for _ in 0..100 {
                yield_now().await;
            }
        });
        block_on(async {
            while !handle.is_finished() {
                yield_now().await;
            }
        });
    });
}

/// Local tasks of a worker and tasks of its pool, both always ready.
#[test]
fn a_workers_local_tasks_and_its_pool_share_a_thread() {
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let (_noise, stop) = Noise::new();
        let local_stop = Arc::clone(&stop);
        let (report, reported) = std::sync::mpsc::channel();
        block_on(pool.spawn(async move {
            for _ in 0..20 {
                let (stop, report) = (Arc::clone(&local_stop), report.clone());
                drop(spawn_local(async move {
                    for _ in 0..100 {
                        yield_now().await;
                    }
                    report.send(()).unwrap();
                    while !stop.load(Ordering::Relaxed) {
                        yield_now().await;
                    }
                }));
            }
        }));
        drop(pool.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                yield_now().await;
            }
        }));
        others_go_on(&pool);
        for _ in 0..20 {
            reported.recv_timeout(DEADLINE).expect("local tasks go on");
        }
    });
}
