//! The future of a pending task is dropped once nothing can wake the task any more, on its own thread if it
//! is local. This happens to no other task: a last waker that is woken, and not dropped, makes its task run.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;

use executor::pool::Pool;
use executor::task::{self, block_on, spawn, spawn_local};

use crate::support::{Drops, Gate, ends, eventually};

#[test]
fn a_detached_pool_task_without_wakers_is_dropped() {
    let drops = Drops::new();
    let token = drops.token();
    drop(spawn(async move {
        let _token = token;
        std::future::pending::<()>().await;
    }));
    eventually("the future is dropped", || drops.count() == 1);
}

#[test]
fn a_pool_task_is_dropped_with_its_last_waker() {
    let (drops, gate) = (Drops::new(), Gate::new());
    let (token, pass) = (drops.token(), gate.pass());
    drop(spawn(async move {
        let _token = token;
        pass.await;
    }));
    gate.await_polls(1);
    let waker = gate.take_waker().expect("the task waits");
    assert_eq!(drops.count(), 0, "a waker is left");
    drop(waker);
    eventually("the future is dropped", || drops.count() == 1);
}

#[test]
fn a_pool_task_is_dropped_with_its_handle_if_no_waker_is_left() {
    let (drops, gate) = (Drops::new(), Gate::new());
    let (token, pass) = (drops.token(), gate.pass());
    let handle = spawn(async move {
        let _token = token;
        pass.await;
    });
    gate.await_polls(1);
    drop(gate.take_waker());
    assert_eq!(drops.count(), 0, "the handle can still cancel it");
    drop(handle);
    eventually("the future is dropped", || drops.count() == 1);
}

#[test]
fn a_detached_pool_task_is_polled_when_its_only_waker_is_woken() {
    let gate = Gate::new();
    let (done, end) = mpsc::channel();
    let pass = gate.pass();
    drop(spawn(async move {
        pass.await;
        done.send(()).unwrap();
    }));
    gate.await_polls(1);
    gate.open();
    end.recv_timeout(crate::support::DEADLINE).expect("a woken task runs");
}

#[test]
fn a_detached_local_task_is_polled_when_its_only_waker_is_woken_on_its_thread() {
    ends(|| {
        let gate = Gate::new();
        let done = Rc::new(Cell::new(false));
        drop(spawn_local({
            let (pass, done) = (gate.pass(), Rc::clone(&done));
            async move {
                pass.await;
                done.set(true);
            }
        }));
        block_on(async {
            while gate.polls() == 0 {
                task::yield_now().await;
            }
            gate.open();
            for _ in 0..10 {
                task::yield_now().await;
            }
        });
        assert!(done.get(), "a woken task runs");
    });
}

#[test]
fn a_detached_local_task_is_polled_when_its_only_waker_is_woken_elsewhere() {
    ends(|| {
        let gate = Gate::new();
        let finished = Gate::new();
        drop(spawn_local({
            let (pass, finished) = (gate.pass(), finished.clone());
            async move {
                pass.await;
                finished.open();
            }
        }));
        let opener = thread::spawn({
            let gate = gate.clone();
            move || {
                gate.await_polls(1);
                gate.open();
            }
        });
        block_on(finished.pass());
        opener.join().unwrap();
    });
}

/// The same in a common form: a detached local task awaits a task of the pool.
#[test]
fn a_detached_local_task_may_await_a_pool_task() {
    ends(|| {
        let finished = Gate::new();
        let gate = Gate::new();
        drop(spawn_local({
            let (finished, pass) = (finished.clone(), gate.pass());
            async move {
                spawn(pass).await;
                finished.open();
            }
        }));
        let opener = thread::spawn({
            let gate = gate.clone();
            move || {
                gate.await_polls(1);
                gate.open();
            }
        });
        block_on(finished.pass());
        opener.join().unwrap();
    });
}

#[test]
fn a_local_task_is_dropped_on_its_thread_wherever_its_last_waker_goes() {
    ends(|| {
        let owner = thread::current().id();
        let (drops, gate) = (Drops::new(), Gate::new());
        drop(spawn_local({
            let (token, pass) = (drops.token(), gate.pass());
            async move {
                let _token = token;
                pass.await;
            }
        }));
        let dropper = thread::spawn({
            let (gate, drops) = (gate.clone(), drops.clone());
            move || {
                gate.await_polls(1);
                drop(gate.take_waker().expect("the task waits"));
                drops
            }
        });
        let watched = drops.clone();
        block_on(poll_fn(move |cx| {
            if watched.count() == 1 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        dropper.join().unwrap();
        assert_eq!(drops.threads(), [owner]);
        assert_eq!(gate.polls(), 1, "it was dropped, not polled again");
    });
}

#[test]
fn a_local_task_is_dropped_with_its_last_waker_on_its_thread() {
    ends(|| {
        let (drops, gate) = (Drops::new(), Gate::new());
        drop(spawn_local({
            let (token, pass) = (drops.token(), gate.pass());
            async move {
                let _token = token;
                pass.await;
            }
        }));
        block_on(async {
            while gate.polls() == 0 {
                task::yield_now().await;
            }
            drop(gate.take_waker());
            while drops.count() == 0 {
                task::yield_now().await;
            }
        });
    });
}

#[test]
fn a_detached_local_task_without_wakers_is_dropped() {
    ends(|| {
        let drops = Drops::new();
        let token = drops.token();
        drop(spawn_local(async move {
            let _token = token;
            std::future::pending::<()>().await;
        }));
        block_on(async {
            while drops.count() == 0 {
                task::yield_now().await;
            }
        });
    });
}

/// Two tasks of one thread that hold nothing but each other's handle: hard case 14. The first waits
/// for the second and the second for the first; nothing else can wake either.
#[test]
fn two_pool_tasks_that_await_each_other_leave_with_their_pool() {
    ends(|| {
        let drops = Drops::new();
        let pool = Pool::new(1).unwrap();
        let (to_first, first_gets) = executor::sync::oneshot::channel();
        let (to_second, second_gets) = executor::sync::oneshot::channel();
        let wait = |token, other: executor::sync::oneshot::Receiver<task::JoinHandle<()>>| async move {
            let _token = token;
            if let Ok(other) = other.await {
                other.await;
            }
        };
        let first = pool.spawn(wait(drops.token(), first_gets));
        let second = pool.spawn(wait(drops.token(), second_gets));
        assert!(to_first.send(second).is_ok());
        assert!(to_second.send(first).is_ok());
        drop(pool);
        assert_eq!(drops.count(), 2);
    });
}
