//! Refused: the guard is dropped before the await, but its variable is not at its end.

use std::sync::{Arc, Mutex};

use executor::task;

fn main() {
    let count = Arc::new(Mutex::new(0));
    task::block_on(task::spawn(async move {
        let mut guard = count.lock().unwrap();
        *guard += 1;
        drop(guard);
        task::yield_now().await;
    }));
}
