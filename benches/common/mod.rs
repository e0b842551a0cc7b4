//! What the benchmarks share: short measurements, and operations timed inside a task.
#![allow(dead_code, reason = "each benchmark uses some of it")]

use std::time::{Duration, Instant};

use criterion::{Bencher, Criterion};
use executor::task;

/// Runs a file's benchmarks with short times, so that all files together take a few minutes. The arguments of
/// `cargo bench -- ...` apply.
pub(crate) fn run(benchmarks: fn(&mut Criterion)) {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    benchmarks(&mut criterion);
    criterion.final_summary();
}

/// Times an operation repeatedly inside one pool task, so that spawning that task is not measured.
pub(crate) fn on_pool<F, R>(bencher: &mut Bencher<'_>, operation: F)
where
    F: Fn() -> R + Copy + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    bencher.iter_custom(|times| task::block_on(task::spawn(timed(times, operation))));
}

/// The same in a `block_on`, with no second thread unless the operation starts one.
pub(crate) fn on_one_thread<F, R>(bencher: &mut Bencher<'_>, operation: F)
where
    F: Fn() -> R,
    R: Future<Output = ()>,
{
    bencher.iter_custom(|times| task::block_on(timed(times, &operation)));
}

async fn timed<F, R>(times: u64, operation: F) -> Duration
where
    F: Fn() -> R,
    R: Future<Output = ()>,
{
    let start = Instant::now();
    for _ in 0..times {
        operation().await;
    }
    start.elapsed()
}
