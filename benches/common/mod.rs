//! What the benchmarks share: a line that says what is shown, short measurements, and operations timed inside a task.
//!
//! A figure alone says little: `yield_now/one pool task 34 ns` is quick or slow beside what, and why? The book has a
//! chapter on each mechanism. So each benchmark begins with a line that says what its figures show, and where that
//! chapter is. A benchmark that gives no such line does not compile, or, if it does not call `run`, fails in
//! `tests/tidy`.
#![allow(dead_code, reason = "each benchmark uses some of it")]

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Bencher, Criterion};
use executor::task;

/// Prints the line: what a file's benchmarks show, and the chapter of the book about it.
///
/// # Panics
///
/// If it says nothing, or there is no such chapter.
pub(crate) fn shows(what: &str, chapter: &str) {
    let file = Path::new("docs/book/src").join(chapter);
    assert!(
        !what.is_empty() && !what.contains('\n'),
        "{}: one line says what it shows",
        env!("CARGO_CRATE_NAME")
    );
    assert!(
        Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).is_file(),
        "there is no chapter {}",
        file.display()
    );
    println!("{}: {what} ({})", env!("CARGO_CRATE_NAME"), file.display());
}

/// Runs a file's benchmarks with short times, so that all files together take a few minutes. The arguments of
/// `cargo bench -- ...` apply. `what` and `chapter` are those of [`shows`].
pub(crate) fn run(what: &str, chapter: &str, benchmarks: fn(&mut Criterion)) {
    shows(what, chapter);
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
