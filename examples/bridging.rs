//! Synchronous code in the middle of asynchronous code, and the other way round.
//!
//!     cargo run --release --example bridging
//!
//! `block_on` leads from synchronous code to a future, and `spawn_blocking` from a task to a call that blocks. Where a
//! library has callbacks, or its own loop, or traits without `async`, a channel lies between the two: a task
//! awaits one end, and a thread uses the other.

use std::io::{self, BufRead, BufReader, Read};
use std::panic::{self, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use executor::sync::{mpsc, oneshot};
use executor::task;

fn main() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {})); // The panics that follow are intended, and `say` prints them.
    who_may_block();
    panic::set_hook(hook);
    task::block_on(async {
        a_blocking_call().await;
        a_synchronous_reader().await;
        one_callback().await;
        many_callbacks().await;
        a_loop_of_its_own().await;
        a_thread_for_a_connection().await;
    });
    another_executor();
}

// ANCHOR: bridging_who
/// Synchronous code that needs the output of a future.
fn synchronous() -> u32 {
    task::block_on(async { 6 * 7 })
}

fn who_may_block() {
    let attempt = || catch_unwind(synchronous);
    say("in main", attempt());
    say("on another thread", thread::spawn(attempt).join().expect("a panic is caught"));
    say("in spawn_blocking", task::block_on(task::spawn_blocking(attempt)));
    // Each of these polls a future, and calls `synchronous` in that poll.
    say("in another block_on", task::block_on(async { attempt() }));
    say("in a local task", task::block_on(task::spawn_local(async move { attempt() })));
    say("in a task of the pool", task::block_on(task::spawn(async move { attempt() })));
}
// ANCHOR_END: bridging_who

/// Prints what the call has returned, or the message of its panic.
fn say(place: &str, outcome: thread::Result<u32>) {
    match outcome {
        Ok(number) => println!("block_on {place}: {number}"),
        Err(panic) => {
            let (what, cure) =
                panic.downcast_ref::<&str>().and_then(|text| text.split_once(": ")).expect("a message");
            println!("block_on {place}: panic\n    {what}:\n    {cure}");
        }
    }
}

/// Stands for a client of a database whose calls block.
#[derive(Default)]
struct Connection {
    queries: u32,
}

impl Connection {
    fn query(&mut self, key: u32) -> String {
        self.queries += 1;
        format!("row {key}")
    }
}

// ANCHOR: bridging_blocking
/// The call takes the connection with it to another thread, and returns it with the reply.
async fn a_blocking_call() {
    let mut connection = Connection::default();
    let mut rows = Vec::new();
    for key in 1..=3 {
        let row;
        (connection, row) = task::spawn_blocking(move || {
            let row = connection.query(key);
            (connection, row)
        })
        .await;
        rows.push(row);
    }
    println!("A task has made {} calls that block: {}", connection.queries, rows.join(", "));
    assert_eq!((connection.queries, rows.len()), (3, 3));
}
// ANCHOR_END: bridging_blocking

// ANCHOR: bridging_reader
/// What a library without `async` reads from: the bytes come from a task, through a channel.
struct FromTask {
    pieces: mpsc::Receiver<Vec<u8>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for FromTask {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.position() == self.piece.get_ref().len() as u64 {
            match task::block_on(self.pieces.recv()) {
                Some(piece) => self.piece = io::Cursor::new(piece),
                None => return Ok(0),
            }
        }
        self.piece.read(into)
    }
}
// ANCHOR_END: bridging_reader

// ANCHOR: bridging_library
/// Stands for a parser that knows only `std::io::Read`.
fn count_lines(input: impl Read) -> usize {
    BufReader::new(input).lines().map_while(Result::ok).count()
}

async fn a_synchronous_reader() {
    let (sender, pieces) = mpsc::channel(2);
    let reader = FromTask { pieces, piece: io::Cursor::default() };
    let lines = task::spawn_blocking(move || count_lines(reader));
    for piece in ["one\ntw", "o\nthr", "", "ee\n"] {
        sender.send(piece.as_bytes().to_vec()).await.expect("the parser reads to the end");
    }
    drop(sender); // The end of the input.
    let lines = lines.await;
    println!("A parser that blocks has counted {lines} lines, which a task has sent.");
    assert_eq!(lines, 3);
}
// ANCHOR_END: bridging_library

/// Stands for a library that calls back from a thread of its own.
fn look_up(name: &str, done: impl FnOnce(String) + Send + 'static) {
    let name = name.to_owned();
    // An empty name is not looked up, and its callback is dropped.
    thread::spawn(move || (!name.is_empty()).then(|| done(name.to_uppercase())));
}

// ANCHOR: bridging_callback
/// `None` if the library has dropped the callback without calling it.
async fn looked_up(name: &str) -> Option<String> {
    let (sender, receiver) = oneshot::channel();
    look_up(name, move |found| {
        let _ = sender.send(found); // Fails if nobody awaits it any more.
    });
    receiver.await.ok()
}
// ANCHOR_END: bridging_callback

async fn one_callback() {
    let found = looked_up("ada").await;
    let lost = looked_up("").await;
    println!("A callback was called with {found:?}. Another one was dropped: {lost:?}.");
    assert_eq!((found.as_deref(), lost), (Some("ADA"), None));
}

