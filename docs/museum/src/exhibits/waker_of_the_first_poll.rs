//! A future that waits for a lock is polled by one task and then by another. The lock is unlocked.
//!
//! Called by `exhibits`; the exhibit is `exhibits/waker_of_the_first_poll.md`.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use executor::sync::Mutex;

use super::{Flag, Seen};

pub(super) fn show() -> Seen {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().ok_or("a new lock is not free")?;
    let (first, second) = (Flag::new(), Flag::new());
    let mut waiting = mutex.lock();
    for task in [&first, &second] {
        if Pin::new(&mut waiting).poll(&mut Context::from_waker(&task.waker())).is_ready() {
            return Err("a lock that is held was acquired".to_owned());
        }
    }
    drop(guard);
    match (first.is_set(), second.is_set()) {
        (false, true) => {
            Ok("the future was moved from one task to another, and the second task was woken".to_owned())
        }
        (true, false) => Err("the lock was handed over, and the task that waits for it was not woken: the list \
                              had kept the waker of the task that polled the future first, and has passed it on"
            .to_owned()),
        (true, true) => Err("both tasks were woken".to_owned()),
        (false, false) => Err("the lock was unlocked, and nobody was woken".to_owned()),
    }
}
