//! What aborts a task from elsewhere does so from anywhere, and does nothing else to it.

use std::task::Poll;
use std::thread;

use executor::task::{self, AbortHandle, AbortOnDrop, block_on, spawn, spawn_local};

use crate::support::{Count, Drops, Gate, ends, eventually, poll};

#[test]
fn an_abort_handle_aborts_a_task_that_was_detached() {
    ends(|| {
        let (drops, gate) = (Drops::new(), Gate::new());
        let (token, passed) = (drops.token(), gate.pass());
        let task = spawn(async move {
            passed.await;
            drop(token);
        });
        let abort = task.abort_handle();
        drop(task);
        gate.await_polls(1);
        assert_eq!(drops.count(), 0, "it runs on");
        thread::spawn(move || abort.abort()).join().expect("no panic");
        eventually("the future is dropped", || drops.count() == 1);
    });
}

/// An `AbortHandle` can still reach the task, so the task stays; and is dropped with the last one.
#[test]
fn a_task_that_nothing_can_wake_stays_with_its_abort_handle() {
    ends(|| {
        let drops = Drops::new();
        let token = drops.token();
        let task = spawn_local(async move {
            std::future::pending::<()>().await;
            drop(token);
        });
        let (one, two) = (task.abort_handle(), task.abort_handle());
        drop(task);
        block_on(task::yield_now()); // Its only poll.
        drop(one.clone());
        drop(one);
        block_on(task::yield_now());
        assert!(drops.count() == 0 && !two.is_finished());
        drop(two);
        block_on(task::yield_now());
        assert_eq!(drops.count(), 1);
    });
}

/// Of a local task too, from another thread: it is dropped on its own.
#[test]
fn a_local_task_is_aborted_from_another_thread() {
    ends(|| {
        let held = std::rc::Rc::new(());
        let inside = std::rc::Rc::clone(&held);
        let task = spawn_local(async move {
            std::future::pending::<()>().await;
            drop(inside);
        });
        block_on(task::yield_now());
        let abort: AbortHandle = task.abort_handle();
        thread::spawn(move || abort.abort()).join().expect("no panic");
        assert!(block_on(task.try_join()).expect_err("aborted").is_cancelled());
        assert_eq!(std::rc::Rc::strong_count(&held), 1);
    });
}

#[test]
fn a_finished_task_keeps_its_output() {
    ends(|| {
        let mut task = spawn(async { 7 });
        let abort = task.abort_handle();
        eventually("it finishes", || abort.is_finished());
        abort.abort();
        assert_eq!(block_on(task.try_join_mut()).ok(), Some(7));
        assert_eq!(abort.id(), task.id());
    });
}

/// A fallible wait by reference can be given up, and taken up again.
#[test]
fn a_join_by_reference_leaves_the_outcome() {
    ends(|| {
        let gate = Gate::new();
        let mut task = spawn(gate.pass());
        let (woken, waker) = Count::new();
        let mut join = task.try_join_mut();
        assert!(poll(&mut join, &waker).is_pending());
        gate.open();
        eventually("it is woken", || woken.wakes() == 1);
        drop(join);
        assert!(matches!(poll(&mut task.try_join_mut(), &waker), Poll::Ready(Ok(()))));
    });
}

#[test]
fn abort_on_drop_does_so_unless_it_is_taken_apart() {
    ends(|| {
        let (drops, never) = (Drops::new(), Gate::new());
        let (token, passed) = (drops.token(), never.pass());
        let guarded = AbortOnDrop::new(spawn(async move {
            passed.await;
            drop(token);
        }));
        never.await_polls(1);
        assert!(!guarded.is_finished());
        drop(guarded);
        eventually("the future is dropped", || drops.count() == 1);

        let gate = Gate::new();
        let task = AbortOnDrop::new(spawn(gate.pass())).into_inner();
        gate.open();
        block_on(task);

        let mut guarded = AbortOnDrop::new(spawn(async { 7 }));
        assert_eq!(block_on(guarded.try_join_mut()).ok(), Some(7));
        assert_eq!(block_on(AbortOnDrop::new(spawn(async { 8 }))), 8);
    });
}
