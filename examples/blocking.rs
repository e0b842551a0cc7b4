//! Long computations: what they do to the other tasks, and two ways to avoid it.
//!
//!     cargo run --release --example blocking
//!
//! A task lets others run on its thread only at an `.await`. One that computes for a third of a second
//! without an `.await` stops all of them for that long. Here a slow hash runs beside a task that should tick
//! every 5 ms: on the same thread; on the same thread, but yielding from time to time; and on a thread of its
//! own.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use executor::task;
use reactor::time::interval;

/// Work for about a third of a second, in a release or a debug build.
const ROUNDS: u64 = if cfg!(debug_assertions) { 20_000_000 } else { 300_000_000 };
const PERIOD: Duration = Duration::from_millis(5);

fn main() {
    task::block_on(async {
        println!("A hash of {ROUNDS} rounds, beside a task that ticks every {PERIOD:?}:\n");
        println!("{:<30} {:>9} {:>7} {:>15}", "", "the hash", "ticks", "longest wait");

        let direct = beside_a_ticker("called directly", async { slow_hash(ROUNDS) }).await;
        let yielding = beside_a_ticker("with yield_now in between", yielding_hash(ROUNDS)).await;
        let blocking =
            beside_a_ticker("in spawn_blocking", async { task::spawn_blocking(|| slow_hash(ROUNDS)).await })
                .await;

        assert_eq!(direct.hash, yielding.hash);
        assert_eq!(direct.hash, blocking.hash);
        assert_eq!(direct.ticks, 0, "the ticker never ran");
        assert!(yielding.ticks > 0 && blocking.ticks > 0);
        println!("\nThe same hash each time: {:016x}.", direct.hash);
    });
}

/// A slow computation that never waits. Each round depends on the one before.
fn slow_hash(rounds: u64) -> u64 {
    hash_on(0xcbf2_9ce4_8422_2325, 0..rounds)
}

fn hash_on(mut hash: u64, rounds: std::ops::Range<u64>) -> u64 {
    for round in rounds {
        hash = (hash ^ round).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
    hash
}

/// The same, but every million rounds it lets other tasks run.
async fn yielding_hash(rounds: u64) -> u64 {
    const STRETCH: u64 = 1_000_000;
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for start in (0..rounds).step_by(STRETCH as usize) {
        hash = hash_on(hash, start..rounds.min(start + STRETCH));
        task::yield_now().await;
    }
    hash
}

struct Outcome {
    hash: u64,
    ticks: u32,
}

/// Awaits `hash` while a local task ticks. Prints how long the hash took, and how the ticks were delayed.
async fn beside_a_ticker(way: &str, hash: impl Future<Output = u64>) -> Outcome {
    let ticks = Rc::new(Cell::new(0));
    let longest = Rc::new(Cell::new(Duration::ZERO));
    let ticker = task::spawn_local({
        let (ticks, longest) = (ticks.clone(), longest.clone());
        async move {
            let mut interval = interval(PERIOD);
            let mut before = interval.tick().await;
            loop {
                interval.tick().await;
                ticks.set(ticks.get() + 1);
                longest.set(longest.get().max(before.elapsed()));
                before = Instant::now();
            }
        }
    });
    // The ticker starts before the hash does. Its ticks up to then do not count.
    task::yield_now().await;
    ticks.set(0);
    let begun = Instant::now();
    let hash = hash.await;
    let took = begun.elapsed();
    ticker.cancel().await;

    let ticks = ticks.get();
    let waited = match ticks {
        0 => "the whole time".to_owned(),
        _ => format!("{:.1} ms", longest.get().as_secs_f64() * 1e3),
    };
    println!("{way:<30} {:>6.0} ms {ticks:>7} {waited:>15}", took.as_secs_f64() * 1e3);
    Outcome { hash, ticks }
}
