//! The operations whose cost is counted, each written once for all runtimes. Next: `measure`.
//!
//! Each runs on one thread, or on two that wait for each other, so that the counts are the same in each run. What has to
//! be there before (tasks, connections) is made before the counting begins.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use super::measure::Meter;

/// What an operation needs of a runtime.
pub(crate) trait Runtime: 'static {
    type Handle<T: Send + 'static>: Future<Output = T> + Send;
    type LocalHandle: Future;
    type Lock: 'static;
    type Guard<'a>;
    type Sender: 'static;
    type Receiver: 'static;
    type Broadcast: 'static;
    type Subscription: 'static;
    type Listener: 'static;
    type Stream: 'static;

    /// Runs a future on this thread; the tasks that it spawns run on the pool.
    fn block_on<F: Future>(future: F) -> F::Output;
    /// Runs a future on this thread, and with it the local tasks.
    fn block_on_local<F: Future>(future: F) -> F::Output;
    fn spawn<F>(future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;
    fn spawn_local(future: impl Future<Output = ()> + 'static) -> Self::LocalHandle;
    fn yield_now() -> impl Future<Output = ()> + Send;
    fn sleep(time: Duration) -> impl Future<Output = ()>;

    fn lock() -> Self::Lock;
    fn locked(lock: &Self::Lock) -> impl Future<Output = Self::Guard<'_>>;

    /// A bounded channel with room for 16 values.
    fn channel() -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, value: u64) -> impl Future<Output = ()>;
    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = u64>;

    /// A channel whose values all receivers get; `None` if the runtime has none.
    fn broadcast() -> Option<Self::Broadcast>;
    fn subscribe(channel: &Self::Broadcast) -> Self::Subscription;
    fn publish(channel: &Self::Broadcast, value: u64) -> impl Future<Output = ()>;
    fn next(subscription: &mut Self::Subscription) -> impl Future<Output = u64>;

    fn listen() -> impl Future<Output = io::Result<(Self::Listener, SocketAddr)>>;
    fn accept(listener: &Self::Listener) -> impl Future<Output = io::Result<Self::Stream>>;
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>>;
    fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>>;
    fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> impl Future<Output = io::Result<()>>;
}

/// An operation: its name, what it is, how often it is done while it is counted, and on how many threads.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) times: usize,
    /// With more than one, a thread may find that the other one is ahead, and need not wait: how often is chance.
    pub(crate) threads: usize,
}

const fn one_thread(name: &'static str, times: usize, what: &'static str) -> Operation {
    Operation { name, what, times, threads: 1 }
}

const fn two_threads(name: &'static str, times: usize, what: &'static str) -> Operation {
    Operation { name, what, times, threads: 2 }
}

/// In the order of the table.
#[rustfmt::skip]
pub(crate) const OPERATIONS: &[Operation] = &[
    one_thread("block_on", 2000, "`block_on` of a future that is ready"),
    one_thread("spawn", 2000, "in a task of the pool: spawn a task that is ready, and await it"),
    one_thread("spawn_local", 2000, "the same on one thread"),
    one_thread("yield", 2000, "a task of the pool yields"),
    one_thread("wake_here", 2000, "a task wakes another one on its thread, which runs"),
    two_threads("wake_across", 2000, "a task of the pool wakes the thread of `block_on`, or is woken by it"),
    two_threads("sleep", 200, "a sleep of 200 µs, with nothing else to do"),
    one_thread("lock", 2000, "a lock that is held is handed to the task that waits for it"),
    one_thread("mpsc", 2000, "a value is sent into a bounded channel, and received"),
    one_thread("broadcast", 200, "a value is sent to a hundred receivers, and received by all"),
    one_thread("echo", 500, "a byte to a TCP server and back, both on one thread"),
    one_thread("connect", 200, "a TCP connection is made, accepted, and closed at both ends"),
    two_threads("chat", 500, "a chat message, from one client over the server to the other"),
];

/// Does an operation, and counts it. Returns false if the runtime has nothing like it.
pub(crate) fn run<R: Runtime>(name: &str, meter: Meter) -> bool {
    match name {
        "block_on" => {
            for times in meter {
                (0..times).for_each(|_| R::block_on_local(async {}));
            }
        }
        "spawn" => R::block_on(async move { R::spawn(spawn::<R>(meter)).await }),
        "spawn_local" => R::block_on_local(spawn_local::<R>(meter)),
        "yield" => R::block_on(async move { R::spawn(yields::<R>(meter)).await }),
        "wake_here" => R::block_on_local(wake_here::<R>(meter)),
        "wake_across" => R::block_on(wake_across::<R>(meter)),
        "sleep" => R::block_on_local(sleep::<R>(meter)),
        "lock" => R::block_on_local(lock::<R>(meter)),
        "mpsc" => R::block_on_local(mpsc::<R>(meter)),
        "broadcast" => return R::block_on_local(broadcast::<R>(meter)),
        "echo" => R::block_on_local(echo::<R>(meter)).expect("sockets work"),
        "connect" => R::block_on_local(connect::<R>(meter)).expect("sockets work"),
        _ => return false,
    }
    true
}

