//! The broadcast channel: what a delivery costs.
//!
//! Measured: 100 messages to 1, 10 and 100 receivers, each a task that checks number and order, on the
//! pool and locally; an element is one delivery. Left out: receivers that lag, and sockets (see `chat`).

mod common;

use criterion::{BenchmarkId, Criterion, Throughput};
use executor::sync::broadcast;
use executor::task::{self, JoinHandle};

const MESSAGES: u64 = 100;

type Spawn = fn(futures_lite::future::Boxed<u64>) -> JoinHandle<u64>;

const PLACES: [(&str, Spawn); 2] = [("pool", |f| task::spawn(f)), ("local", |f| task::spawn_local(f))];

/// Counts the messages, and checks their order.
async fn receive(mut receiver: broadcast::Receiver<u64>) -> u64 {
    let mut next = 0;
    while let Ok(message) = receiver.recv().await {
        assert_eq!(message, next);
        next += 1;
    }
    next
}

async fn deliver(spawn: Spawn, receivers: u64) {
    let (sender, _) = broadcast::channel(MESSAGES as usize);
    let receivers: Vec<_> = (0..receivers).map(|_| spawn(Box::pin(receive(sender.subscribe())))).collect();
    for message in 0..MESSAGES {
        assert_eq!(sender.send(message).ok(), Some(receivers.len()));
        // Let the receivers run, or the channel would be measured with one large batch.
        if message % 10 == 9 {
            task::yield_now().await;
        }
    }
    drop(sender);
    for receiver in receivers {
        assert_eq!(receiver.await, MESSAGES);
    }
}

fn broadcast(c: &mut Criterion) {
    let mut group = c.benchmark_group("broadcast");
    for (place, spawn) in PLACES {
        for receivers in [1, 10, 100] {
            group.throughput(Throughput::Elements(MESSAGES * receivers));
            group.bench_function(BenchmarkId::new(place, receivers), |b| {
                b.iter(|| task::block_on(deliver(spawn, receivers)));
            });
        }
    }
    group.finish();
}

fn main() {
    common::run("what a delivery costs, with one receiver and with a hundred", "sync.md", broadcast);
}