/// Stands for a library that reports events. It calls back on the caller's thread, and must not be blocked.
fn report(events: u32, mut event: impl FnMut(u32)) {
    (1..=events).for_each(&mut event);
}

// ANCHOR: bridging_full
/// A callback may not wait for room. Without a bound nothing is lost, and the memory grows. With a bound the
/// callback has to decide: here it counts what it drops.
async fn many_callbacks() {
    let (sender, mut all) = mpsc::unbounded_channel();
    report(10, |event| _ = sender.send(event));
    drop(sender);

    let (sender, mut some) = mpsc::channel(4);
    let mut dropped = 0;
    report(10, |event| match sender.try_send(event) {
        Ok(()) => {}
        Err(mpsc::TrySendError::Full(_)) => dropped += 1,
        Err(mpsc::TrySendError::Closed(_)) => unreachable!("the receiver is below"),
    });
    drop(sender);
    // ANCHOR_END: bridging_full

    let (mut received, mut kept) = (0, 0);
    while all.recv().await.is_some() {
        received += 1;
    }
    while some.recv().await.is_some() {
        kept += 1;
    }
    println!(
        "Ten events: without a bound {received} arrive, with room for four {kept}, and {dropped} are counted."
    );
    assert_eq!((received, kept, dropped), (10, 4, 6));
}

/// Stands for a C library: its loop keeps the thread until a flag is set, and calls back from there.
fn run_loop(stop: &AtomicBool, mut event: impl FnMut(u32)) {
    let mut number = 0;
    // ORDERING: Relaxed; the flag alone is read, and it publishes nothing.
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        event(number);
    }
}

// ANCHOR: bridging_loop
/// The loop has a thread of its own, not one of `spawn_blocking`: their number is limited, and the loop would
/// keep one for itself. Here the callback may wait: that slows down the loop, and nobody else.
async fn a_loop_of_its_own() {
    let (sender, mut events) = mpsc::channel(1);
    let stop = Arc::new(AtomicBool::new(false));
    let thread = thread::spawn({
        let stop = stop.clone();
        move || run_loop(&stop, |event| _ = task::block_on(sender.send(event)))
    });
    let mut sum = 0;
    for _ in 0..4 {
        sum += events.recv().await.expect("the loop runs");
    }
    // ORDERING: Relaxed; see `run_loop`.
    stop.store(true, Ordering::Relaxed);
    drop(events); // A callback that waits for room returns now.
    task::spawn_blocking(|| thread.join()).await.expect("the loop has ended");
    println!("A loop on its own thread has called back: 1 + 2 + 3 + 4 = {sum}");
    assert_eq!(sum, 10);
}
// ANCHOR_END: bridging_loop

// ANCHOR: bridging_connection
/// What a task sends to the thread: a question, and where the reply is to go.
struct Request {
    key: u32,
    reply: oneshot::Sender<String>,
}

/// A connection that blocks, and that must stay on the thread that has made it. Tasks send it requests.
async fn a_thread_for_a_connection() {
    let (requests, mut queue) = mpsc::channel::<Request>(8);
    let thread = thread::spawn(move || {
        let connection = std::rc::Rc::new("row"); // Not `Send`.
        while let Some(Request { key, reply }) = task::block_on(queue.recv()) {
            let _ = reply.send(format!("{connection} {key}")); // Fails if the task was cancelled.
        }
    });
    let tasks = [1, 2, 3].map(|key| {
        let requests = requests.clone();
        task::spawn(async move {
            let (reply, replied) = oneshot::channel();
            requests.send(Request { key, reply }).await.expect("the thread runs");
            replied.await.expect("each request gets a reply")
        })
    });
    let mut rows = Vec::new();
    for task in tasks {
        rows.push(task.await);
    }
    drop(requests); // The thread's loop ends with the last sender.
    task::spawn_blocking(|| thread.join()).await.expect("the thread has ended");
    println!("Three tasks share a connection that blocks: {}", rows.join(", "));
    assert_eq!(rows, ["row 1", "row 2", "row 3"]);
}
// ANCHOR_END: bridging_connection

// ANCHOR: bridging_executor
/// A thread runs an executor that is not ours, and a task of ours talks to it. The wakers of the two cross in
/// both directions.
fn another_executor() {
    let (numbers, mut received) = mpsc::channel::<u32>(1);
    let (squares, mut computed) = mpsc::channel(1);
    let count = Arc::new(AtomicU32::new(0));
    let other = thread::spawn({
        let count = count.clone();
        move || {
            futures_lite::future::block_on(async {
                while let Some(number) = received.recv().await {
                    // ORDERING: Relaxed; the thread is joined before the count is read.
                    count.fetch_add(1, Ordering::Relaxed);
                    squares.send(number * number).await.expect("the task receives");
                }
            });
        }
    });
    let sum = task::block_on(task::spawn(async move {
        let mut sum = 0;
        for number in 1..=3 {
            numbers.send(number).await.expect("the other thread receives");
            sum += computed.recv().await.expect("the other thread sends a square");
        }
        sum
    }));
    other.join().expect("it ends with the last sender");
    // ORDERING: Relaxed; as above.
    println!("Another executor has computed {} squares: 1 + 4 + 9 = {sum}", count.load(Ordering::Relaxed));
    assert_eq!(sum, 14);
}
// ANCHOR_END: bridging_executor
