//! Exercises of the chapter "05 A run queue": `stubs/05_run_queue.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/05_run_queue.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/05_run_queue.rs")]
mod ch05_run_queue;

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;

use ch05_run_queue::Executor;
use futures_lite::future::yield_now;

/// Returns an executor that is never dropped, so that tasks can hold its handles.
fn executor() -> &'static Executor {
    Box::leak(Box::default())
}

#[test]
fn exercise_1_a_task_runs_when_its_turn_comes() {
    let executor = executor();
    let ran = Rc::new(Cell::new(false));
    let handle = executor.spawn({
        let ran = ran.clone();
        async move { ran.set(true) }
    });
    assert!(!ran.get(), "spawning a task does not run it");
    executor.run();
    assert!(ran.get());
    assert_eq!(handle.take(), Some(()));
}

#[test]
fn exercise_1_a_task_waits_for_another() {
    let executor = executor();
    let slow = executor.spawn(async {
        for _ in 0..5 {
            yield_now().await;
        }
        6
    });
    let sum = executor.spawn(async move { slow.await * 7 });
    executor.run();
    assert_eq!(sum.take(), Some(42));
}

#[test]
fn exercise_1_a_dropped_handle_detaches() {
    let executor = executor();
    let count = Rc::new(Cell::new(0));
    drop(executor.spawn({
        let count = count.clone();
        async move {
            yield_now().await;
            count.set(1);
        }
    }));
    executor.run();
    assert_eq!(count.get(), 1);
}

#[test]
fn exercise_2_the_other_tasks_go_on() {
    let executor = executor();
    let aborted = executor.spawn(pending::<()>());
    let other = executor.spawn(async {
        yield_now().await;
        yield_now().await;
        7
    });
    let also_aborted = executor.spawn(pending::<()>());
    also_aborted.abort();
    aborted.abort();
    executor.run();
    assert_eq!(other.take(), Some(7));
    other.abort();
    assert_eq!(other.take(), None, "it has completed, and its output was taken");
}

/// Spawns when it is dropped.
struct SpawnsOnDrop(&'static Executor, Rc<Cell<u32>>);

impl Drop for SpawnsOnDrop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return; // The test has already failed.
        }
        let count = self.1.clone();
        drop(self.0.spawn(async move { count.set(count.get() + 1) }));
    }
}

#[test]
fn exercise_2_an_aborted_task_is_dropped_at_once() {
    let executor = executor();
    let count = Rc::new(Cell::new(0));
    let spawns_on_drop = SpawnsOnDrop(executor, count.clone());
    let handle = executor.spawn(async move {
        pending::<()>().await;
        drop(spawns_on_drop);
    });
    executor.run();
    handle.abort();
    executor.run();
    assert_eq!(count.get(), 1, "its future was dropped, and the task that the drop spawned has run");
    assert_eq!(handle.take(), None);
    handle.abort();
}
