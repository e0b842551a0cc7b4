//! Tasks move between threads in every possible way, in few steps: for Miri, which checks what each pointer may
//! access and how long each reference lives. `bash .ci/miri` runs these under both aliasing models and with
//! several schedules. As plain tests they are quick.
#![allow(unsafe_code, reason = "an outcome is freed by hand")]

use std::future::{Future, pending, poll_fn};
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;

use executor::future::{Selected, join, select};
use executor::pool::Pool;
use executor::task::{JoinError, block_on, spawn_blocking, spawn_local, yield_now};

/// Sends its waker away in the first poll, and is ready in the next one.
fn woken_once(wakers: mpsc::Sender<Waker>) -> impl Future<Output = ()> + Send {
    let mut polled = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        wakers.send(cx.waker().clone()).expect("the test waits for it");
        Poll::Pending
    })
}

/// A waker is woken by value, or by reference and then dropped, while its task runs to its end and is freed.
#[test]
fn a_task_of_a_pool_is_woken_by_another_thread() {
    let pool = Pool::new(2).unwrap();
    for by_value in [true, false] {
        let (sender, wakers) = mpsc::channel();
        let handle = pool.spawn(woken_once(sender));
        let waker = wakers.recv().unwrap();
        if by_value {
            waker.wake();
        } else {
            waker.wake_by_ref();
            drop(waker);
        }
        block_on(handle);
    }
}

/// No handle is left: the last waker frees the task, or the runner does.
#[test]
fn a_detached_task_of_a_pool_is_woken_by_another_thread() {
    let pool = Pool::new(2).unwrap();
    for by_value in [true, false] {
        let (sender, wakers) = mpsc::channel();
        drop(pool.spawn(woken_once(sender)));
        let waker = wakers.recv().unwrap();
        if by_value { waker.wake() } else { waker.wake_by_ref() }
    }
}

/// A task that gave way goes to the back of the queue, where the other worker may take it and end it.
#[test]
fn a_task_gives_way_and_is_stolen() {
    let pool = Pool::new(2).unwrap();
    let handles: Vec<_> = (0..4).map(|_| pool.spawn(async { yield_now().await })).collect();
    handles.into_iter().for_each(block_on);
}

/// Cancelled while it is queued, while it runs and while it waits; with a task that waits for it, and without.
#[test]
fn a_task_of_a_pool_is_cancelled() {
    let pool = Pool::new(1).unwrap();
    block_on(pool.spawn(pending::<()>()).cancel());
    let waiting = pool.spawn(pending::<()>());
    block_on(pool.spawn(yield_now()));
    waiting.abort();
    drop(waiting);
}

/// The pool's end cancels the waiting tasks, while another thread wakes one of them.
#[test]
fn a_pool_ends_beside_a_wake() {
    let pool = Pool::new(1).unwrap();
    let (sender, wakers) = mpsc::channel();
    let handle = pool.spawn(woken_once(sender));
    drop(pool.spawn(pending::<()>()));
    let waker = wakers.recv().unwrap();
    let other = thread::spawn(move || waker.wake());
    drop(pool);
    let _ = block_on(handle.try_join());
    other.join().unwrap();
}

/// The outcome goes to a handle on another thread, or is dropped with the task. What it owns or refers to is
/// freed there, perhaps before the runner has returned.
#[test]
fn an_outcome_changes_hands() {
    let pool = Pool::new(1).unwrap();
    drop(pool.spawn(async { Box::new(5) }));
    assert_eq!(*block_on(pool.spawn(async { Box::new(6) })), 6);
    let leaked: &'static mut u8 = block_on(pool.spawn(async { Box::leak(Box::new(7)) }));
    // SAFETY: it comes from a box, and no other pointer to it is left.
    assert_eq!(*unsafe { Box::from_raw(leaked) }, 7);
    let panicked = pool.spawn(async { std::panic::resume_unwind(Box::new(8)) });
    let error = block_on(panicked.try_join()).map(|()| "a value").unwrap_err();
    assert!(matches!(error, JoinError::Panicked(payload) if payload.is::<i32>()));
}

/// Another thread wakes a local task, cancels it, and drops its last waker.
#[test]
fn a_local_task_is_reached_by_another_thread() {
    for how in [Waker::wake, |waker: Waker| waker.wake_by_ref(), drop] {
        let (sender, wakers) = mpsc::channel::<Waker>();
        let other = thread::spawn(move || how(wakers.recv().unwrap()));
        drop(spawn_local(woken_once(sender)));
        block_on(async {
            yield_now().await;
            yield_now().await;
        });
        other.join().unwrap();
        block_on(yield_now());
    }
    let handle = spawn_local(pending::<()>());
    let other = thread::spawn(move || handle.abort());
    block_on(yield_now());
    other.join().unwrap();
    block_on(yield_now());
}

/// When a thread ends, other threads still hold wakers and a handle of its local tasks.
#[test]
fn a_local_task_outlives_its_thread_in_others_hands() {
    let (sender, wakers) = mpsc::channel();
    let owner = thread::spawn(move || {
        let handle = spawn_local(woken_once(sender));
        block_on(yield_now());
        handle
    });
    let waker = wakers.recv().unwrap();
    waker.wake_by_ref();
    let handle = owner.join().unwrap();
    waker.wake();
    let _ = block_on(handle.try_join());
    // This thread owns its inbox now.
    block_on(spawn_local(yield_now()));
}

/// A blocking call, awaited and detached.
#[test]
fn a_blocking_call_ends() {
    assert_eq!(block_on(spawn_blocking(|| 5)), 5);
    let (done, end) = mpsc::channel();
    drop(spawn_blocking(move || done.send(()).unwrap()));
    end.recv().unwrap();
}

/// Branches that refer to themselves across a wait: they end there, or are dropped there as those that lose.
#[test]
fn branches_stay_where_they_are() {
    async fn refers_to_itself(value: u8) -> u8 {
        let held = value;
        let inside = &held;
        yield_now().await;
        *inside
    }
    async fn never() {
        let held = String::from("held");
        let inside = &held;
        pending::<()>().await;
        drop(inside.clone());
    }
    let pool = Pool::new(2).unwrap();
    block_on(pool.spawn(async {
        assert_eq!(join((refers_to_itself(1), refers_to_itself(2))).await, (1, 2));
        assert_eq!(select((never(), refers_to_itself(3))).await, Selected::Second(3));
    }));
    let waits = pool.spawn(async { join((refers_to_itself(4), never())).await });
    assert_eq!(block_on(waits.cancel()), None);
}
