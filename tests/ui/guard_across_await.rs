//! Refused: the thread that took std's lock must release it.

use std::sync::{Arc, Mutex};

use executor::task;

fn main() {
    let count = Arc::new(Mutex::new(0));
    task::block_on(task::spawn(async move {
        let mut guard = count.lock().unwrap();
        task::yield_now().await;
        *guard += 1;
    }));
}
