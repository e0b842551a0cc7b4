//! A race without threads, and the first of many tasks.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::cell::Cell;
use std::rc::Rc;

use executor::task::{self, JoinHandle};

/// Exercise 1. Adds one to the till, and yields. Ten of these at once on one thread add fewer than ten. There
/// is only one thread: what races with what? Fix it without a lock.
pub async fn put_in(till: Rc<Cell<u32>>) {
    let there = till.get();
    task::yield_now().await;
    till.set(there + 1);
}

/// Exercise 2. Returns the output of the first task that completes. The others are cancelled, and their
/// futures have been dropped when this returns.
pub async fn first_of<T>(mut tasks: Vec<JoinHandle<T>>) -> T {
    tasks.remove(0).await
}
