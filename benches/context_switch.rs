//! Switching: the time from the send of a message until the task that it wakes has received it.
//!
//! Measured: a hop of a token between two tasks (ping-pong) and along 500 tasks in a row (the bucket
//! brigade), through channels of capacity 1 on the pool and locally, and along 500 tasks through TCP
//! connections. Left out: threads and processes, which `peers` measures.

mod common;

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use executor::sync::mpsc::{self, Receiver, Sender};
use executor::task::{self, JoinHandle};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use reactor::net::{TcpListener, TcpStream};

type Spawn = fn(futures_lite::future::Boxed<()>) -> JoinHandle<()>;

const PLACES: [(&str, Spawn); 2] = [("pool", |f| task::spawn(f)), ("local", |f| task::spawn_local(f))];

/// Passes on each token, until the channel is closed.
async fn relay(mut from: Receiver<u64>, to: Sender<u64>) {
    while let Some(token) = from.recv().await {
        if to.send(token).await.is_err() {
            break;
        }
    }
}

/// Sends a token around `tasks` tasks, `times` times. Returns the time it took.
async fn around(spawn: Spawn, tasks: usize, times: u64) -> Duration {
    let (first, mut last) = mpsc::channel(1);
    for _ in 1..tasks {
        let (to, next) = mpsc::channel(1);
        let from = std::mem::replace(&mut last, next);
        drop(spawn(Box::pin(relay(from, to))));
    }
    let (report, mut reported) = mpsc::channel(1);
    drop(spawn(Box::pin(async move {
        let start = Instant::now();
        for token in 0..times {
            first.send(token).await.unwrap();
            assert_eq!(last.recv().await, Some(token));
        }
        report.send(start.elapsed()).await.unwrap();
    })));
    reported.recv().await.expect("the token came around")
}

/// The same through TCP connections; the token is a byte.
async fn around_tcp(spawn: Spawn, tasks: usize, times: u64) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let link = async || {
        let to = TcpStream::connect(address).await.unwrap();
        to.set_nodelay(true).unwrap();
        (to, listener.accept().await.unwrap().0)
    };
    let (mut first, mut last) = link().await;
    for _ in 1..tasks {
        let (mut to, next) = link().await;
        let mut from = std::mem::replace(&mut last, next);
        drop(spawn(Box::pin(async move {
            let mut token = [0];
            while let Ok(1) = from.read(&mut token).await {
                to.write_all(&token).await.unwrap();
            }
        })));
    }
    let (report, mut reported) = mpsc::channel(1);
    drop(spawn(Box::pin(async move {
        let start = Instant::now();
        let mut back = [0];
        for token in 0..times {
            let token = [token as u8];
            first.write_all(&token).await.unwrap();
            last.read_exact(&mut back).await.unwrap();
            assert_eq!(back, token);
        }
        report.send(start.elapsed()).await.unwrap();
    })));
    reported.recv().await.expect("the token came around")
}

fn context_switch(c: &mut Criterion) {
    let mut group = c.benchmark_group("context_switch");
    for (place, spawn) in PLACES {
        for (name, tasks) in [("pingpong", 2), ("brigade of 500", 500)] {
            group.throughput(Throughput::Elements(tasks as u64));
            group.bench_function(BenchmarkId::new(name, place), |b| {
                b.iter_custom(|times| task::block_on(around(spawn, tasks, times)));
            });
        }
        group.throughput(Throughput::Elements(500));
        group.bench_function(BenchmarkId::new("brigade of 500 over TCP", place), |b| {
            b.iter_custom(|times| task::block_on(around_tcp(spawn, 500, times)));
        });
    }
    group.finish();
}

fn main() {
    common::run(
        "how quickly a task that another one has woken runs: the slot keeps it on the same thread",
        "pool.md",
        context_switch,
    );
}
