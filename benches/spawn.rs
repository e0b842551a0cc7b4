//! Spawning: what it costs to create a task, run it once, and take its output.
//!
//! Measured: 1000 ready tasks spawned and awaited, from a pool task, from `block_on`'s thread and by
//! `spawn_local`; the same in a set, joined as they finish; one task at a time; tasks that each spawn the next. Left
//! out: futures that wait (see `yield_now`, `context_switch`), starting the pool, CPU time against wall time (see
//! `peers`).

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{on_one_thread, on_pool};
use criterion::{Criterion, Throughput};
use executor::task::{self, JoinHandle, JoinSet};

const TASKS: usize = 1000;

/// Spawns, awaits, and checks that each task returns its own number.
async fn spawn_and_await(spawn: fn(usize) -> JoinHandle<usize>) {
    let handles: Vec<_> = (0..TASKS).map(spawn).collect();
    for (i, handle) in handles.into_iter().enumerate() {
        assert_eq!(handle.await, i);
    }
}

/// The same in a set, which returns the outputs in the order in which the tasks end.
async fn spawn_and_join() {
    let mut set = JoinSet::new();
    for i in 0..TASKS {
        set.spawn(async move { i });
    }
    let mut sum = 0;
    while let Some(i) = set.join_next().await {
        sum += i.expect("no task panics");
    }
    assert_eq!(sum, TASKS * (TASKS - 1) / 2);
}

fn pool(i: usize) -> JoinHandle<usize> {
    task::spawn(async move { i })
}

fn local(i: usize) -> JoinHandle<usize> {
    task::spawn_local(async move { i })
}

/// Each task spawns the next; the last sets the flag.
fn chain(left: usize, ended: Arc<AtomicBool>) {
    if left == 0 {
        // ORDERING: Relaxed; nothing else is read.
        ended.store(true, Ordering::Relaxed);
    } else {
        drop(task::spawn(async move { chain(left - 1, ended) }));
    }
}

fn spawn(c: &mut Criterion) {
    let mut group = c.benchmark_group("spawn");
    group.bench_function("one, in a pool task", |b| {
        on_pool(b, || async { assert_eq!(pool(1).await, 1) });
    });
    group.throughput(Throughput::Elements(TASKS as u64));
    group.bench_function("1000, in a pool task", |b| {
        on_pool(b, || spawn_and_await(pool));
    });
    group.bench_function("1000 in a set, in a pool task", |b| {
        on_pool(b, spawn_and_join);
    });
    group.bench_function("1000, from block_on", |b| {
        on_one_thread(b, || spawn_and_await(pool));
    });
    group.bench_function("1000, local", |b| {
        on_one_thread(b, || spawn_and_await(local));
    });
    group.bench_function("chain of 1000", |b| {
        on_pool(b, || async {
            let ended = Arc::new(AtomicBool::new(false));
            chain(TASKS, ended.clone());
            // ORDERING: Relaxed; nothing else is read.
            while !ended.load(Ordering::Relaxed) {
                task::yield_now().await;
            }
        });
    });
    group.finish();
}

fn main() {
    common::run(
        "what a task costs from its creation to its output: one allocation, and no list if it never waits",
        "task.md",
        spawn,
    );
}
