//! TCP echo: a request of 64 bytes and its reply over loopback.
//!
//! Measured: 1, 32 and 256 connections with one request outstanding each, server and clients in one
//! process, on one thread and on the pool. So each figure includes the system calls of both ends. Left out: the
//! server's cost alone, which `peers` measures across processes.

mod common;

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use executor::task::{self, JoinHandle};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use reactor::net::{TcpListener, TcpStream};

const MESSAGE: usize = 64;

type Spawn = fn(futures_lite::future::Boxed<()>) -> JoinHandle<()>;

const PLACES: [(&str, Spawn); 2] = [("pool", |f| task::spawn(f)), ("one thread", |f| task::spawn_local(f))];

async fn serve(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}

async fn ask(mut stream: TcpStream, times: u64) {
    let mut reply = [0; MESSAGE];
    for number in 0..times {
        let request: [u8; MESSAGE] = std::array::from_fn(|i| i as u8 + number as u8);
        stream.write_all(&request).await.unwrap();
        stream.read_exact(&mut reply).await.unwrap();
        assert_eq!(reply, request);
    }
}

/// Makes `connections` connections, each of which sends `times` requests. Returns the time for the requests.
async fn echo(spawn: Spawn, connections: usize, times: u64) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut clients = Vec::new();
    for _ in 0..connections {
        let client = TcpStream::connect(address).await.unwrap();
        client.set_nodelay(true).unwrap();
        drop(spawn(Box::pin(serve(listener.accept().await.unwrap().0))));
        clients.push(client);
    }
    let start = Instant::now();
    let asking: Vec<_> = clients.into_iter().map(|client| spawn(Box::pin(ask(client, times)))).collect();
    for client in asking {
        client.await;
    }
    start.elapsed()
}

fn tcp_echo(c: &mut Criterion) {
    let mut group = c.benchmark_group("tcp_echo");
    for (place, spawn) in PLACES {
        for connections in [1, 32, 256] {
            group.throughput(Throughput::Elements(connections as u64));
            group.bench_function(BenchmarkId::new(place, connections), |b| {
                b.iter_custom(|times| task::block_on(echo(spawn, connections, times)));
            });
        }
    }
    group.finish();
}

fn main() {
    common::run(
        "what a request and its reply cost over TCP, most of it in the kernel",
        "sockets.md",
        tcp_echo,
    );
}
