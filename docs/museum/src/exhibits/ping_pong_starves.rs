//! Two tasks of a pool of one exchange messages without end. A third task yields once.
//!
//! The third is spawned last, so it is behind the other two in the injector, and after its first poll it is in the
//! worker's deque. From the first message on the slot is full at each round.
//!
//! Called by `exhibits`; the exhibit is `exhibits/ping_pong_starves.md`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use executor::pool::Pool;
use executor::sync::mpsc;
use executor::task::yield_now;

use super::{PATIENCE, Seen, text};

pub(super) fn show() -> Seen {
    let pool = Pool::new(1).map_err(text)?;
    let (ping, mut pinged) = mpsc::channel(1);
    let (pong, mut ponged) = mpsc::channel(1);
    let rounds = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&rounds);
    drop(pool.spawn(async move {
        while ping.send(()).await.is_ok() && ponged.recv().await.is_some() {
            // ORDERING: Relaxed; a number for people.
            counted.fetch_add(1, Ordering::Relaxed);
        }
    }));
    drop(pool.spawn(async move { while pinged.recv().await.is_some() && pong.send(()).await.is_ok() {} }));
    let (done, third) = std::sync::mpsc::channel();
    drop(pool.spawn(async move {
        yield_now().await; // From here on it is in the worker's deque.
        _ = done.send(());
    }));
    let ran = third.recv_timeout(PATIENCE).is_ok();
    // ORDERING: Relaxed; a number for people.
    let rounds = rounds.load(Ordering::Relaxed);
    drop(pool); // It cancels all three.
    if ran {
        return Ok("a third task had its turn beside two that wake each other".to_owned());
    }
    Err(format!(
        "two tasks exchanged {rounds} pairs of messages in {} s, and a third task that had only yielded once never \
         ran again",
        PATIENCE.as_secs()
    ))
}
