//! A computation that yields, and one that can be stopped. One solution.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use executor::task::{self, JoinHandle};

/// Exercise 1. Returns the sum of the numbers. It lets other tasks run after every 1000 of them, or more
/// often.
pub async fn sum(numbers: &[u64]) -> u64 {
    let mut sum = 0;
    for stretch in numbers.chunks(1000) {
        sum += stretch.iter().sum::<u64>();
        task::yield_now().await;
    }
    sum
}

/// Exercise 2. Searches on a thread of its own for the first number for which `is_it` returns `true`: 0, 1,
/// 2, … Soon after `stop` is set it returns `None`. (It wraps around after the largest number.)
pub fn search(
    stop: Arc<AtomicBool>,
    is_it: impl Fn(u32) -> bool + Send + 'static,
) -> JoinHandle<Option<u32>> {
    task::spawn_blocking(move || {
        let mut number = 0_u32;
        loop {
            // ORDERING: Relaxed; the flag publishes nothing but itself.
            if number.is_multiple_of(1024) && stop.load(Ordering::Relaxed) {
                return None;
            }
            if is_it(number) {
                return Some(number);
            }
            number = number.wrapping_add(1);
        }
    })
}
