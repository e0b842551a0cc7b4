//! Several at once in one task: what a join and a select cost beside the operations that they wait for.
//!
//! Measured, in a pool task and in a `block_on`: a send and then a receive, a join of the two, and a choice between two
//! channels of which one has a value; and values through a channel without a bound, by four tasks. Left out: tasks of
//! their own for the branches (see `spawn`, `context_switch`).

mod common;

use std::time::{Duration, Instant};

use common::on_one_thread;
use criterion::Criterion;
use executor::future::Selected::{First, Second};
use executor::future::{join, select};
use executor::sync::mpsc::{self, channel};
use executor::task;

async fn one_after_the_other(times: u64) -> Duration {
    let (sender, mut receiver) = channel(1);
    let start = Instant::now();
    for value in 0..times {
        sender.send(value).await.expect("the receiver is here");
        assert_eq!(receiver.recv().await, Some(value));
    }
    start.elapsed()
}

async fn joined(times: u64) -> Duration {
    let (sender, mut receiver) = channel(1);
    let start = Instant::now();
    for value in 0..times {
        let (sent, received) = join((sender.send(value), receiver.recv())).await;
        assert_eq!((sent, received), (Ok(()), Some(value)));
    }
    start.elapsed()
}

async fn selected(times: u64) -> Duration {
    let ((one, mut ones), (other, mut others)) = (channel(1), channel(1));
    let start = Instant::now();
    for value in 0..times {
        let sender = if value % 2 == 0 { &one } else { &other };
        sender.send(value).await.expect("the receiver is here");
        let (First(received) | Second(received)) = select((ones.recv(), others.recv())).await;
        assert_eq!(received, Some(value));
    }
    start.elapsed()
}

/// Four tasks send, and this one receives.
async fn unbounded(times: u64) -> Duration {
    const SENDERS: u64 = 4;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let each = times.div_ceil(SENDERS);
    let start = Instant::now();
    for _ in 0..SENDERS {
        let sender = sender.clone();
        drop(task::spawn(async move { (0..each).for_each(|value| sender.send(value).expect("a receiver")) }));
    }
    drop(sender);
    let mut count = 0;
    while receiver.recv().await.is_some() {
        count += 1;
    }
    assert_eq!(count, each * SENDERS);
    start.elapsed()
}

fn branches(c: &mut Criterion) {
    let mut group = c.benchmark_group("branches");
    macro_rules! bench {
        ($name:literal, $function:ident) => {
            group.bench_function(concat!($name, ", in a pool task"), |b| {
                b.iter_custom(|times| task::block_on(task::spawn($function(times))));
            });
            group.bench_function(concat!($name, ", in a block_on"), |b| {
                b.iter_custom(|times| task::block_on($function(times)));
            });
        };
    }
    bench!("a send, then a receive", one_after_the_other);
    bench!("a join of both", joined);
    bench!("a send, and a select of two", selected);
    group.bench_function("unbounded, four tasks send", |b| {
        b.iter_custom(|times| task::block_on(task::spawn(unbounded(times))));
    });
    group.bench_function("a join of two that are ready", |b| {
        on_one_thread(b, async || assert_eq!(join((async { 1 }, async { 2 })).await, (1, 2)));
    });
    group.finish();
}

fn main() {
    common::run(
        "what a join and a select add to the operations that they wait for, and a channel that many send to",
        "using-tasks.md",
        branches,
    );
}
