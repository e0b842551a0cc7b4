//! Giving way: what a poll and a trip through the queue cost.
//!
//! Measured: `yield_now` by one task alone, and by 1000 tasks in turn, on the pool and locally. Left
//! out: wakes from elsewhere (see `context_switch`, `wake_across_threads`).

mod common;

use common::{on_one_thread, on_pool};
use criterion::{Criterion, Throughput};
use executor::task::{self, JoinHandle};

const TASKS: usize = 1000;
const YIELDS: usize = 10;

/// Returns how often it gave way.
async fn give_way() -> usize {
    for _ in 0..YIELDS {
        task::yield_now().await;
    }
    YIELDS
}

async fn all_give_way(spawn: fn() -> JoinHandle<usize>) {
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
        on_pool(b, || all_give_way(|| task::spawn(give_way())));
    });
    group.bench_function("1000 local tasks", |b| {
        on_one_thread(b, || all_give_way(|| task::spawn_local(give_way())));
    });
    group.finish();
}

fn main() {
    common::run(yield_now);
}
