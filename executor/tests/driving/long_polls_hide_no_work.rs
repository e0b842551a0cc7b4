//! Hard case 2, wherever the task is: a sleeping worker is woken for the tasks that a worker in a long poll
//! has in its deque, or was woken to search for. Threads in `block_on` also wait in these tests, because the
//! runtime wakes them more easily.

use std::sync::mpsc;
use std::thread;

use executor::pool::Pool;
use executor::sync::oneshot;
use executor::task::{block_on, spawn_local, yield_now};

use crate::alone;
use crate::support::{DEADLINE, Gate, ends};

/// Keeps threads in `block_on` until it is dropped.
struct InBlockOn(Vec<(oneshot::Sender<()>, thread::JoinHandle<()>)>);

impl InBlockOn {
    fn start(count: usize) -> Self {
        let come = |_| {
            let (end, ended) = oneshot::channel();
            (end, thread::spawn(|| _ = block_on(ended)))
        };
        Self((0..count).map(come).collect())
    }
}

impl Drop for InBlockOn {
    fn drop(&mut self) {
        for (end, thread) in self.0.drain(..) {
            drop(end);
            thread.join().expect("the thread only waits");
        }
    }
}

/// A task wakes a second one and gives way to it; the second then blocks the worker.
#[test]
fn a_task_that_gave_way_to_one_that_blocks() {
    for in_block_on in 0..4 {
        let _alone = alone();
        ends(move || {
            let pool = Pool::new(2).unwrap();
            let _threads = InBlockOn::start(in_block_on);
            for _ in 0..5 {
                let (report, ran) = mpsc::channel();
                let gate = Gate::new();
                let pass = gate.pass();
                let blocked = pool.spawn(async move {
                    pass.await;
                    ran.recv_timeout(DEADLINE / 4).is_ok()
                });
                gate.await_polls(1);
                drop(pool.spawn(async move {
                    gate.open();
                    yield_now().await;
                    report.send(()).unwrap();
                }));
                assert!(block_on(blocked), "with {in_block_on} threads in block_on");
            }
        });
    }
}

/// A worker is woken for a local task, which blocks it: it does not search for the pool's tasks.
#[test]
fn a_task_that_is_spawned_beside_a_local_task_that_blocks() {
    for in_block_on in 0..4 {
        let _alone = alone();
        ends(move || {
            let pool = Pool::new(2).unwrap();
            let _threads = InBlockOn::start(in_block_on);
            for _ in 0..5 {
                let (report, ran) = mpsc::channel();
                let (begins, begun) = mpsc::channel();
                let (ends, verdict) = mpsc::channel();
                let gate = Gate::new();
                let pass = gate.pass();
                block_on(pool.spawn(async move {
                    drop(spawn_local(async move {
                        pass.await;
                        begins.send(()).unwrap();
                        ends.send(ran.recv_timeout(DEADLINE / 4).is_ok()).unwrap();
                    }));
                }));
                gate.await_polls(1);
                gate.open();
                begun.recv_timeout(DEADLINE).unwrap();
                drop(pool.spawn(async move { report.send(()).unwrap() }));
                assert_eq!(
                    verdict.recv_timeout(DEADLINE),
                    Ok(true),
                    "with {in_block_on} threads in block_on"
                );
            }
        });
    }
}
