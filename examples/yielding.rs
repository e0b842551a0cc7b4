//! Long computations, and why they need awaits.
//!
//!     cargo run --release --example yielding
//!
//! An await is the only point where other tasks can run, and the only point where a running future can be
//! dropped. So a computation without an await runs to its end, even if other tasks are waiting and its
//! caller's timeout has elapsed. `yield_now` adds such points. `spawn_blocking` moves the computation to a
//! thread of its own, where only a flag can stop it. The example `blocking` measures how each affects the
//! other tasks.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use executor::task;
use futures_lite::future::zip;
use reactor::time::timeout;

/// The number below the limit with the longest Collatz sequence, and that sequence's number of steps.
const LIMIT: u64 = 1_000_000;
const LONGEST: (u64, u32) = (837_799, 524);

/// How many numbers are searched between two awaits.
const STRETCH: u64 = 1000;

/// How long a caller is willing to wait: less than the search takes.
const PATIENCE: Duration = Duration::from_millis(20);

fn main() {
    task::block_on(async {
        side_by_side().await;
        too_long().await;
    });
}

// ANCHOR: yielding_search
/// Returns the number of steps in the Collatz sequence of `number`: halve it if it is even, otherwise triple
/// it and add one, until it is 1.
fn steps(mut number: u64) -> u32 {
    let mut steps = 0;
    while number != 1 {
        number = if number.is_multiple_of(2) { number / 2 } else { 3 * number + 1 };
        steps += 1;
    }
    steps
}

/// Returns the number with the longest sequence, and that sequence's number of steps.
fn longest(numbers: Range<u64>) -> (u64, u32) {
    let sequences = numbers.map(|number| (number, steps(number)));
    sequences.max_by_key(|(number, steps)| (*steps, u64::MAX - number)).expect("there is a number")
}

/// The same, with an await after each stretch. There other tasks can run, and the future can be dropped.
async fn longest_yielding(numbers: Range<u64>, mut after_each: impl FnMut()) -> (u64, u32) {
    let mut longest_yet = (0, 0);
    for start in numbers.clone().step_by(STRETCH as usize) {
        let best = longest(start..numbers.end.min(start + STRETCH));
        if best.1 > longest_yet.1 {
            longest_yet = best;
        }
        after_each();
        task::yield_now().await;
    }
    longest_yet
}
// ANCHOR_END: yielding_search

// ANCHOR: yielding_side_by_side
/// Two searches on one thread. Without an await the second begins after the first has ended. With awaits they
/// take turns.
async fn side_by_side() {
    let (first, second) = (1..LIMIT / 2, LIMIT / 2..LIMIT);

    let ended = RefCell::new(String::new());
    let search = async |name, numbers| {
        let best = longest(numbers);
        ended.borrow_mut().push(name);
        best
    };
    let one_by_one = zip(search('A', first.clone()), search('B', second.clone())).await;
    println!("Two Collatz searches, A and B, without an await: {}", ended.borrow());
    assert_eq!(*ended.borrow(), "AB");

    let turns = RefCell::new(String::new());
    let turn = |name| turns.borrow_mut().push(name);
    let search = |name, numbers| longest_yielding(numbers, move || turn(name));
    let in_turns = zip(search('A', first), search('B', second)).await;
    println!("With an await after every {STRETCH} numbers: {}...", &turns.borrow()[..40]);
    assert_eq!(turns.borrow()[..6], *"ABABAB");

    assert_eq!(in_turns, one_by_one);
    println!("Below {LIMIT}, {} has the longest Collatz sequence: {} steps.", LONGEST.0, LONGEST.1);
    assert_eq!(one_by_one.1, LONGEST);
}
// ANCHOR_END: yielding_side_by_side

// ANCHOR: yielding_timeout
/// A timeout can only act while the future waits.
async fn too_long() {
    println!("A caller with a timeout of {PATIENCE:?} for the search:");
    let begun = Instant::now();
    let outcome = timeout(PATIENCE, async { longest(1..LIMIT) }).await;
    println!("    without an await, waits {:.1?}: the timeout cannot act", begun.elapsed());
    assert_eq!(outcome, Ok(LONGEST));
    assert!(begun.elapsed() > PATIENCE);

    let begun = Instant::now();
    let outcome = timeout(PATIENCE, longest_yielding(1..LIMIT, || ())).await;
    println!("    with yield_now, waits {:.1?}: the search is dropped halfway", begun.elapsed());
    assert!(outcome.is_err());

    let begun = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let mut search = task::spawn_blocking({
        let stop = stop.clone();
        move || longest_unless(&stop)
    });
    let outcome = timeout(PATIENCE, &mut search).await;
    println!("    with spawn_blocking, waits {:.1?}: the thread continues", begun.elapsed());
    assert!(outcome.is_err());
    // ORDERING: Relaxed; the flag publishes nothing but itself.
    stop.store(true, Ordering::Relaxed);
    match search.await {
        Some(found) => assert_eq!(found, LONGEST, "it ended before it saw the flag"),
        None => println!("    ...until it sees the flag, {:.1?} after it began", begun.elapsed()),
    }
}
// ANCHOR_END: yielding_timeout

/// The search on a thread. A thread cannot be dropped halfway, so it checks regularly whether it should stop.
/// Returns `None` if it was stopped.
fn longest_unless(stop: &AtomicBool) -> Option<(u64, u32)> {
    let mut longest_yet = (0, 0);
    for start in (1..LIMIT).step_by(STRETCH as usize) {
        // ORDERING: Relaxed; the flag publishes nothing but itself.
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let best = longest(start..LIMIT.min(start + STRETCH));
        if best.1 > longest_yet.1 {
            longest_yet = best;
        }
    }
    Some(longest_yet)
}
