//! A lock is handed to a future that waits for it, and that is dropped before it is polled again.
//!
//! Called by `exhibits`; the exhibit is `exhibits/lock_of_a_dropped_future.md`.

use executor::sync::Mutex;
use executor::task::block_on;
use futures_lite::future::poll_once;

use super::Seen;

pub(super) fn show() -> Seen {
    let mutex = Mutex::new(());
    block_on(async {
        let guard = mutex.lock().await;
        let mut waiting = mutex.lock();
        if poll_once(&mut waiting).await.is_some() {
            return Err("a lock that is held was acquired".to_owned());
        }
        drop(guard); // The lock is handed to `waiting`,
        drop(waiting); // which is cancelled before it is polled again.
        if poll_once(mutex.lock()).await.is_some() {
            return Ok("a waiter was cancelled just after it was given the lock, and passed it on".to_owned());
        }
        Err("nobody has a guard, and the mutex is locked: it was handed to a future that was dropped before it was \
             polled again, and nothing will ever unlock it"
            .to_owned())
    })
}
