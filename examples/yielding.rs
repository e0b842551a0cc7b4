//! Long computations, and what an await in them is good for.
//!
//!     cargo run --release --example yielding
//!
//! An await is the only place where others get their turn, and the only place where a future can be dropped.
//! So a computation without one goes on to its end, whatever its neighbours need and however long its caller
//! was willing to wait. `yield_now` puts such places in; `spawn_blocking` takes it to a thread of its own, where
//! a flag must tell it to stop. The example `blocking` measures what each does to the neighbours.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use executor::task;
use futures_lite::future::zip;
use reactor::time::timeout;

/// Below the limit, the number with the longest Collatz sequence down to 1, and the steps of it.
const LIMIT: u64 = 1_000_000;
const LONGEST: (u64, u32) = (837_799, 524);

/// So many numbers between two awaits.
const STRETCH: u64 = 1000;

/// How long a caller is willing to wait: less than a computation takes.
const PATIENCE: Duration = Duration::from_millis(20);

fn main() {
    task::block_on(async {
        side_by_side().await;
        too_long().await;
    });
}

// ANCHOR: yielding_search
/// The way of a number: halve it if it is even, else triple it and add one, until it is 1.
fn steps(mut number: u64) -> u32 {
    let mut steps = 0;
    while number != 1 {
        number = if number.is_multiple_of(2) { number / 2 } else { 3 * number + 1 };
        steps += 1;
    }
    steps
}

/// Which of these has the longest way, and of how many steps.
fn longest_way(numbers: Range<u64>) -> (u64, u32) {
    let ways = numbers.map(|number| (number, steps(number)));
    ways.max_by_key(|(number, steps)| (*steps, u64::MAX - number)).expect("there is a number")
}

/// The same, with an await after each stretch. The future can be dropped there, and others have a turn.
async fn polite_longest_way(numbers: Range<u64>, mut after_each: impl FnMut()) -> (u64, u32) {
    let mut longest = (0, 0);
    for start in numbers.clone().step_by(STRETCH as usize) {
        let best = longest_way(start..numbers.end.min(start + STRETCH));
        if best.1 > longest.1 {
            longest = best;
        }
        after_each();
        task::yield_now().await;
    }
    longest
}
// ANCHOR_END: yielding_search

// ANCHOR: yielding_side_by_side
/// Two searchers on one thread. Without an await the second begins when the first has ended; with awaits
/// they take turns.
async fn side_by_side() {
    let (first, second) = (1..LIMIT / 2, LIMIT / 2..LIMIT);

    let ended = RefCell::new(String::new());
    let searcher = async |name, numbers| {
        let best = longest_way(numbers);
        ended.borrow_mut().push(name);
        best
    };
    let rude = zip(searcher('A', first.clone()), searcher('B', second.clone())).await;
    println!("Turns of two searchers, without an await in the search: {}", ended.borrow());
    assert_eq!(*ended.borrow(), "AB");

    let turns = RefCell::new(String::new());
    let turn = |name| turns.borrow_mut().push(name);
    let searcher = |name, numbers| polite_longest_way(numbers, move || turn(name));
    let polite = zip(searcher('A', first), searcher('B', second)).await;
    println!("With one after each {STRETCH} numbers: {}...", &turns.borrow()[..40]);
    assert_eq!(turns.borrow()[..6], *"ABABAB");

    assert_eq!(polite, rude);
    println!("Of all below {LIMIT}, {} has the longest Collatz sequence: {} steps.", LONGEST.0, LONGEST.1);
    assert_eq!(rude.1, LONGEST);
}
// ANCHOR_END: yielding_side_by_side

// ANCHOR: yielding_timeout
/// A timeout can only act where the future waits.
async fn too_long() {
    println!("A caller who is willing to wait {PATIENCE:?} for it:");
    let begun = Instant::now();
    let outcome = timeout(PATIENCE, async { longest_way(1..LIMIT) }).await;
    println!("    without an await, waits {:.1?}: the timeout has no occasion", begun.elapsed());
    assert_eq!(outcome, Ok(LONGEST));
    assert!(begun.elapsed() > PATIENCE);

    let begun = Instant::now();
    let outcome = timeout(PATIENCE, polite_longest_way(1..LIMIT, || ())).await;
    println!("    with yield_now, waits {:.1?}: the search is dropped half-way", begun.elapsed());
    assert!(outcome.is_err());

    let begun = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let mut search = task::spawn_blocking({
        let stop = stop.clone();
        move || longest_way_unless(&stop)
    });
    let outcome = timeout(PATIENCE, &mut search).await;
    println!("    with spawn_blocking, waits {:.1?}: the thread goes on", begun.elapsed());
    assert!(outcome.is_err());
    // ORDERING: Relaxed; nothing is published but the wish itself.
    stop.store(true, Ordering::Relaxed);
    match search.await {
        Some(longest) => assert_eq!(longest, LONGEST, "it was there before the flag"),
        None => println!("    ...until it sees a flag, {:.1?} after it began", begun.elapsed()),
    }
}
// ANCHOR_END: yielding_timeout

/// On a thread: nobody can drop it half-way, so it looks now and then whether it is still wanted.
fn longest_way_unless(stop: &AtomicBool) -> Option<(u64, u32)> {
    let mut longest = (0, 0);
    for start in (1..LIMIT).step_by(STRETCH as usize) {
        // ORDERING: Relaxed; nothing is published but the wish itself.
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let best = longest_way(start..LIMIT.min(start + STRETCH));
        if best.1 > longest.1 {
            longest = best;
        }
    }
    Some(longest)
}
