//! A race without threads, and the first of many tasks. One solution.

use std::cell::Cell;
use std::rc::Rc;

use executor::task::{self, JoinHandle};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Exercise 1. Puts one more into the till, after it has given way. Ten of these at once on one thread put in
/// fewer than ten. There is only one thread: who races with whom? Mend it without a lock.
pub async fn put_in(till: Rc<Cell<u32>>) {
    task::yield_now().await;
    till.set(till.get() + 1);
}

/// Exercise 2. The output of the first task that ends. The others are cancelled, and their futures have been
/// dropped when this is ready.
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
