//! Rung 08: a reactor: one thread that waits for all the sockets.
//!
//!     cargo run --example 08_reactor
//!
//! After rung 07 a thread still blocks in `read`, one for each socket. The kernel can do better: epoll and
//! kqueue watch thousands of descriptors for one thread. The crate `polling` is a thin layer over both. A
//! reactor is such a poller and a table of wakers.
//!
//! ```text
//!   read:   try ──bytes──▶ Ready                  the thread:  run the queue until it is empty
//!            └─would block─▶ store the waker,                  wait in the poller
//!                            arm the poller,                   events: take the wakers, call them
//!                            Pending
//! ```
//!
//! - R1  The waker is stored before the poller is armed: the event may come at once, and it disarms the source.
//! - R2  The thread sleeps in one place only, the poller. A wake from another thread notifies the poller.
//! - R3  One task at a time waits for a socket: the table has room for one waker per socket.
#![allow(unsafe_code, reason = "polling requires that a source is deleted before it is closed")]

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use polling::{Event, Events, Poller};

// ANCHOR: 08_reactor
/// The kernel's list of the descriptors that it watches for us.
static POLLER: LazyLock<Poller> = LazyLock::new(|| Poller::new().expect("there is a descriptor left"));

/// The wakers of the waiting tasks, by the key of the socket.
static WAITING: Mutex<BTreeMap<usize, Waker>> = Mutex::new(BTreeMap::new());

/// One turn of the reactor: sleeps until there are events or a notification, and wakes the tasks that wait
/// for them. The `None` is the time limit. The next deadline of rung 07 could go there.
fn turn() -> io::Result<()> {
    let mut events = Events::new();
    POLLER.wait(&mut events, None)?;
    for event in events.iter() {
        let waker = WAITING.lock().unwrap().remove(&event.key);
        waker.inspect(Waker::wake_by_ref);
    }
    Ok(())
}
// ANCHOR_END: 08_reactor

/// Returns a different number each time, for sockets and for tasks.
fn new_key() -> usize {
    static KEYS: AtomicUsize = AtomicUsize::new(0);
    KEYS.fetch_add(1, Ordering::Relaxed) // ORDERING: Relaxed; a counter, it publishes nothing.
}

// ANCHOR: 08_async
/// A socket in non-blocking mode, registered with the reactor.
struct Async<T: AsFd> {
    socket: T,
    key: usize,
}

impl<T: AsFd> Async<T> {
    fn new(socket: T) -> io::Result<Async<T>> {
        let key = new_key();
        // SAFETY: our `drop` deletes the source before the field is dropped, which closes it.
        unsafe { POLLER.add(&socket.as_fd(), Event::none(key)) }?;
        Ok(Async { socket, key })
    }

    /// Repeats `attempt` until it no longer returns `WouldBlock`, and returns its result. In between it waits
    /// for an event. `kind` is `Event::readable` or `Event::writable`.
    async fn with<R>(
        &self,
        kind: fn(usize) -> Event,
        mut attempt: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        poll_fn(|cx| match attempt(&self.socket) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                WAITING.lock().unwrap().insert(self.key, cx.waker().clone());
                POLLER.modify(&self.socket, kind(self.key))?; // R1
                Poll::Pending
            }
            result => Poll::Ready(result),
        })
        .await
    }
}

impl<T: AsFd> Drop for Async<T> {
    fn drop(&mut self) {
        POLLER.delete(&self.socket).expect("it was added");
        WAITING.lock().unwrap().remove(&self.key);
    }
}
// ANCHOR_END: 08_async

type Task = Pin<Box<dyn Future<Output = io::Result<()>>>>;

/// The program has one executor, so the queue can be a static.
static QUEUE: Mutex<VecDeque<usize>> = Mutex::new(VecDeque::new());

thread_local! {
    static TASKS: RefCell<BTreeMap<usize, Task>> = RefCell::default();
}

struct TaskWaker(usize);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        QUEUE.lock().unwrap().push_back(self.0);
        POLLER.notify().unwrap(); // R2
    }
}

fn spawn(future: impl Future<Output = io::Result<()>> + 'static) {
    let id = new_key();
    TASKS.with_borrow_mut(|tasks| tasks.insert(id, Box::pin(future)));
    QUEUE.lock().unwrap().push_back(id);
}

// ANCHOR: 08_run
/// Runs until all tasks have completed, or one returns an error.
fn run() -> io::Result<()> {
    while !TASKS.with_borrow(BTreeMap::is_empty) {
        let next = QUEUE.lock().unwrap().pop_front();
        let Some(id) = next else {
            turn()?;
            continue;
        };
        let Some(mut task) = TASKS.with_borrow_mut(|tasks| tasks.remove(&id)) else { continue };
        let waker = Waker::from(Arc::new(TaskWaker(id)));
        match task.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => result?,
            Poll::Pending => _ = TASKS.with_borrow_mut(|tasks| tasks.insert(id, task)),
        }
    }
    Ok(())
}
// ANCHOR_END: 08_run

// ANCHOR: 08_echo
async fn serve(listener: Async<TcpListener>) -> io::Result<()> {
    for _ in 0..CLIENTS {
        let (socket, _) = listener.with(Event::readable, TcpListener::accept).await?;
        socket.set_nonblocking(true)?;
        spawn(echo(Async::new(socket)?));
    }
    Ok(())
}

async fn echo(stream: Async<TcpStream>) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let count = stream.with(Event::readable, |mut socket| socket.read(&mut buffer)).await?;
        let mut left = &buffer[..count];
        while !left.is_empty() {
            let written = stream.with(Event::writable, |mut socket| socket.write(left)).await?;
            left = &left[written..];
        }
        if count == 0 {
            return Ok(()); // The client has closed the connection.
        }
    }
}
// ANCHOR_END: 08_echo

const CLIENTS: usize = 20;

/// A blocking client. It checks that its message comes back.
fn client(server: SocketAddr) -> io::Result<()> {
    let mut socket = TcpStream::connect(server)?;
    socket.write_all(b"hello")?;
    let mut echo = [0; 5];
    socket.read_exact(&mut echo)?;
    assert_eq!(&echo, b"hello");
    Ok(())
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let server = listener.local_addr()?;
    let clients: Vec<_> = (0..CLIENTS).map(|_| thread::spawn(move || client(server))).collect();
    spawn(serve(Async::new(listener)?));
    run()?;
    for client in clients {
        client.join().expect("its message came back")?;
    }
    println!("{CLIENTS} clients sent a message to an echo server, and each message came back.");
    println!("Each client was a blocking thread. The server was one thread for all of them.");

    // Still wrong: one thread. It can serve a thousand sockets, but while one task computes, the others wait
    // and all other processors idle. The tasks should run on several threads: rung 09.
    println!("Still wrong: all tasks run on one thread, and the other processors idle. Rung 09 fixes it.");
    Ok(())
}
