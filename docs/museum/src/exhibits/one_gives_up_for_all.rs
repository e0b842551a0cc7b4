//! Two futures wait for a lock. One gives up. Then the lock is unlocked.
//!
//! Called by `exhibits`; the exhibit is `exhibits/one_gives_up_for_all.md`.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use executor::sync::Mutex;

use super::{Flag, Seen};

pub(super) fn show() -> Seen {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().ok_or("a new lock is not free")?;
    let (staying, leaving) = (Flag::new(), Flag::new());
    let (mut stays, mut gives_up) = (mutex.lock(), mutex.lock());
    let first = Pin::new(&mut stays).poll(&mut Context::from_waker(&staying.waker()));
    let second = Pin::new(&mut gives_up).poll(&mut Context::from_waker(&leaving.waker()));
    if first.is_ready() || second.is_ready() {
        return Err("a lock that is held was acquired".to_owned());
    }
    drop(gives_up);
    drop(guard);
    if staying.is_set() {
        return Ok("of two waiters one gave up, and the unlock woke the other".to_owned());
    }
    let state = if mutex.try_lock().is_some() { "free" } else { "locked" };
    Err(format!(
        "the mutex is {state}, and a waiter that was there before was not woken: when another waiter gave up, it \
         cleared the mark that anyone waits, so the unlock looked for nobody"
    ))
}
