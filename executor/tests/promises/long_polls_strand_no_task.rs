//! Hard case 2: another worker runs the task in the next-task slot of a worker in a long poll, while that
//! poll is still going on.

use std::sync::Arc;
use std::sync::mpsc;

use executor::pool::Pool;
use executor::task::{block_on, spawn_local, yield_now};

use crate::support::{DEADLINE, Gate, ends};

/// Spawns a task from inside a poll that then blocks until the task has run.
fn waits_for_its_child(pool: &Arc<Pool>) -> mpsc::Receiver<bool> {
    let (report, reported) = mpsc::channel();
    let inside = Arc::clone(pool);
    drop(pool.spawn(async move {
        let (child, ran) = mpsc::channel();
        drop(inside.spawn(async move { child.send(()).unwrap() }));
        report.send(ran.recv_timeout(DEADLINE / 2).is_ok()).unwrap();
    }));
    reported
}

#[test]
fn the_slots_task_is_run_by_another_worker() {
    let pool = Arc::new(Pool::new(2).unwrap());
    for _ in 0..10 {
        let reported = waits_for_its_child(&pool);
        assert_eq!(reported.recv_timeout(DEADLINE), Ok(true));
    }
}

#[test]
fn the_slots_task_is_run_while_a_block_on_waits_beside_the_pool() {
    ends(|| {
        let pool = Arc::new(Pool::new(2).unwrap());
        let (end, ended) = executor::sync::oneshot::channel();
        let waiter = std::thread::spawn(move || block_on(ended));
        for _ in 0..10 {
            let reported = waits_for_its_child(&pool);
            assert_eq!(reported.recv_timeout(DEADLINE), Ok(true));
        }
        end.send(()).unwrap();
        waiter.join().unwrap().unwrap();
    });
}

#[test]
fn a_woken_task_is_run_by_another_worker() {
    let pool = Arc::new(Pool::new(2).unwrap());
    for _ in 0..10 {
        let gate = Gate::new();
        let (woken, ran) = mpsc::channel();
        let pass = gate.pass();
        drop(pool.spawn(async move {
            pass.await;
            woken.send(()).unwrap();
        }));
        gate.await_polls(1);
        let ran = pool.spawn(async move {
            gate.open();
            ran.recv_timeout(DEADLINE / 2).is_ok()
        });
        assert!(block_on(ran));
    }
}

/// All tasks in the deque of a worker in a long poll are stolen.
#[test]
fn the_deques_tasks_are_run_by_another_worker() {
    let pool = Arc::new(Pool::new(2).unwrap());
    let inside = Arc::clone(&pool);
    let all_ran = pool.spawn(async move {
        let (child, ran) = mpsc::channel();
        for _ in 0..100 {
            let child = child.clone();
            drop(inside.spawn(async move { child.send(()).unwrap() }));
        }
        (0..100).all(|_| ran.recv_timeout(DEADLINE / 2).is_ok())
    });
    assert!(block_on(all_ran));
}

/// A long poll of a `block_on`'s future or of a local task stops no pool.
#[test]
fn a_block_on_thread_in_a_long_poll_stops_no_pool() {
    ends(|| {
        let pool = Arc::new(Pool::new(1).unwrap());
        let task = spawn_local({
            let pool = Arc::clone(&pool);
            async move {
                let (done, end) = mpsc::channel();
                drop(pool.spawn(async move {
                    for _ in 0..10 {
                        yield_now().await;
                    }
                    done.send(()).unwrap();
                }));
                end.recv_timeout(DEADLINE / 2).is_ok()
            }
        });
        assert!(block_on(task));
    });
}
