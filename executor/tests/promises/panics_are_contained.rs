//! A task's panic ends only the task: the worker goes on, `handle.await` resumes the panic, and `try_join`
//! returns it. Panics of destructors, outputs and wakers reach no other task.

use std::sync::mpsc;
use std::task::Waker;

use executor::pool::Pool;
use executor::task::{self, JoinError, block_on, spawn, spawn_blocking, spawn_local};

use crate::support::{
    ClosureWaker, DEADLINE, Drops, Gate, OnDrop, ends, eventually, message, panics, poll, quiet_panic,
};

fn panicked(outcome: Result<(), JoinError>) -> String {
    match outcome {
        Err(JoinError::Panicked(payload)) => message(&*payload).to_owned(),
        Err(JoinError::Cancelled) => panic!("it was cancelled"),
        Ok(()) => panic!("it did not panic"),
    }
}

#[test]
fn await_resumes_the_panic_where_it_is_awaited() {
    let pool = Pool::new(1).unwrap();
    let handle = pool.spawn(async { quiet_panic("of a pool task") });
    assert_eq!(panics(|| block_on::<task::JoinHandle<()>>(handle)), "of a pool task");
    ends(|| {
        let handle = spawn_local(async { quiet_panic("of a local task") });
        assert_eq!(panics(|| block_on::<task::JoinHandle<()>>(handle)), "of a local task");
    });
    let handle = spawn_blocking(|| quiet_panic("of a blocking call"));
    assert_eq!(panics(|| block_on::<task::JoinHandle<()>>(handle)), "of a blocking call");
    assert_eq!(block_on(pool.spawn(async { 1 })), 1, "the worker goes on");
}

#[test]
fn try_join_returns_the_panic() {
    let handle = spawn(async { quiet_panic("try me") });
    assert_eq!(panicked(block_on(handle.try_join())), "try me");
}

#[test]
fn a_panic_is_seen_through_a_chain_of_tasks() {
    let inner = spawn(async { quiet_panic("from the depth") as () });
    // A handle is a future, and may be spawned as a task itself.
    let middle = spawn(inner);
    let outer = spawn_blocking(|| block_on(middle));
    assert_eq!(panicked(block_on(outer.try_join())), "from the depth");
}

/// An unusual moment: a panic in the poll and another one in the future's drop do not abort.
#[test]
fn a_panic_in_the_poll_and_in_the_drop_do_not_abort() {
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let bomb = || OnDrop(|| quiet_panic("of the drop"));
        let make = |bomb: OnDrop<fn()>| {
            let mut held = Some(bomb);
            std::future::poll_fn(move |_| -> std::task::Poll<()> {
                let _ = &mut held;
                quiet_panic("of the poll")
            })
        };
        let handle = pool.spawn(make(OnDrop(|| quiet_panic("of the drop"))));
        assert_eq!(panicked(block_on(handle.try_join())), "of the poll");
        let handle = spawn_local(make(OnDrop(|| quiet_panic("of the drop"))));
        assert_eq!(panicked(block_on(handle.try_join())), "of the poll");
        let handle = pool.spawn(async move {
            let _bomb = bomb();
            std::future::pending::<()>().await;
        });
        assert_eq!(block_on(handle.cancel()), None);
        assert_eq!(block_on(pool.spawn(async { 1 })), 1);
    });
}

/// Hard case 14: the output's drop panics, at the end of a detached task or in the handle's drop.
#[test]
fn a_panic_in_the_outputs_drop_harms_no_other() {
    let pool = Pool::new(1).unwrap();
    let gate = Gate::new();
    let pass = gate.pass();
    drop(pool.spawn(async move {
        pass.await;
        OnDrop(|| quiet_panic("of the output"))
    }));
    gate.await_polls(1);
    gate.open();
    assert_eq!(block_on(pool.spawn(async { 1 })), 1, "the worker goes on");

    let handle = pool.spawn(async { OnDrop(|| quiet_panic("of the output")) });
    eventually("it finishes", || handle.is_finished());
    drop(handle);
    assert_eq!(block_on(pool.spawn(async { 2 })), 2, "the worker goes on");

    // A blocking call that was cancelled drops its value itself.
    let (inside, is_inside) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let handle = spawn_blocking(move || {
        inside.send(()).unwrap();
        may_go_on.recv_timeout(DEADLINE).unwrap();
        OnDrop(|| quiet_panic("of the value"))
    });
    is_inside.recv_timeout(DEADLINE).unwrap();
    handle.abort();
    go_on.send(()).unwrap();
    assert!(matches!(block_on(handle.try_join()), Err(JoinError::Cancelled)));
}

