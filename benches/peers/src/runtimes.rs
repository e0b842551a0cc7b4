//! The trait that a workload needs of a runtime, and its implementations. Next: `workloads`.
//!
//! A workload that is written anew for each runtime would compare the authors' care, too. So each is written once,
//! over a trait. A local runtime is one more runtime, whose `spawn` spawns onto the thread of its `block_on`: the
//! local workloads are the same functions. Each library's channels, timers and sockets are written once, in a
//! macro that its runtimes share.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Duration;

use executor::future::Selected::{First, Second};
use futures_lite::FutureExt;

pub trait Runtime: 'static {
    type Handle<T: Send + 'static>: Future<Output = T> + Send;
    type Sender: Send + Sync + 'static;
    type Receiver: Send + 'static;
    type Listener: Send + Sync + 'static;
    type Stream: Send + 'static;

    fn block_on<F: Future>(future: F) -> F::Output;
    fn spawn<F>(future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;
    fn spawn_blocking<F, T>(job: F) -> impl Future<Output = T> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static;
    /// Drops a task's handle, and lets the task continue.
    fn detach<T: Send + 'static>(handle: Self::Handle<T>) {
        drop(handle);
    }

    /// The library's own join of two futures.
    fn join<A, B>(one: A, other: B) -> impl Future<Output = (A::Output, B::Output)> + Send
    where
        A: Future<Output: Send> + Send,
        B: Future<Output: Send> + Send;
    /// The output of the first that is ready, by the library's own fair choice.
    fn first<F, G>(one: F, other: G) -> impl Future<Output = F::Output> + Send
    where
        F: Future<Output: Send> + Send,
        G: Future<Output = F::Output> + Send;

    fn yield_now() -> impl Future<Output = ()> + Send;
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;

    /// The library's own bounded channel.
    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver);
    /// Returns whether the channel took the value.
    fn send(sender: &Self::Sender, value: u64) -> impl Future<Output = bool> + Send;
    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;

    fn listen() -> impl Future<Output = io::Result<(Self::Listener, SocketAddr)>> + Send;
    /// Accepts a connection, and sets TCP_NODELAY.
    fn accept(listener: &Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;
    fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

/// Any free port on loopback.
const ANY: &str = "127.0.0.1:0";

/// The sockets of this runtime, smol and async-std, which have the same interface.
macro_rules! futures_io_sockets {
    ($listener:ty, $stream:ty) => {
        type Listener = $listener;
        type Stream = $stream;

        async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
            let listener = <$listener>::bind(ANY).await?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        }
        async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        }
        async fn connect(address: SocketAddr) -> io::Result<Self::Stream> {
            let stream = <$stream>::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        }
        async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
            futures_lite::AsyncReadExt::read(stream, buffer).await
        }
        async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
            futures_lite::AsyncWriteExt::write_all(stream, bytes).await
        }
    };
}

/// `async-channel`, which smol and async-std use in two versions.
macro_rules! async_channel {
    ($channel:ident) => {
        type Sender = $channel::Sender<u64>;
        type Receiver = $channel::Receiver<u64>;

        fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
            $channel::bounded(capacity)
        }
        async fn send(sender: &Self::Sender, value: u64) -> bool {
            sender.send(value).await.is_ok()
        }
        async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
            receiver.recv().await.ok()
        }
    };
}

// ---- ours

macro_rules! ours {
    ($runtime:ty, $spawn:path) => {
        impl Runtime for $runtime {
            type Handle<T: Send + 'static> = executor::task::JoinHandle<T>;
            type Sender = executor::sync::mpsc::Sender<u64>;
            type Receiver = executor::sync::mpsc::Receiver<u64>;

            fn block_on<F: Future>(future: F) -> F::Output {
                executor::task::block_on(future)
            }
            fn spawn<F>(future: F) -> Self::Handle<F::Output>
            where
                F: Future + Send + 'static,
                F::Output: Send + 'static,
            {
                $spawn(future)
            }
            fn spawn_blocking<F, T>(job: F) -> impl Future<Output = T> + Send
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                executor::task::spawn_blocking(job)
            }
            fn join<A, B>(one: A, other: B) -> impl Future<Output = (A::Output, B::Output)> + Send
            where
                A: Future<Output: Send> + Send,
                B: Future<Output: Send> + Send,
            {
                executor::future::join((one, other))
            }
            fn first<F, G>(one: F, other: G) -> impl Future<Output = F::Output> + Send
            where
                F: Future<Output: Send> + Send,
                G: Future<Output = F::Output> + Send,
            {
                async move {
                    let (First(output) | Second(output)) = executor::future::select((one, other)).await;
                    output
                }
            }
            fn yield_now() -> impl Future<Output = ()> + Send {
                executor::task::yield_now()
            }
            fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
                reactor::time::sleep(time)
            }
            fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
                executor::sync::mpsc::channel(capacity)
            }
            async fn send(sender: &Self::Sender, value: u64) -> bool {
                sender.send(value).await.is_ok()
            }
            async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
                receiver.recv().await
            }
            futures_io_sockets!(reactor::net::TcpListener, reactor::net::TcpStream);
        }
    };
}

