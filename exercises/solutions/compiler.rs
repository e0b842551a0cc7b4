//! Two futures that are `Send`, two that are awaited, and a trait that promises enough. One solution.

use std::cell::RefCell;
use std::error::Error;
use std::sync::{Arc, Mutex};

use executor::task::{self, JoinHandle};

/// Exercise 1. Adds a number, lets other tasks run, and returns what the count is then. No guard lives across the
/// await: each ends with its line.
pub async fn add_and_look(count: Arc<Mutex<u32>>, number: u32) -> u32 {
    *count.lock().unwrap() += number;
    task::yield_now().await;
    *count.lock().unwrap()
}

/// Exercise 2. Calls `read` until it succeeds, at most three times, and yields between two attempts. If all fail, it
/// returns the text of the last error. What is kept is the text, which is `Send`, and not the error.
pub async fn retry(read: fn() -> Result<u32, Box<dyn Error>>) -> Result<u32, String> {
    let mut last = String::new();
    for attempt in 0..3 {
        if attempt > 0 {
            task::yield_now().await;
        }
        match read() {
            Ok(number) => return Ok(number),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

/// Given. A line is in the log when this future is ready.
async fn write(log: &RefCell<Vec<String>>, line: String) {
    task::yield_now().await;
    log.borrow_mut().push(line);
}

/// Exercise 3. Writes two lines to the log, and returns when both are in it.
pub async fn report(log: &RefCell<Vec<String>>, name: &str) {
    write(log, format!("{name} begins")).await;
    task::yield_now().await;
    write(log, format!("{name} ends")).await;
}

/// Exercise 4. Where items are. The types that implement it write `async fn get`.
pub trait Store {
    fn get(&self, key: u32) -> impl Future<Output = String> + Send;
}

/// Starts a task for each key, and returns their handles in the order of the keys.
pub fn get_each<S: Store + Send + Sync + 'static>(store: &Arc<S>, keys: &[u32]) -> Vec<JoinHandle<String>> {
    let tasks = keys.iter().map(|&key| {
        let store = store.clone();
        task::spawn(async move { store.get(key).await })
    });
    tasks.collect()
}