async fn spawn<R: Runtime>(meter: Meter) {
    for times in meter {
        for _ in 0..times {
            R::spawn(async {}).await;
        }
    }
}

async fn spawn_local<R: Runtime>(meter: Meter) {
    for times in meter {
        for _ in 0..times {
            R::spawn_local(async {}).await;
        }
    }
}

async fn yields<R: Runtime>(meter: Meter) {
    for times in meter {
        for _ in 0..times {
            R::yield_now().await;
        }
    }
}

async fn sleep<R: Runtime>(meter: Meter) {
    for times in meter {
        for _ in 0..times {
            R::sleep(Duration::from_micros(200)).await;
        }
    }
}

/// Whose turn it is, and the waker of the side that waits for its turn.
#[derive(Default)]
struct Turn {
    is_second: bool,
    waiting: Option<Waker>,
}

impl Turn {
    /// Ends the turn of one side. Returns the other side's waker.
    fn pass(&mut self) -> Option<Waker> {
        self.is_second = !self.is_second;
        self.waiting.take()
    }

    fn poll(&mut self, second: bool, waker: &Waker) -> Poll<()> {
        if self.is_second == second {
            return Poll::Ready(());
        }
        self.waiting = Some(waker.clone());
        Poll::Pending
    }
}

/// Takes one side's turns. Each ends with a wake of the other side.
async fn turns(turn: &Mutex<Turn>, second: bool, count: usize) {
    let turn = || turn.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..count {
        poll_fn(|cx| turn().poll(second, cx.waker())).await;
        let waker = turn().pass();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A wake, and the poll that it leads to: two of them are a round.
async fn wake_here<R: Runtime>(meter: Meter) {
    let turn = Arc::new(Mutex::new(Turn::default()));
    let (other, all) = (turn.clone(), meter.all());
    let task = R::spawn_local(async move { turns(&other, true, all / 2).await });
    for times in meter {
        turns(&turn, false, times / 2).await;
    }
    task.await;
}

async fn wake_across<R: Runtime>(meter: Meter) {
    let turn = Arc::new(Mutex::new(Turn::default()));
    let (other, all) = (turn.clone(), meter.all());
    let task = R::spawn(async move { turns(&other, true, all / 2).await });
    for times in meter {
        turns(&turn, false, times / 2).await;
    }
    task.await;
}

/// Takes a lock, and holds it while the other side waits for it.
async fn holds<R: Runtime>(lock: &R::Lock, count: usize) {
    for _ in 0..count {
        let guard = R::locked(lock).await;
        R::yield_now().await;
        drop(guard);
    }
}

async fn lock<R: Runtime>(meter: Meter) {
    let lock = Rc::new(R::lock());
    let (other, all) = (lock.clone(), meter.all());
    let task = R::spawn_local(async move { holds::<R>(&other, all / 2).await });
    for times in meter {
        holds::<R>(&lock, times / 2).await;
    }
    task.await;
}

async fn mpsc<R: Runtime>(meter: Meter) {
    let (sender, mut receiver) = R::channel();
    for times in meter {
        for value in 0..times as u64 {
            R::send(&sender, value).await;
            assert_eq!(R::recv(&mut receiver).await, value);
        }
    }
}

async fn broadcast<R: Runtime>(meter: Meter) -> bool {
    let Some(channel) = R::broadcast() else { return false };
    let mut receivers: Vec<_> = (0..100).map(|_| R::subscribe(&channel)).collect();
    for times in meter {
        for value in 0..times as u64 {
            R::publish(&channel, value).await;
            for receiver in &mut receivers {
                assert_eq!(R::next(receiver).await, value);
            }
        }
    }
    true
}

async fn echo<R: Runtime>(meter: Meter) -> io::Result<()> {
    let (listener, address) = R::listen().await?;
    let server = R::spawn_local(async move {
        let mut stream = R::accept(&listener).await.expect("a client connects");
        let mut byte = [0];
        while let Ok(1) = R::read(&mut stream, &mut byte).await {
            R::write_all(&mut stream, &byte).await.expect("the client reads");
        }
    });
    let mut stream = R::connect(address).await?;
    for times in meter {
        let mut byte = [0];
        for _ in 0..times {
            R::write_all(&mut stream, b"x").await?;
            assert_eq!((R::read(&mut stream, &mut byte).await?, byte[0]), (1, b'x'));
        }
    }
    drop(stream);
    server.await;
    Ok(())
}

async fn connect<R: Runtime>(meter: Meter) -> io::Result<()> {
    let (listener, address) = R::listen().await?;
    for times in meter {
        for _ in 0..times {
            let client = R::connect(address).await?;
            let server = R::accept(&listener).await?;
            drop(client);
            drop(server);
        }
    }
    Ok(())
}
