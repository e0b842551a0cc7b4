//! A race without threads, and the first of many tasks. One solution.

use std::cell::Cell;
use std::rc::Rc;

use executor::task::{self, JoinHandle};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Exercise 1. Adds one to the till, and yields. Ten of these at once on one thread add fewer than ten. There
/// is only one thread: what races with what? Fix it without a lock.
pub async fn put_in(till: Rc<Cell<u32>>) {
    task::yield_now().await;
    till.set(till.get() + 1);
}

/// Exercise 2. Returns the output of the first task that completes. The others are cancelled, and their
/// futures have been dropped when this returns.
pub async fn first_of<T>(mut tasks: Vec<JoinHandle<T>>) -> T {
    let (at, output) = poll_fn(|cx| {
        for (at, task) in tasks.iter_mut().enumerate() {
            if let Poll::Ready(output) = Pin::new(task).poll(cx) {
                return Poll::Ready((at, output));
            }
        }
        Poll::Pending
    })
    .await;
    drop(tasks.remove(at));
    for other in tasks {
        other.cancel().await;
    }
    output
}
