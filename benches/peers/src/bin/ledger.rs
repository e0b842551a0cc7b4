//! The ledger's rows for tokio and smol: `cargo run --release --bin ledger` writes them. The operations, the counting
//! and the table are those of `benches/ledger`. It is a program of its own, since its allocator counts.
//!
//! Tokio's tasks on one thread are those of a `LocalSet` on its current-thread runtime, smol's those of a
//! `LocalExecutor`. Each pool has one worker. Tokio's `broadcast` and smol's `async-broadcast` are the channels whose
//! values all receivers get; smol's is a crate of its own, and left out.

#[path = "../../../../tests/shared/counting.rs"]
mod counting;
#[path = "../../../ledger/measure.rs"]
mod measure;
#[path = "../../../ledger/operations.rs"]
mod operations;
#[allow(dead_code, reason = "the ledger needs a part of it")]
#[path = "../runtimes.rs"]
mod runtimes;
#[allow(dead_code, reason = "only ours are compared")]
#[path = "../../../ledger/table.rs"]
mod table;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use measure::Meter;
use operations::Runtime;
use runtimes::Runtime as _;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["run", operation, runtime, times] => run(operation, runtime, times),
        [] => {
            let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ledger.md"));
            table::write(file, &table::rows(&["tokio", "smol"], true)?)
        }
        _ => Err(io::Error::other("no arguments: it writes docs/ledger.md")),
    }
}

/// Does an operation in this process, and prints what it has cost.
fn run(name: &str, runtime: &str, times: &str) -> io::Result<()> {
    let meter = Meter::new(times.parse().map_err(io::Error::other)?, Vec::new);
    match runtime {
        "tokio" => operations::run::<Tokio>(name, meter),
        "smol" => operations::run::<Smol>(name, meter),
        _ => return Err(io::Error::other("the ledger has tokio and smol")),
    };
    Ok(())
}

// ---- tokio

struct Tokio;

impl Runtime for Tokio {
    type Handle<T: Send + 'static> = runtimes::TokioHandle<T>;
    type LocalHandle = tokio::task::JoinHandle<()>;
    type Lock = tokio::sync::Mutex<()>;
    type Guard<'a> = tokio::sync::MutexGuard<'a, ()>;
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = tokio::sync::mpsc::Receiver<u64>;
    type Broadcast = tokio::sync::broadcast::Sender<u64>;
    type Subscription = tokio::sync::broadcast::Receiver<u64>;
    type Listener = tokio::net::TcpListener;
    type Stream = tokio::net::TcpStream;

    fn block_on<F: Future>(future: F) -> F::Output {
        runtimes::Tokio::block_on(future)
    }
    fn block_on_local<F: Future>(future: F) -> F::Output {
        runtimes::TokioLocal::block_on(future)
    }
    fn spawn<F>(future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        runtimes::Tokio::spawn(future)
    }
    fn spawn_local(future: impl Future<Output = ()> + 'static) -> Self::LocalHandle {
        tokio::task::spawn_local(future)
    }
    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }
    fn sleep(time: Duration) -> impl Future<Output = ()> {
        tokio::time::sleep(time)
    }

    fn lock() -> Self::Lock {
        tokio::sync::Mutex::new(())
    }
    fn locked(lock: &Self::Lock) -> impl Future<Output = Self::Guard<'_>> {
        lock.lock()
    }

    fn channel() -> (Self::Sender, Self::Receiver) {
        tokio::sync::mpsc::channel(16)
    }
    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect("it has a receiver");
    }
    async fn recv(receiver: &mut Self::Receiver) -> u64 {
        receiver.recv().await.expect("it has a sender")
    }

    fn broadcast() -> Option<Self::Broadcast> {
        Some(tokio::sync::broadcast::channel(16).0)
    }
    fn subscribe(channel: &Self::Broadcast) -> Self::Subscription {
        channel.subscribe()
    }
    async fn publish(channel: &Self::Broadcast, value: u64) {
        channel.send(value).expect("it has receivers");
    }
    async fn next(subscription: &mut Self::Subscription) -> u64 {
        subscription.recv().await.expect("nothing was lost")
    }

    async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        listener.accept().await.map(|(stream, _)| stream)
    }
    async fn connect(address: SocketAddr) -> io::Result<Self::Stream> {
        tokio::net::TcpStream::connect(address).await
    }
    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        tokio::io::AsyncReadExt::read(stream, buffer).await
    }
    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
        tokio::io::AsyncWriteExt::write_all(stream, bytes).await
    }
}

// ---- smol

struct Smol;

impl Runtime for Smol {
    type Handle<T: Send + 'static> = smol::Task<T>;
    type LocalHandle = smol::Task<()>;
    type Lock = smol::lock::Mutex<()>;
    type Guard<'a> = smol::lock::MutexGuard<'a, ()>;
    type Sender = smol::channel::Sender<u64>;
    type Receiver = smol::channel::Receiver<u64>;
    type Broadcast = ();
    type Subscription = ();
    type Listener = smol::net::TcpListener;
    type Stream = smol::net::TcpStream;

    fn block_on<F: Future>(future: F) -> F::Output {
        runtimes::Smol::block_on(future)
    }
    fn block_on_local<F: Future>(future: F) -> F::Output {
        runtimes::SmolLocal::block_on(future)
    }
    fn spawn<F>(future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        smol::spawn(future)
    }
    fn spawn_local(future: impl Future<Output = ()> + 'static) -> Self::LocalHandle {
        runtimes::LOCAL_EXECUTOR.with(|local| local.spawn(future))
    }
    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }
    async fn sleep(time: Duration) {
        smol::Timer::after(time).await;
    }

    fn lock() -> Self::Lock {
        smol::lock::Mutex::new(())
    }
    fn locked(lock: &Self::Lock) -> impl Future<Output = Self::Guard<'_>> {
        lock.lock()
    }

    fn channel() -> (Self::Sender, Self::Receiver) {
        smol::channel::bounded(16)
    }
    async fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).await.expect("it has a receiver");
    }
    async fn recv(receiver: &mut Self::Receiver) -> u64 {
        receiver.recv().await.expect("it has a sender")
    }

    fn broadcast() -> Option<Self::Broadcast> {
        None
    }
    fn subscribe((): &Self::Broadcast) -> Self::Subscription {}
    async fn publish((): &Self::Broadcast, _: u64) {}
    async fn next((): &mut Self::Subscription) -> u64 {
        0
    }

    async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        listener.accept().await.map(|(stream, _)| stream)
    }
    async fn connect(address: SocketAddr) -> io::Result<Self::Stream> {
        smol::net::TcpStream::connect(address).await
    }
    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        futures_lite::AsyncReadExt::read(stream, buffer).await
    }
    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
        futures_lite::AsyncWriteExt::write_all(stream, bytes).await
    }
}
