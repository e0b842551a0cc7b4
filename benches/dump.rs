//! The dump: what it costs to ask 10,000 waiting tasks why they wait.
//!
//! Measured: `executor::dump()` with 10,000 tasks, half of which wait for a timer and half for a channel, without a
//! recording and with one that has all their events; and the same with its text. Left out: what the dump costs others:
//! a poll waits at most for a lock while a few entries are copied.

mod common;

use std::time::Duration;

use criterion::{Criterion, Throughput};
use executor::sync::mpsc;
use executor::{task, trace};
use reactor::time::sleep;

const TASKS: u32 = 10_000;

fn dump(c: &mut Criterion) {
    let mut group = c.benchmark_group("dump");
    group.throughput(Throughput::Elements(TASKS.into()));
    for recorded in [false, true] {
        if recorded {
            trace::start(1 << 17).expect("no recording is on");
        }
        let polls = executor::metrics().polls;
        let (sender, receivers): (Vec<_>, Vec<_>) = (0..TASKS / 2).map(|_| mpsc::channel::<()>(1)).unzip();
        let waiting: Vec<_> = receivers
            .into_iter()
            .flat_map(|mut receiver| {
                let received = task::spawn(async move { _ = receiver.recv().await });
                [received, task::spawn(async { _ = sleep(Duration::from_secs(3600)).await })]
            })
            .collect();
        while executor::metrics().polls < polls + u64::from(TASKS) {
            std::thread::yield_now();
        }
        let name = |what: &str| format!("{what}, {}", if recorded { "recorded" } else { "not recorded" });
        group.bench_function(name("10,000 tasks"), |b| b.iter(executor::dump));
        group.bench_function(name("with its text"), |b| b.iter(|| executor::dump().to_string().len()));
        assert!(executor::dump().tasks().len() >= TASKS as usize);
        drop(sender);
        waiting.iter().for_each(task::JoinHandle::abort);
        task::block_on(async {
            for one in waiting {
                let _ = one.try_join().await;
            }
        });
    }
    drop(trace::stop());
    group.finish();
}

fn main() {
    common::run(
        "that a program with ten thousand waiting tasks can be asked why they wait",
        "stuck.md",
        dump,
    );
}
