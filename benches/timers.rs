//! Timers: what it costs to set one, to cancel it, and to have many fire.
//!
//! Measured: a `timeout` of an hour around a short operation, alone and beside 100,000 sleepers; 1000 sleeps of
//! 1 to 2 ms at once (2 ms of the result are the sleep itself); one sleep of 1 ms (the rest is lateness). Left
//! out: CPU time, which `peers` measures.

mod common;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use common::on_one_thread;
use criterion::{Criterion, Throughput};
use executor::task;
use reactor::time::{sleep, timeout};

const HOUR: Duration = Duration::from_secs(3600);
const SLEEPS: u32 = 1000;

/// Sets a timer, and cancels it.
async fn in_time() {
    assert!(timeout(HOUR, task::yield_now()).await.is_ok());
}

fn timers(c: &mut Criterion) {
    let mut group = c.benchmark_group("timers");
    group.bench_function("timeout that does not fire", |b| on_one_thread(b, in_time));
    group.bench_function("the same beside 100,000 sleepers", |b| {
        let mut sleepers: Vec<_> =
            (0..100_000).map(|i| Box::pin(sleep(HOUR + Duration::from_millis(i)))).collect();
        for sleeper in &mut sleepers {
            let pending = sleeper.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(pending.is_pending());
        }
        on_one_thread(b, in_time);
    });
    group.bench_function("sleep of 1 ms", |b| {
        on_one_thread(b, || async {
            let due = Instant::now() + Duration::from_millis(1);
            sleep(Duration::from_millis(1)).await;
            assert!(Instant::now() >= due);
        });
    });
    group.throughput(Throughput::Elements(SLEEPS.into()));
    group.bench_function("1000 sleeps of 1 to 2 ms", |b| {
        on_one_thread(b, || async {
            let naps = (0..SLEEPS).map(|i| {
                task::spawn_local(async move {
                    let time = Duration::from_micros(1000 + u64::from(i * 617 % SLEEPS));
                    let due = Instant::now() + time;
                    pin!(sleep(time)).await;
                    assert!(Instant::now() >= due);
                })
            });
            for nap in naps.collect::<Vec<_>>() {
                nap.await;
            }
        });
    });
    group.finish();
}

fn main() {
    common::run(
        "what a timeout costs, alone and beside a hundred thousand sleepers, and how late a sleep ends",
        "reactor.md",
        timers,
    );
}
