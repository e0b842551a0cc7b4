//! Tasks change hands between threads in every way there is, in few steps: for Miri, which watches what each
//! pointer may reach and how long each reference lives. `bash .ci/miri` runs these, under both aliasing
//! models and with several schedules; as plain tests they are quick.
#![allow(unsafe_code, reason = "an outcome is freed by hand")]

use std::future::{Future, pending, poll_fn};
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;

use executor::pool::Pool;
use executor::task::{JoinError, block_on, spawn_blocking, spawn_local, yield_now};

/// Gives its waker away in the first poll, and is ready in the next one.
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

/// A waker is used up, or used and dropped, while the task that it wakes runs to its end and is freed.
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

/// Nobody has a handle: the last waker frees the task, or the runner.
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

/// Cancelled while queued, while it runs, while it waits; with somebody who waits for it, and with nobody.
#[test]
fn a_task_of_a_pool_is_cancelled() {
    let pool = Pool::new(1).unwrap();
    block_on(pool.spawn(pending::<()>()).cancel());
    let waiting = pool.spawn(pending::<()>());
    block_on(pool.spawn(yield_now()));
    waiting.abort();
    drop(waiting);
}

/// The pool's end cancels those that wait, while another thread wakes one of them.
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

/// The outcome goes to a handle on another thread, or dies with the task. What it owns or refers to is freed
/// there, perhaps while the runner has not returned yet.
#[test]
fn an_outcome_changes_hands() {
    let pool = Pool::new(1).unwrap();
    drop(pool.spawn(async { Box::new(5) }));
    assert_eq!(*block_on(pool.spawn(async { Box::new(6) })), 6);
    let leaked: &'static mut u8 = block_on(pool.spawn(async { Box::leak(Box::new(7)) }));
    // SAFETY: it comes from a box, and nobody else has it.
    assert_eq!(*unsafe { Box::from_raw(leaked) }, 7);
    let panicked = pool.spawn(async { std::panic::resume_unwind(Box::new(8)) });
    let error = block_on(panicked.try_join()).map(|()| "a value").unwrap_err();
    assert!(matches!(error, JoinError::Panicked(payload) if payload.is::<i32>()));
}

/// A local task is woken from elsewhere, cancelled from elsewhere, and its last waker is dropped elsewhere.
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

/// What others still hold of a thread's local tasks when the thread ends: wakers and a handle.
#[test]
fn a_local_task_outlives_its_thread_in_others_hands() {
    let (sender, wakers) = mpsc::channel();
    let home = thread::spawn(move || {
        let handle = spawn_local(woken_once(sender));
        block_on(yield_now());
        handle
    });
    let waker = wakers.recv().unwrap();
    waker.wake_by_ref();
    let handle = home.join().unwrap();
    waker.wake();
    let _ = block_on(handle.try_join());
    // Its inbox goes on to this thread.
    block_on(spawn_local(yield_now()));
}

/// A blocking call, waited for and let go.
#[test]
fn a_blocking_call_ends() {
    assert_eq!(block_on(spawn_blocking(|| 5)), 5);
    let (done, end) = mpsc::channel();
    drop(spawn_blocking(move || done.send(()).unwrap()));
    end.recv().unwrap();
}
