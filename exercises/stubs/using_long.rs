//! A computation that gives way, and one that can be stopped.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use executor::task::{self, JoinHandle};

/// Exercise 1. The sum of the numbers. At least after each 1000 of them the others have a turn.
pub async fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().sum()
}

/// Exercise 2. Searches on a thread of its own for a number that `is_it` likes: 0, 1, 2, … It ends soon after
/// `stop` is set, with `None`. (It wraps around at the end of the numbers.)
pub fn search(
    stop: Arc<AtomicBool>,
    is_it: impl Fn(u32) -> bool + Send + 'static,
) -> JoinHandle<Option<u32>> {
    todo!("exercise 2: spawn_blocking; who looks at the flag, and how often?")
}
