//! What tokio has a name for, and this runtime writes in a few lines.
//!
//!     cargo run --release --example from_tokio
//!
//! The chapter "You know tokio: here it is called …" shows each function. `main` runs them all.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::process::{Command, Output};
use std::time::Duration;
use std::{env, fs};

use executor::future::{Selected::*, join, or, select, try_join};
use executor::stream::{Stream, StreamExt, iter};
use executor::sync::{broadcast, mpsc};
use executor::task::{self, JoinHandle};
use reactor::budget;
use reactor::io::{AsyncReadExt, AsyncWriteExt, copy};
use reactor::net::UnixStream;
use reactor::time::{Elapsed, sleep, timeout};

/// Longer than this program runs.
const LONG: Duration = Duration::from_secs(60);

fn main() -> io::Result<()> {
    task::block_on(async {
        branches().await;
        println!("Branches: with a condition, with a pattern, and in a fixed order.");
        times().await;
        println!("Time: a deadline for a future and for an item, and ticks that are left out.");
        bytes().await?;
        println!("Bytes: copied in both directions.");
        files().await?;
        println!("Files and children: on a blocking thread.");
        all().await;
        println!("Tasks: all joined, in order.");
        tokens().await;
        computation().await;
        println!("Tasks: told to stop, and giving way in a long computation.");
        Ok(())
    })
}

// ANCHOR: from_tokio_condition
/// A branch that is there only if `on` is true: tokio's `, if on`.
async fn when<F: Future>(on: bool, future: F) -> F::Output {
    if on { future.await } else { pending().await }
}

/// Adds what two channels receive until both are closed: tokio's `Some(value) = one.recv()` and `else`.
async fn sum(mut one: mpsc::Receiver<u32>, mut other: mpsc::Receiver<u32>) -> u32 {
    let (mut sum, mut open) = (0, (true, true));
    while open != (false, false) {
        match select((when(open.0, one.recv()), when(open.1, other.recv()))).await {
            First(Some(value)) | Second(Some(value)) => sum += value,
            First(None) => open.0 = false,
            Second(None) => open.1 = false,
        }
    }
    sum
}
// ANCHOR_END: from_tokio_condition

async fn branches() {
    let ((first, one), (second, other)) = (mpsc::channel(8), mpsc::channel(8));
    let send = async {
        for (sender, value) in [(first, 1), (second, 2)] {
            sender.send(value).await.expect("there is a receiver");
        }
    };
    assert_eq!(join((sum(one, other), send)).await.0, 3);
    for _ in 0..100 {
        assert_eq!(or(async { "first" }, async { "second" }).await, "first");
    }
}

// ANCHOR: from_tokio_time
/// The next item of a stream, if it comes in time: `timeout` of tokio-stream.
async fn next_within<S: Stream + Unpin>(limit: Duration, stream: &mut S) -> Result<Option<S::Item>, Elapsed> {
    timeout(limit, stream.next()).await
}
// ANCHOR_END: from_tokio_time

async fn times() {
    assert_eq!(next_within(LONG, &mut iter(["item"])).await, Ok(Some("item")));
}

// ANCHOR: from_tokio_both_ways
/// Copies in both directions until both have ended: tokio's `copy_bidirectional`.
async fn copy_both_ways(one: &UnixStream, other: &UnixStream) -> io::Result<(u64, u64)> {
    async fn copy_and_close(from: &UnixStream, mut to: &UnixStream) -> io::Result<u64> {
        let length = copy(from, to).await?;
        to.close().await?; // The end is passed on.
        Ok(length)
    }
    try_join((copy_and_close(one, other), copy_and_close(other, one))).await
}
// ANCHOR_END: from_tokio_both_ways

async fn bytes() -> io::Result<()> {
    let ((mut near, one), (other, mut far)) = (UnixStream::pair()?, UnixStream::pair()?);
    let ends = async {
        near.write_all(b"there").await?;
        near.close().await?;
        let mut there = String::new();
        far.read_to_string(&mut there).await?;
        far.write_all(b"and back").await?;
        far.close().await?;
        let mut back = String::new();
        near.read_to_string(&mut back).await?;
        io::Result::Ok((there, back))
    };
    let (copied, (there, back)) = try_join((copy_both_ways(&one, &other), ends)).await?;
    assert_eq!((copied, there.as_str(), back.as_str()), ((5, 8), "there", "and back"));
    Ok(())
}