#[test]
fn a_panic_in_the_payloads_drop_harms_no_other() {
    struct Payload;
    impl Drop for Payload {
        fn drop(&mut self) {
            quiet_panic("of the payload's drop");
        }
    }
    let pool = Pool::new(1).unwrap();
    async fn explodes() {
        std::panic::resume_unwind(Box::new(Payload))
    }
    drop(pool.spawn(explodes()));
    let handle = pool.spawn(explodes());
    eventually("it finishes", || handle.is_finished());
    drop(handle);
    let handle = pool.spawn(explodes());
    eventually("it finishes", || handle.is_finished());
    assert!(block_on(handle.cancel()).is_none());
    assert_eq!(block_on(pool.spawn(async { 1 })), 1, "the worker goes on");
}

/// Hard case 32: a waker that panics in a join.
#[test]
fn a_join_waker_that_panics_harms_no_other() {
    let pool = Pool::new(1).unwrap();
    let gate = Gate::new();
    let mut handle = pool.spawn(gate.pass());
    let waker = ClosureWaker::waker(|| quiet_panic("of the waker"), || {});
    assert!(poll(&mut handle, &waker).is_pending());
    gate.open();
    eventually("it finishes", || handle.is_finished());
    assert!(poll(&mut handle, Waker::noop()).is_ready());
    assert_eq!(block_on(pool.spawn(async { 1 })), 1, "the worker goes on");
}

#[test]
fn the_root_futures_panic_leaves_block_on() {
    ends(|| {
        let drops = Drops::new();
        let token = drops.token();
        let said = panics(|| {
            block_on(async move {
                let _token = token;
                task::yield_now().await;
                quiet_panic("of the root");
            })
        });
        assert_eq!((said.as_str(), drops.count()), ("of the root", 1));
    });
}

/// A panic in one local task ends that task; the other tasks, and the root, go on.
#[test]
fn a_local_tasks_panic_leaves_its_neighbours_alone() {
    ends(|| {
        let bad: Vec<_> = (0..100).map(|_| spawn_local(async { quiet_panic("local") })).collect();
        let good: Vec<_> = (0..100).map(|n| spawn_local(async move { n })).collect();
        block_on(async {
            for (n, handle) in good.into_iter().enumerate() {
                assert_eq!(handle.await, n);
            }
            for handle in bad {
                assert_eq!(panicked(handle.try_join().await), "local");
            }
        });
    });
}

/// A panic at a thread's exit, in the drop of a remaining local task, is caught, and the other tasks are
/// dropped.
#[test]
fn a_panic_at_thread_exit_is_caught() {
    let drops = Drops::new();
    ends({
        let drops = drops.clone();
        move || {
            for n in 0..10 {
                let token = drops.token();
                drop(spawn_local(async move {
                    let _token = token;
                    let _bomb = (n % 2 == 0).then(|| OnDrop(|| quiet_panic("at exit")));
                    std::future::pending::<()>().await;
                }));
                let token = drops.token();
                drop(spawn_local(async move {
                    let _token = token;
                    let _bomb = OnDrop(|| quiet_panic("at exit, unpolled"));
                    std::future::pending::<()>().await;
                }));
            }
        }
    });
    assert_eq!(drops.count(), 20);
}

#[test]
fn the_errors_say_what_happened() {
    let handle = spawn(async { quiet_panic("the reason") as () });
    let error = block_on(handle.try_join()).expect_err("it panicked");
    assert!(error.to_string().contains("the reason"), "{error}");
    assert!(format!("{error:?}").contains("the reason"), "{error:?}");
    let handle = spawn(std::future::pending::<()>());
    handle.abort();
    let error: Box<dyn std::error::Error> = Box::new(block_on(handle.try_join()).unwrap_err());
    assert!(error.to_string().contains("cancelled"), "{error}");
}
