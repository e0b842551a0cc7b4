//! A process of its own: where several threads turn in turns, one may be held up between taking the due
//! timers out and waking them, and the next is quicker.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use executor::task::{block_on, spawn_local};
use reactor::time::sleep_until;

/// Deadlines fire in their order, whatever the order in which they were made; equal ones in that.
#[test]
fn timers_fire_in_their_order() {
    const NUMBERS: [u64; 12] = [7, 2, 9, 0, 5, 5, 1, 8, 3, 6, 4, 2];
    block_on(async {
        for step in [0, 1, 300, 2000] {
            let fired = Rc::new(RefCell::new(Vec::new()));
            let begin = Instant::now() + Duration::from_millis(60);
            let mut tasks = Vec::new();
            for (place, number) in NUMBERS.into_iter().enumerate() {
                let fired = Rc::clone(&fired);
                tasks.push(spawn_local(async move {
                    let deadline = begin + Duration::from_micros(step * number);
                    let in_time = Instant::now() < begin;
                    sleep_until(deadline).await;
                    assert!(Instant::now() >= deadline, "early");
                    fired.borrow_mut().push((step * number, place));
                    in_time
                }));
            }
            let mut in_time = true;
            for task in tasks {
                in_time &= task.await;
            }
            // A slow machine may have begun to wait too late.
            assert!(fired.borrow().is_sorted() || !in_time, "step {step}: {fired:?}");
        }
    });
}
