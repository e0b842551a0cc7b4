//! A computation that yields, and one that can be stopped.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use executor::task::{self, JoinHandle};

/// Exercise 1. Returns the sum of the numbers. It lets other tasks run after every 1000 of them, or more
/// often.
pub async fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().sum()
}

/// Exercise 2. Searches on a thread of its own for the first number for which `is_it` returns `true`: 0, 1,
/// 2, … Soon after `stop` is set it returns `None`. (It wraps around after the largest number.)
pub fn search(
    stop: Arc<AtomicBool>,
    is_it: impl Fn(u32) -> bool + Send + 'static,
) -> JoinHandle<Option<u32>> {
    todo!("exercise 2: spawn_blocking; what checks the flag, and how often?")
}