// ANCHOR: from_tokio_files
/// tokio's `fs::read_to_string`. tokio does the same: no file is ever "not ready" for epoll.
async fn read_to_string(path: impl AsRef<std::path::Path> + Send + 'static) -> io::Result<String> {
    task::spawn_blocking(move || fs::read_to_string(path)).await
}

/// tokio's `process::Command::output`.
async fn output(mut command: Command) -> io::Result<Output> {
    task::spawn_blocking(move || command.output()).await
}
// ANCHOR_END: from_tokio_files

async fn files() -> io::Result<()> {
    let path = env::temp_dir().join(format!("from-tokio-{}", std::process::id()));
    fs::write(&path, "hello")?;
    assert_eq!(read_to_string(path.clone()).await?, "hello");
    fs::remove_file(path)?;
    let mut echo = Command::new("echo");
    echo.arg("tea");
    assert_eq!(output(echo).await?.stdout, b"tea\n");
    Ok(())
}

// ANCHOR: from_tokio_join_all
/// Waits for all tasks, and returns their outputs in the order of the handles: `join_all`. They run meanwhile.
async fn join_all<T>(tasks: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut outputs = Vec::with_capacity(tasks.len());
    for task in tasks {
        outputs.push(task.await);
    }
    outputs
}
// ANCHOR_END: from_tokio_join_all

async fn all() {
    let squares = (1..=3).map(|number| task::spawn(async move { number * number }));
    assert_eq!(join_all(squares.collect()).await, [1, 4, 9]);
}

// ANCHOR: from_tokio_token
/// Works until it is told to stop: tokio-util's `CancellationToken`. The message is the drop of the sender.
async fn until_stopped<F: Future>(work: F, mut stop: broadcast::Receiver<Infallible>) -> Option<F::Output> {
    match select((work, stop.recv())).await {
        First(output) => Some(output),
        Second(_closed) => None,
    }
}
// ANCHOR_END: from_tokio_token

async fn tokens() {
    let (stop, stopped) = broadcast::channel(1);
    let tasks = [stop.subscribe(), stopped].map(|stop| task::spawn(until_stopped(sleep(LONG), stop)));
    drop(stop);
    for task in tasks {
        assert_eq!(task.await, None);
    }
}

// ANCHOR: from_tokio_budget
/// Adds the numbers up to `last`, and gives way when this poll has done its share: tokio's `consume_budget`.
async fn sum_up_to(last: u64) -> u64 {
    let mut sum = 0;
    for number in 1..=last {
        sum += number;
        budget::take_one().await;
    }
    sum
}
// ANCHOR_END: from_tokio_budget

/// A loop that waits for nothing, beside another branch that does: both are polled in turn.
async fn computation() {
    assert_eq!(sum_up_to(1000).await, 500_500);
    assert_eq!(select((sum_up_to(u64::MAX), sleep(Duration::from_millis(1)))).await, Second(()));
}

/// The chapter's tables are calls with these names. The test `from_tokio` compiles them.
mod names {
    #![allow(unused_imports, reason = "the calls are in the chapter")]
    // ANCHOR: from_tokio_names
    use executor::future::{join, or, select, try_join};
    use executor::pool::Pool;
    use executor::stream::StreamExt;
    use executor::sync::{
        Mutex, Notified, OnceCell, Semaphore, SemaphorePermit, broadcast, mpsc, oneshot, watch,
    };
    use executor::task::{self, AbortOnDrop, JoinError, JoinHandle, JoinSet};
    use reactor::blocking::{Threads, unblock_on};
    use reactor::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy};
    use reactor::net::{
        TcpListener, TcpStream, ToSocketAddrs, UdpSocket, UnixListener, UnixStream, WriteHalf,
    };
    use reactor::signal::{SIGTERM, Signals};
    use reactor::time::{Interval, Sleep, interval, interval_at, sleep, sleep_until, timeout, timeout_at};
    use reactor::{Async, budget};
    use std::sync::Arc;
    // ANCHOR_END: from_tokio_names
}
