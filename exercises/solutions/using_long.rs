//! A computation that gives way, and one that can be stopped. One solution.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use executor::task::{self, JoinHandle};

/// Exercise 1. The sum of the numbers. At least after each 1000 of them the others have a turn.
pub async fn sum(numbers: &[u64]) -> u64 {
    let mut sum = 0;
    for stretch in numbers.chunks(1000) {
        sum += stretch.iter().sum::<u64>();
        task::yield_now().await;
    }
    sum
}

/// Exercise 2. Searches on a thread of its own for a number that `is_it` likes: 0, 1, 2, … It ends soon after
/// `stop` is set, with `None`. (It wraps around at the end of the numbers.)
pub fn search(
    stop: Arc<AtomicBool>,
    is_it: impl Fn(u32) -> bool + Send + 'static,
) -> JoinHandle<Option<u32>> {
    task::spawn_blocking(move || {
        let mut number = 0_u32;
        loop {
            // ORDERING: Relaxed; nothing is published but the wish itself.
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
