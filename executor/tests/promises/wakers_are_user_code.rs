//! Wakers are cloned, woken and dropped on any thread, at any time. A waker is user code: it may panic, and
//! it may call the runtime again. Hard cases 12, 13 and 32.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use executor::pool::Pool;
use executor::task::{self, JoinHandle, block_on, spawn, spawn_local};

use crate::support::{ClosureWaker, Drops, Gate, OnDrop, ends, eventually, poll};

#[test]
fn a_tasks_waker_outlives_the_task() {
    let gate = Gate::new();
    let handle = spawn(gate.pass());
    gate.await_polls(1);
    let waker = gate.take_waker().expect("the task waits");
    waker.wake_by_ref();
    gate.await_polls(2);
    block_on(handle.cancel());
    waker.wake_by_ref();
    waker.clone().wake();
    drop(waker.clone());
    assert!(waker.will_wake(&waker.clone()));
    thread::spawn(move || waker.wake()).join().unwrap();
}

#[test]
fn a_tasks_waker_outlives_its_pool() {
    ends(|| {
        let gate = Gate::new();
        let pool = Pool::new(2).unwrap();
        let handle = pool.spawn(gate.pass());
        gate.await_polls(1);
        let waker = gate.take_waker().expect("the task waits");
        drop(pool);
        waker.wake_by_ref();
        let clone = waker.clone();
        drop(handle);
        thread::spawn(move || clone.wake()).join().unwrap();
        waker.wake();
    });
}

#[test]
fn the_roots_waker_outlives_its_block_on() {
    let waker = ends(|| block_on(poll_fn(|cx| Poll::Ready(cx.waker().clone()))));
    waker.wake_by_ref();
    waker.clone().wake();
    block_on(async {
        waker.wake();
        task::yield_now().await;
    });
}

/// A wake in the drop of the task's own future, and one in the drop of its output.
#[test]
fn a_task_may_be_woken_in_its_own_drop() {
    ends(|| {
        let own: Arc<Mutex<Option<Waker>>> = Arc::default();
        let make = || {
            let (own, slot) = (Arc::clone(&own), Arc::clone(&own));
            let wakes = OnDrop(move || {
                if let Some(waker) = own.lock().unwrap().as_ref() {
                    waker.wake_by_ref();
                    waker.clone().wake();
                }
            });
            poll_fn(move |cx| -> Poll<()> {
                let _held = &wakes;
                *slot.lock().unwrap() = Some(cx.waker().clone());
                Poll::Pending
            })
        };
        let handle = spawn(make());
        eventually("the task waits", || own.lock().unwrap().is_some());
        assert_eq!(block_on(handle.cancel()), None);
        drop(own.lock().unwrap().take());
        let handle = spawn_local(make());
        block_on(async {
            while own.lock().unwrap().is_none() {
                task::yield_now().await;
            }
            assert_eq!(handle.cancel().await, None);
        });
    });
}

/// A task's waker is the same at every poll, so a future that waits need not replace it.
#[test]
fn the_same_tasks_wakers_will_wake_each_other() {
    let mut last: Option<Waker> = None;
    let same = block_on(spawn(poll_fn(move |cx| match last.take() {
        None => {
            last = Some(cx.waker().clone());
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Some(waker) => Poll::Ready(waker.will_wake(cx.waker())),
    })));
    assert!(same);
}

/// Hard case 12: a join waker whose wake and drop use the same handle and pool.
#[test]
fn a_join_waker_may_call_the_runtime_again() {
    ends(|| {
        let pool = Arc::new(Pool::new(1).unwrap());
        let gate = Gate::new();
        let handle = Arc::new(Mutex::new(pool.spawn(gate.pass())));
        let (inside, mine) = (Arc::clone(&pool), Arc::clone(&handle));
        let woken = Gate::new();
        let gate_too = woken.clone();
        let waker = ClosureWaker::waker(
            move || {
                drop(inside.spawn(async {}));
                mine.lock().unwrap().abort();
                assert!(mine.lock().unwrap().is_finished());
                gate_too.open();
            },
            || {
                drop(spawn(async {}));
            },
        );
        assert!(poll(&mut *handle.lock().unwrap(), &waker).is_pending());
        drop(waker);
        gate.open();
        block_on(woken.pass());
        assert!(poll(&mut *handle.lock().unwrap(), Waker::noop()).is_ready());
    });
}

/// Hard cases 12 and 31: a replaced join waker is dropped where its drop may use the handle's task.
#[test]
fn a_replaced_join_waker_may_cancel_the_task_in_its_drop() {
    ends(|| {
        let gate = Gate::new();
        let other = spawn(gate.pass());
        let other = Arc::new(other);
        let mut handle: JoinHandle<()> = spawn(std::future::pending());
        let drops = Drops::new();
        let (mut token, aborts) = (Some(drops.token()), Arc::clone(&other));
        let waker = OnDrop::waker(move || {
            aborts.abort();
            drop(token.take());
        });
        assert!(poll(&mut handle, &waker).is_pending());
        drop(waker);
        assert!(poll(&mut handle, Waker::noop()).is_pending());
        assert_eq!(drops.count(), 1);
        eventually("the drop's abort arrives", || other.is_finished());
    });
}

/// A future whose drop spawns, cancels and wakes on its own pool, while the pool drops it.
#[test]
fn a_futures_drop_may_call_the_runtime_again() {
    ends(|| {
        let pool = Arc::new(Pool::new(1).unwrap());
        let (gate, drops) = (Gate::new(), Drops::new());
        let (inside, opener, token) = (Arc::downgrade(&pool), gate.clone(), drops.token());
        let other = pool.spawn(gate.pass());
        let reenters = OnDrop(move || {
            opener.open();
            let pool = inside.upgrade().expect("the pool is alive");
            drop(pool.spawn(async {}));
            pool.spawn(std::future::pending::<()>()).abort();
            drop(pool.spawn(async {}).cancel());
        });
        let handle = pool.spawn(async move {
            let _held = (reenters, token);
            std::future::pending::<()>().await;
        });
        assert_eq!(block_on(handle.cancel()), None);
        assert_eq!(drops.count(), 1);
        block_on(other);
    });
}

/// A local task whose drop spawns, cancels and wakes local tasks, on its own thread.
#[test]
fn a_local_futures_drop_may_call_the_runtime_again() {
    ends(|| {
        let gate = Gate::new();
        let opener = gate.clone();
        let other = spawn_local(gate.pass());
        let handle = spawn_local(async move {
            let _reenters = OnDrop(move || {
                opener.open();
                drop(spawn_local(async {}));
                spawn_local(std::future::pending::<()>()).abort();
                drop(spawn_local(async {}).cancel());
                block_on(spawn_local(async {}));
            });
            std::future::pending::<()>().await;
        });
        block_on(async {
            while gate.polls() == 0 {
                task::yield_now().await;
            }
            assert_eq!(handle.cancel().await, None);
            other.await;
        });
    });
}
