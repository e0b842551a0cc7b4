//! Two futures that are not `Send`, two that nobody awaits, and a trait that promises too little.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    async_fn_in_trait,
    clippy::await_holding_lock,
    clippy::let_underscore_future,
    reason = "a stub for the reader to fix"
)]

use std::cell::RefCell;
use std::error::Error;
use std::sync::{Arc, Mutex};

use executor::task::{self, JoinHandle};

/// Exercise 1. Adds a number, lets other tasks run, and returns what the count is then. The future is not `Send`, and
/// while it waits, it blocks every thread that wants the lock. Fix both.
pub async fn add_and_look(count: Arc<Mutex<u32>>, number: u32) -> u32 {
    let mut count = count.lock().unwrap();
    *count += number;
    task::yield_now().await;
    *count
}

/// Exercise 2. Calls `read` until it succeeds, at most three times, and yields between two attempts. If all fail, it
/// returns the text of the last error. Make the future `Send`. The type of `read` is not yours to change.
pub async fn retry(read: fn() -> Result<u32, Box<dyn Error>>) -> Result<u32, String> {
    let mut last = None;
    for attempt in 0..3 {
        if attempt > 0 {
            task::yield_now().await;
        }
        match read() {
            Ok(number) => return Ok(number),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(String::new, |error| error.to_string()))
}

/// Given. A line is in the log when this future is ready.
async fn write(log: &RefCell<Vec<String>>, line: String) {
    task::yield_now().await;
    log.borrow_mut().push(line);
}

/// Exercise 3. Writes two lines to the log, and returns when both are in it. It compiles without a warning, and writes
/// nothing. Fix it.
pub async fn report(log: &RefCell<Vec<String>>, name: &str) {
    let _ = write(log, format!("{name} begins"));
    task::yield_now().await;
    let _ = write(log, format!("{name} ends"));
}

/// Exercise 4. Where items are. The types that implement it write `async fn get`.
pub trait Store {
    async fn get(&self, key: u32) -> String;
}

/// Starts a task for each key, and returns their handles in the order of the keys. The tasks are to run on the pool,
/// whatever the calling thread does meanwhile. What does the trait have to promise?
pub fn get_each<S: Store + Send + Sync + 'static>(store: &Arc<S>, keys: &[u32]) -> Vec<JoinHandle<String>> {
    let tasks = keys.iter().map(|&key| {
        let store = store.clone();
        task::spawn_local(async move { store.get(key).await })
    });
    tasks.collect()
}