/// The pool.
pub struct Ours;
/// `block_on` and `spawn_local`: one thread.
pub struct OursLocal;
ours!(Ours, executor::task::spawn);
ours!(OursLocal, executor::task::spawn_local);

// ---- tokio

static TOKIO: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    // The environment sets the number of workers, as for the other pools: TOKIO_WORKER_THREADS.
    builder.enable_all().build().expect("tokio starts")
});

static TOKIO_CT: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("tokio starts")
});

thread_local! {
    static LOCAL_SET: tokio::task::LocalSet = tokio::task::LocalSet::new();
}

/// A handle that unwraps the result: the tasks here do not panic.
pub struct TokioHandle<T>(tokio::task::JoinHandle<T>);

impl<T> Future for TokioHandle<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.poll(cx).map(|joined| joined.expect("the task ends well"))
    }
}

macro_rules! tokio {
    ($runtime:ty, $spawn:path, |$future:ident| $block_on:expr) => {
        impl Runtime for $runtime {
            type Handle<T: Send + 'static> = TokioHandle<T>;
            type Sender = tokio::sync::mpsc::Sender<u64>;
            type Receiver = tokio::sync::mpsc::Receiver<u64>;
            type Listener = tokio::net::TcpListener;
            type Stream = tokio::net::TcpStream;

            fn block_on<F: Future>($future: F) -> F::Output {
                $block_on
            }
            fn spawn<F>(future: F) -> Self::Handle<F::Output>
            where
                F: Future + Send + 'static,
                F::Output: Send + 'static,
            {
                TokioHandle($spawn(future))
            }
            fn spawn_blocking<F, T>(job: F) -> impl Future<Output = T> + Send
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                TokioHandle(tokio::task::spawn_blocking(job))
            }
            fn join<A, B>(one: A, other: B) -> impl Future<Output = (A::Output, B::Output)> + Send
            where
                A: Future<Output: Send> + Send,
                B: Future<Output: Send> + Send,
            {
                async move { tokio::join!(one, other) }
            }
            fn first<F, G>(one: F, other: G) -> impl Future<Output = F::Output> + Send
            where
                F: Future<Output: Send> + Send,
                G: Future<Output = F::Output> + Send,
            {
                async move {
                    tokio::select! {
                        output = one => output,
                        output = other => output,
                    }
                }
            }
            fn yield_now() -> impl Future<Output = ()> + Send {
                tokio::task::yield_now()
            }
            fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
                tokio::time::sleep(time)
            }
            fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
                tokio::sync::mpsc::channel(capacity)
            }
            async fn send(sender: &Self::Sender, value: u64) -> bool {
                sender.send(value).await.is_ok()
            }
            async fn recv(receiver: &mut Self::Receiver) -> Option<u64> {
                receiver.recv().await
            }
            async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
                let listener = tokio::net::TcpListener::bind(ANY).await?;
                let address = listener.local_addr()?;
                Ok((listener, address))
            }
            async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(stream)
            }
            async fn connect(address: SocketAddr) -> io::Result<Self::Stream> {
                let stream = tokio::net::TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(stream)
            }
            async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
                tokio::io::AsyncReadExt::read(stream, buffer).await
            }
            async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
                tokio::io::AsyncWriteExt::write_all(stream, bytes).await
            }
        }
    };
}

