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
//! - R1  The waker is stored before the poller is armed: the event may come at once.
//! - R2  The thread sleeps in one place only, the poller. A wake from another thread notifies the poller.
//! - R3  One task at a time waits for a socket: the table has room for one waker per socket.
//! - R4  An event disarms its socket. It is armed again when a task has to wait for it again.
#![allow(unsafe_code, reason = "polling requires that a source is deleted before it is closed")]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Arguments;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

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
    TURNS.set(TURNS.get() + 1);
    note(format_args!("  turn {}: the wait has ended", TURNS.get()));
    for event in events.iter() {
        note(format_args!("    event: socket {} is ready, and is disarmed now (R4)", event.key));
        let waker = WAITING.lock().unwrap().remove(&event.key);
        waker.inspect(Waker::wake_by_ref);
    }
    Ok(())
}
// ANCHOR_END: 08_reactor

thread_local! {
    static TURNS: Cell<usize> = const { Cell::new(0) };
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Prints what happens.
fn note(what: Arguments) {
    if !QUIET.get() {
        println!("{what}");
    }
}

// ANCHOR: 08_async
/// A socket in non-blocking mode, registered with the reactor.
struct Async<T: AsFd> {
    socket: T,
    key: usize,
}

impl<T: AsFd> Async<T> {
    fn new(socket: T) -> io::Result<Async<T>> {
        static SOCKETS: AtomicUsize = AtomicUsize::new(0);
        let key = SOCKETS.fetch_add(1, Ordering::Relaxed); // ORDERING: Relaxed; a counter, it publishes nothing.
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
                note(format_args!("      socket {} would block: waker stored, socket armed", self.key));
                Poll::Pending
            }
            result => Poll::Ready(result),
        })
        .await
    }
}

// ANCHOR_END: 08_async

// ANCHOR: 08_drop
impl<T: AsFd> Drop for Async<T> {
    fn drop(&mut self) {
        POLLER.delete(&self.socket).expect("it was added");
        WAITING.lock().unwrap().remove(&self.key);
        note(format_args!("      socket {} is removed from the poller, then closed", self.key));
    }
}
// ANCHOR_END: 08_drop

type Task = Pin<Box<dyn Future<Output = io::Result<()>>>>;

/// The program has one executor, so the queue can be a static.
static QUEUE: Mutex<VecDeque<usize>> = Mutex::new(VecDeque::new());

thread_local! {
    static TASKS: RefCell<BTreeMap<usize, Task>> = RefCell::default();
}

/// The task, and the thread that runs it.
struct TaskWaker(usize, ThreadId);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        QUEUE.lock().unwrap().push_back(self.0);
        note(format_args!("    wake: task {} goes into the queue", self.0));
        if thread::current().id() != self.1 {
            POLLER.notify().unwrap(); // R2
        }
    }
}

fn spawn(future: impl Future<Output = io::Result<()>> + 'static) {
    static SPAWNED: AtomicUsize = AtomicUsize::new(0);
    let id = SPAWNED.fetch_add(1, Ordering::Relaxed); // ORDERING: Relaxed; a counter, it publishes nothing.
    TASKS.with_borrow_mut(|tasks| tasks.insert(id, Box::pin(future)));
    QUEUE.lock().unwrap().push_back(id);
}

// ANCHOR: 08_run
/// Polls the tasks in the queue, until it is empty. Fails if one of them does.
fn run_queue() -> io::Result<()> {
    loop {
        let next = QUEUE.lock().unwrap().pop_front();
        let Some(id) = next else { return Ok(()) };
        let Some(mut task) = TASKS.with_borrow_mut(|tasks| tasks.remove(&id)) else { continue };
        note(format_args!("    poll: task {id}"));
        let waker = Waker::from(Arc::new(TaskWaker(id, thread::current().id())));
        match task.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => result?,
            Poll::Pending => _ = TASKS.with_borrow_mut(|tasks| tasks.insert(id, task)),
        }
    }
}

/// Runs until all tasks have completed.
fn run() -> io::Result<()> {
    run_queue()?;
    while !TASKS.with_borrow(BTreeMap::is_empty) {
        turn()?;
        run_queue()?;
    }
    Ok(())
}
// ANCHOR_END: 08_run

// ANCHOR: 08_echo
async fn serve(listener: Async<TcpListener>) -> io::Result<()> {
    for _ in 0..CLIENTS {
        let (socket, _) = listener.with(Event::readable, TcpListener::accept).await?;
        socket.set_nonblocking(true)?;
        let socket = Async::new(socket)?;
        note(format_args!("      accepted: socket {}, with a task of its own", socket.key));
        spawn(echo(socket));
    }
    Ok(())
}

async fn echo(stream: Async<TcpStream>) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let count = stream.with(Event::readable, |mut socket| socket.read(&mut buffer)).await?;
        note(format_args!("      socket {}: a read returns {count} bytes", stream.key));
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

const CLIENTS: usize = 50;

/// Prints `what`, calls `cause`, then runs one turn of the reactor and the queue.
fn step<T>(what: &str, cause: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    println!("{what}");
    let result = cause()?;
    turn()?;
    run_queue()?;
    Ok(result)
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let server = listener.local_addr()?;
    println!("Task 0 accepts from socket 0, the listener.");
    spawn(serve(Async::new(listener)?));
    run_queue()?;
    let ada = step("Ada connects.", || TcpStream::connect(server))?;
    let mut ben = step("Ben connects.", || TcpStream::connect(server))?;
    step("Ben writes \"milk\".", || ben.write_all(b"milk"))?;
    let mut echo = [0; 4];
    ben.read_exact(&mut echo)?;
    assert_eq!(&echo, b"milk");
    let waker = Waker::from(Arc::new(TaskWaker(1, thread::current().id())));
    let woken = || thread::spawn(|| waker.wake()).join();
    step("Another thread wakes task 1, for no reason.", || Ok(woken()))?.expect("a wake does not panic");
    step("Ada closes her connection.", || ada.shutdown(Shutdown::Both))?;

    QUIET.set(true);
    assert_eq!(TURNS.replace(0), 5, "one turn for each step");
    let others = (2..CLIENTS).map(|_| TcpStream::connect(server));
    let mut clients = others.chain([Ok(ben)]).collect::<io::Result<Vec<_>>>()?;
    clients.iter_mut().try_for_each(|client| client.write_all(b"hello"))?;
    clients.iter_mut().try_for_each(|client| client.shutdown(Shutdown::Write))?;
    run()?;
    for client in &mut clients {
        assert_eq!(io::read_to_string(client)?, "hello");
    }
    println!("{} clients wrote \"hello\", and it came back to each. Turns: {}.", clients.len(), TURNS.get());
    println!("One thread did all of it: the server, and its clients.");

    // Still wrong: one thread. It can serve a thousand sockets, but while one task computes, the others wait
    // and all other processors idle. The tasks should run on several threads: rung 09.
    println!("Still wrong: all tasks run on one thread, and the other processors idle. Rung 09 fixes it.");
    Ok(())
}
