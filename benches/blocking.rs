//! Blocking calls: what it costs to run one on a thread that may block.
//!
//! Measured: one job handed over and awaited, 1000 at a time, and, to compare, a new thread for each
//! job. Left out: jobs that really block, and how many threads are started.

mod common;

use common::on_one_thread;
use criterion::{Criterion, Throughput};
use executor::task;

const JOBS: usize = 1000;

fn blocking(c: &mut Criterion) {
    let mut group = c.benchmark_group("blocking");
    group.bench_function("one, awaited", |b| {
        on_one_thread(b, async || assert_eq!(task::spawn_blocking(|| 1).await, 1));
    });
    group.bench_function("one thread, joined", |b| {
        b.iter(|| assert_eq!(std::thread::spawn(|| 1).join().unwrap(), 1));
    });
    group.throughput(Throughput::Elements(JOBS as u64));
    group.bench_function("1000 at a time", |b| {
        on_one_thread(b, async || {
            let jobs: Vec<_> = (0..JOBS).map(|i| task::spawn_blocking(move || i)).collect();
            for (i, job) in jobs.into_iter().enumerate() {
                assert_eq!(job.await, i);
            }
        });
    });
    group.finish();
}

fn main() {
    common::run(
        "what a call on a thread that may block costs, beside a new thread for each",
        "sockets.md",
        blocking,
    );
}