/// The multi-thread runtime.
pub struct Tokio;
/// The current-thread runtime.
pub struct TokioCt;
/// A `LocalSet` on the current-thread runtime.
pub struct TokioLocal;
tokio!(Tokio, tokio::spawn, |future| TOKIO.block_on(future));
tokio!(TokioCt, tokio::spawn, |future| TOKIO_CT.block_on(future));
tokio!(TokioLocal, tokio::task::spawn_local, |future| LOCAL_SET
    .with(|local| local.block_on(&TOKIO_CT, future)));

// ---- smol

thread_local! {
    /// Runs in the `block_on` of [`SmolLocal`].
    pub static LOCAL_EXECUTOR: smol::LocalExecutor<'static> = const { smol::LocalExecutor::new() };
}

macro_rules! smol {
    ($runtime:ty, |$task:ident| $spawn:expr, |$future:ident| $block_on:expr) => {
        impl Runtime for $runtime {
            type Handle<T: Send + 'static> = smol::Task<T>;

            fn block_on<F: Future>($future: F) -> F::Output {
                $block_on
            }
            fn spawn<F>($task: F) -> Self::Handle<F::Output>
            where
                F: Future + Send + 'static,
                F::Output: Send + 'static,
            {
                $spawn
            }
            fn spawn_blocking<F, T>(job: F) -> impl Future<Output = T> + Send
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                smol::unblock(job)
            }
            /// Dropping the handle would cancel the task.
            fn detach<T: Send + 'static>(handle: Self::Handle<T>) {
                handle.detach();
            }
            fn join<A, B>(one: A, other: B) -> impl Future<Output = (A::Output, B::Output)> + Send
            where
                A: Future<Output: Send> + Send,
                B: Future<Output: Send> + Send,
            {
                smol::future::zip(one, other)
            }
            fn first<F, G>(one: F, other: G) -> impl Future<Output = F::Output> + Send
            where
                F: Future<Output: Send> + Send,
                G: Future<Output = F::Output> + Send,
            {
                smol::future::race(one, other)
            }
            fn yield_now() -> impl Future<Output = ()> + Send {
                smol::future::yield_now()
            }
            async fn sleep(time: Duration) {
                smol::Timer::after(time).await;
            }
            async_channel!(smol_channel);
            futures_io_sockets!(smol::net::TcpListener, smol::net::TcpStream);
        }
    };
}

use smol::channel as smol_channel;

/// The global executor.
pub struct Smol;
/// A `LocalExecutor`.
pub struct SmolLocal;
smol!(Smol, |task| smol::spawn(task), |future| smol::block_on(future));
smol!(SmolLocal, |task| LOCAL_EXECUTOR.with(|local| local.spawn(task)), |future| LOCAL_EXECUTOR
    .with(|local| smol::block_on(local.run(future))));

// ---- async-std

macro_rules! async_std {
    ($runtime:ty, $spawn:path) => {
        impl Runtime for $runtime {
            type Handle<T: Send + 'static> = async_std::task::JoinHandle<T>;

            fn block_on<F: Future>(future: F) -> F::Output {
                async_std::task::block_on(future)
            }
            fn spawn<F>(future: F) -> Self::Handle<F::Output>
            where
                F: Future + Send + 'static,
                F::Output: Send + 'static,
            {
                $spawn(future)
            }
            fn spawn_blocking<F, T>(job: F) -> impl Future<Output = T> + Send
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                async_std::task::spawn_blocking(job)
            }
            fn join<A, B>(one: A, other: B) -> impl Future<Output = (A::Output, B::Output)> + Send
            where
                A: Future<Output: Send> + Send,
                B: Future<Output: Send> + Send,
            {
                async_std::prelude::FutureExt::join(one, other)
            }
            fn first<F, G>(one: F, other: G) -> impl Future<Output = F::Output> + Send
            where
                F: Future<Output: Send> + Send,
                G: Future<Output = F::Output> + Send,
            {
                async_std::prelude::FutureExt::race(one, other)
            }
            fn yield_now() -> impl Future<Output = ()> + Send {
                async_std::task::yield_now()
            }
            fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
                async_std::task::sleep(time)
            }
            async_channel!(async_std_channel);
            futures_io_sockets!(async_std::net::TcpListener, async_std::net::TcpStream);
        }
    };
}

use async_std::channel as async_std_channel;

pub struct AsyncStd;
pub struct AsyncStdLocal;
async_std!(AsyncStd, async_std::task::spawn);
async_std!(AsyncStdLocal, async_std::task::spawn_local);
