//! A task that owns what it uses, many futures in one task, and threads that borrow.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub for the reader to fix")]

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::thread;

use executor::sync::oneshot;
use executor::task::{self, JoinHandle};

/// A counter of visits.
#[derive(Default)]
pub struct Visits {
    count: AtomicU32,
}

impl Visits {
    /// Exercise 1. Spawns a task that waits for the door to open, counts one visit, and returns the number of visits
    /// so far, its own among them. The task may live longer than this `Visits`. As written, it does not store its
    /// visit, so no other task counts it. Fix it.
    pub fn visit_later(&self, door: oneshot::Receiver<()>) -> JoinHandle<u32> {
        // ORDERING: Relaxed; a counter, it publishes nothing.
        let count = self.count.load(Ordering::Relaxed);
        task::spawn(async move {
            let _ = door.await;
            count + 1
        })
    }
}

/// Exercise 2. Awaits all futures at the same time, in the task that calls it, and returns their outputs in the order
/// of the futures. So they may borrow. As written, they are awaited one after the other. Fix it.
pub async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut outputs = Vec::new();
    for future in futures {
        outputs.push(future.await);
    }
    outputs
}

/// Exercise 3. Calls `f` with each item, each on a thread of its own, all at the same time. Returns the items and the
/// outputs. The threads may borrow the items and `f`. The calling task waits, and does not block its thread. As
/// written, this calls `f` on that thread, one item after the other. Fix it.
pub async fn map_on_threads<T, U, F>(items: Vec<T>, f: F) -> (Vec<T>, Vec<U>)
where
    T: Send + Sync + 'static,
    U: Send + 'static,
    F: Fn(&T) -> U + Send + Sync + 'static,
{
    let outputs = items.iter().map(f).collect();
    (items, outputs)
}
