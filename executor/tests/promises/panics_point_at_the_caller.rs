//! A panic about the caller's mistake names the caller's line, not a line of the runtime.

#[path = "../../../tests/shared/panics.rs"]
mod panics;

use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use executor::pool::Pool;
use executor::sync::{broadcast, mpsc};
use executor::task::{JoinSet, block_on, spawn, spawn_local};
use executor::trace;
use panics::file_of_panic;
use reactor::blocking::Threads;
use reactor::net::ToSocketAddrs;
use reactor::time::interval;

#[track_caller]
fn points_here(call: impl FnOnce()) {
    assert_eq!(file_of_panic(call), file!());
}

/// Polls twice: the second poll is the mistake, after the future was ready.
fn poll_twice<F: Future>(future: F) {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_ready());
    let _ = future.as_mut().poll(&mut cx);
}

#[test]
fn a_nested_block_on() {
    block_on(async { points_here(|| block_on(async {})) });
}

#[test]
fn nothing_where_something_is_needed() {
    points_here(|| drop(Pool::new(0)));
    points_here(|| drop(mpsc::channel::<u8>(0)));
    points_here(|| drop(broadcast::channel::<u8>(0)));
    points_here(|| drop(broadcast::channel_with_weight::<u8>(0, 1)));
    points_here(|| drop(Threads::new("none", 0, Duration::ZERO)));
    points_here(|| drop(Threads::with_spawn("none", 0, Duration::ZERO, |_, _| Ok(()))));
    points_here(|| drop(interval(Duration::ZERO)));
}

/// A second join of a handle that has returned its output.
#[test]
fn a_join_of_what_was_joined() {
    let joined = || {
        let mut handle = spawn_local(async {});
        block_on(&mut handle);
        handle
    };
    let handle = joined();
    points_here(|| drop(handle.try_join()));
    let mut handle = joined();
    points_here(|| drop(handle.try_join_mut()));
    let handle = joined();
    points_here(|| _ = JoinSet::new().insert(handle));
}

/// What hangs is left behind, and the process ends with it.
#[test]
fn a_limit_that_is_over() {
    points_here(|| trace::within(Duration::from_millis(1), || block_on(pending())));
}

/// The await of a cancelled task: in a task, in a `block_on`, and polled by hand.
#[test]
fn an_await_of_a_cancelled_task() {
    let cancelled = || {
        let task = spawn_local(pending::<()>());
        task.abort();
        task
    };
    points_here(|| block_on(async { cancelled().await }));
    points_here(|| {
        let mut task = pin!(spawn(pending::<()>()));
        task.abort();
        while task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            std::thread::yield_now();
        }
    });
}

#[test]
fn a_future_that_is_polled_after_it_was_ready() {
    let mut handle = spawn(async {});
    block_on(&mut handle);
    points_here(|| {
        let _ = pin!(handle).poll(&mut Context::from_waker(Waker::noop()));
    });
    points_here(|| poll_twice("127.0.0.1:80".to_socket_addrs()));
    let mut call = reactor::blocking::unblock(|| Ok(()));
    block_on(&mut call).unwrap();
    points_here(|| {
        let _ = pin!(call).poll(&mut Context::from_waker(Waker::noop()));
    });
}
