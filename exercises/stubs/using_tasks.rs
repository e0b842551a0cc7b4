//! A race without threads, and the first of many tasks.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::cell::Cell;
use std::rc::Rc;

use executor::task::{self, JoinHandle};

/// Exercise 1. Puts one more into the till, after it has given way. Ten of these at once on one thread put in
/// fewer than ten. There is only one thread: who races with whom? Mend it without a lock.
pub async fn put_in(till: Rc<Cell<u32>>) {
    let there = till.get();
    task::yield_now().await;
    till.set(there + 1);
}

/// Exercise 2. The output of the first task that ends. The others are cancelled, and their futures have been
/// dropped when this is ready.
pub async fn first_of<T>(mut tasks: Vec<JoinHandle<T>>) -> T {
    tasks.remove(0).await
}
