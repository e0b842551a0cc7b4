//! Yielding: what a poll and a pass through the queue cost.
//!
//! Measured: `yield_now` by one task alone, and by 1000 tasks in turn, on the pool and locally. Left
//! out: wakes by other tasks and threads (see `context_switch`, `wake_across_threads`).

mod common;

use common::{on_one_thread, on_pool};
use criterion::{Criterion, Throughput};
use executor::task::{self, JoinHandle};

const TASKS: usize = 1000;
const YIELDS: usize = 10;

/// Returns how often it yielded.
async fn yield_often() -> usize {
    for _ in 0..YIELDS {
        task::yield_now().await;
    }
    YIELDS
}

async fn all_yield(spawn: fn() -> JoinHandle<usize>) {
    let handles: Vec<_> = (0..TASKS).map(|_| spawn()).collect();
    for handle in handles {
        assert_eq!(handle.await, YIELDS);
    }
}

fn yield_now(c: &mut Criterion) {
    let mut group = c.benchmark_group("yield_now");
    group.bench_function("one pool task", |b| on_pool(b, task::yield_now));
    group.bench_function("one block_on", |b| on_one_thread(b, task::yield_now));
    group.throughput(Throughput::Elements((TASKS * YIELDS) as u64));
    group.bench_function("1000 pool tasks", |b| {
        on_pool(b, || all_yield(|| task::spawn(yield_often())));
    });
    group.bench_function("1000 local tasks", |b| {
        on_one_thread(b, || all_yield(|| task::spawn_local(yield_often())));
    });
    group.finish();
}

fn main() {
    common::run(
        "what a poll and a pass through the queue cost, when nothing else is done",
        "pool.md",
        yield_now,
    );
}
