//! Hard case 2, wherever the work stands: what a worker in a long poll has in its deque, or was to search for,
//! is run by another worker that sleeps; also where threads in `block_on` wait in between, which are
//! woken more easily.

use std::sync::mpsc;
use std::thread;

use executor::pool::Pool;
use executor::sync::oneshot;
use executor::task::{block_on, spawn_local, yield_now};

use crate::alone;
use crate::support::{DEADLINE, Gate, ends};

/// Threads in `block_on`, as long as this lives.
struct Guests(Vec<(oneshot::Sender<()>, thread::JoinHandle<()>)>);

impl Guests {
    fn come(count: usize) -> Self {
        let come = |_| {
            let (end, ended) = oneshot::channel();
            (end, thread::spawn(|| _ = block_on(ended)))
        };
        Self((0..count).map(come).collect())
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        for (end, thread) in self.0.drain(..) {
            drop(end);
            thread.join().expect("it only waits");
        }
    }
}

/// A task wakes a second one, which then blocks the worker, and gives way to it.
#[test]
fn a_task_that_gave_way_to_one_that_blocks() {
    for guests in 0..4 {
        let _alone = alone();
        ends(move || {
            let pool = Pool::new(2).unwrap();
            let _guests = Guests::come(guests);
            for _ in 0..5 {
                let (told, ran) = mpsc::channel();
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
                    told.send(()).unwrap();
                }));
                assert!(block_on(blocked), "with {guests} threads in block_on");
            }
        });
    }
}

/// A worker is woken for a local task, which blocks it: it searches for nobody.
#[test]
fn a_task_that_is_spawned_beside_a_local_task_that_blocks() {
    for guests in 0..4 {
        let _alone = alone();
        ends(move || {
            let pool = Pool::new(2).unwrap();
            let _guests = Guests::come(guests);
            for _ in 0..5 {
                let (told, ran) = mpsc::channel();
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
                drop(pool.spawn(async move { told.send(()).unwrap() }));
                assert_eq!(verdict.recv_timeout(DEADLINE), Ok(true), "with {guests} threads in block_on");
            }
        });
    }
}
