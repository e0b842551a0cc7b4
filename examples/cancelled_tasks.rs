//! What ends a task, what does not, and how to clean up without an async drop.
//!
//!     cargo run --release --example cancelled_tasks
//!
//! A dropped handle ends nothing. An abort ends a task at its next await, but not a blocking call. A destructor cannot
//! await: the program shows three things that it can do instead. Last, a worker is dropped at each of its awaits, to
//! find out where a job is lost.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use executor::cancel;
use executor::future::poll_once;
use executor::sync::{mpsc, oneshot};
use executor::task::{self, AbortOnDrop, JoinHandle};
use reactor::io::{AsyncReadExt, AsyncWriteExt};
use reactor::net::UnixStream;

fn main() -> io::Result<()> {
    task::block_on(async {
        println!("What ends a task?");
        handles().await;
        a_call_that_runs().await;
        a_call_that_asks().await;
        println!("\nWhat can a destructor do?");
        put_it_back();
        leave_it_to_a_task().await?;
        close_it().await?;
        println!("\nWhere is a job lost?");
        at_each_await().await;
        Ok(())
    })
}

/// A task that waits for ever. Its future holds something: `is_held` returns whether it still does.
fn waiting() -> (JoinHandle<()>, impl Fn() -> bool) {
    let held = Arc::new(());
    let watched = Arc::downgrade(&held);
    let task = task::spawn_local(async move {
        let _held = held;
        pending::<()>().await;
    });
    // A task that nobody can wake or abort any more is dropped. This handle keeps it.
    let reachable = task.abort_handle();
    (task, move || {
        _ = &reachable;
        watched.strong_count() == 1
    })
}

fn state(is_held: bool) -> &'static str {
    if is_held { "still there" } else { "dropped" }
}

// ANCHOR: cancelled_handles
async fn handles() {
    let (task, is_held) = waiting();
    let abort = task.abort_handle();
    drop(task);
    task::yield_now().await;
    println!("  the handle is dropped:  its future is {}", state(is_held()));
    abort.abort();
    println!("  abort has returned:     its future is {}", state(is_held()));
    task::yield_now().await;
    println!("  one turn later:         its future is {}", state(is_held()));
    assert!(!is_held());

    let (task, is_held) = waiting();
    task.cancel().await;
    println!("  cancel was awaited:     its future is {}", state(is_held()));
    assert!(!is_held());

    let (task, is_held) = waiting();
    drop(AbortOnDrop::new(task));
    task::yield_now().await;
    println!("  AbortOnDrop is dropped: its future is {}", state(is_held()));
    assert!(!is_held());
}
// ANCHOR_END: cancelled_handles

// ANCHOR: cancelled_blocking
/// A thread cannot be cancelled. The call goes on to its end, and its value is dropped.
async fn a_call_that_runs() {
    let (begun, has_begun) = oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel();
    let (end, has_ended) = oneshot::channel();
    let call = task::spawn_blocking(move || {
        _ = begun.send(());
        may_go_on.recv().expect("the other end is kept");
        _ = end.send("the call has run to its end");
    });
    has_begun.await.expect("it begins");
    call.abort();
    go_on.send(()).expect("the call waits for it");
    println!("  a blocking call was aborted: {}", has_ended.await.expect("it goes on"));
}

/// A call that is to stop has to check a flag. The guard is dropped with the future, and sets the flag.
async fn a_call_that_asks() {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let (begun, has_begun) = oneshot::channel();
    let mut call = task::spawn_blocking(move || {
        _ = begun.send(());
        // ORDERING: Relaxed; the flag alone is read, and it publishes nothing.
        while !asked.load(Ordering::Relaxed) {
            std::hint::spin_loop(); // A piece of a long computation.
        }
    });
    has_begun.await.expect("it begins");
    let waits_for_it = async {
        let _guard = OnDrop(|| stop.store(true, Ordering::Relaxed)); // ORDERING: Relaxed; as above.
        (&mut call).await;
    };
    assert!(poll_once(Box::pin(waits_for_it)).await.is_none(), "polled once, and dropped");
    call.await;
    println!("  a blocking call that asks whether it should stop: it has stopped");
}
// ANCHOR_END: cancelled_blocking

/// Calls a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

type Jobs = Rc<RefCell<VecDeque<&'static str>>>;

// ANCHOR: cancelled_guard
/// A job that goes back to the front of the queue when it is dropped before it is done.
struct Job {
    job: Option<&'static str>,
    jobs: Jobs,
}

impl Job {
    fn take(jobs: &Jobs) -> Option<Job> {
        let job = jobs.borrow_mut().pop_front()?;
        Some(Job { job: Some(job), jobs: Rc::clone(jobs) })
    }

    fn finish(mut self) {
        self.job = None;
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.jobs.borrow_mut().push_front(job);
        }
    }
}
// ANCHOR_END: cancelled_guard

fn put_it_back() {
    let jobs = Jobs::new(RefCell::new(["tea", "milk"].into()));
    let job = Job::take(&jobs);
    let during = jobs.borrow().len();
    drop(job);
    println!("  put it back:          {during} job in the queue, and {} after the drop", jobs.borrow().len());
    assert_eq!(*jobs.borrow(), ["tea", "milk"]);
}

// ANCHOR: cancelled_cleaner
/// The destructor sends the stream to a task that can await. `send` of an unbounded channel is not `async`.
struct Session {
    stream: Option<UnixStream>,
    closing: mpsc::UnboundedSender<UnixStream>,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            _ = self.closing.send(stream);
        }
    }
}

/// Says goodbye to each peer. It ends with the last session.
async fn clean_up(mut closing: mpsc::Receiver<UnixStream>) -> io::Result<()> {
    while let Some(mut stream) = closing.recv().await {
        stream.write_all(b"bye\n").await?;
        stream.close().await?;
    }
    Ok(())
}
// ANCHOR_END: cancelled_cleaner

async fn leave_it_to_a_task() -> io::Result<()> {
    let (closing, to_close) = mpsc::unbounded_channel();
    let cleaner = task::spawn_local(clean_up(to_close));
    let (stream, mut peer) = UnixStream::pair()?;
    let work = async move {
        let _session = Session { stream: Some(stream), closing };
        pending::<()>().await;
    };
    assert!(poll_once(Box::pin(work)).await.is_none(), "polled once, and dropped");
    cleaner.await?; // Before the program ends: tasks that are left are dropped with the thread.
    let mut last_words = String::new();
    peer.read_to_string(&mut last_words).await?;
    println!("  leave it to a task:   the peer has received {last_words:?}");
    assert_eq!(last_words, "bye\n");
    Ok(())
}

// ANCHOR: cancelled_close
impl Session {
    /// Says goodbye, and returns errors, which no destructor can. The destructor has nothing left to do.
    async fn close(mut self) -> io::Result<()> {
        let mut stream = self.stream.take().expect("only this and the destructor take it");
        stream.write_all(b"goodbye\n").await?;
        stream.close().await
    }
}
// ANCHOR_END: cancelled_close

async fn close_it() -> io::Result<()> {
    let (closing, _to_close) = mpsc::unbounded_channel();
    let (stream, mut peer) = UnixStream::pair()?;
    Session { stream: Some(stream), closing }.close().await?;
    let mut last_words = String::new();
    peer.read_to_string(&mut last_words).await?;
    println!("  an explicit `close`:  the peer has received {last_words:?}");
    assert_eq!(last_words, "goodbye\n");
    Ok(())
}

// ANCHOR: cancelled_at_each_await
/// Takes a job, asks whether it may be done, and does it. A job that it has taken is in the future.
async fn careless(jobs: &Jobs, done: &mut Vec<&'static str>) {
    while let Some(job) = { jobs.borrow_mut().pop_front() } {
        task::yield_now().await;
        done.push(job);
    }
}

/// The same with the guard.
async fn careful(jobs: &Jobs, done: &mut Vec<&'static str>) {
    while let Some(job) = Job::take(jobs) {
        task::yield_now().await;
        done.extend(job.job);
        job.finish();
    }
}

/// Drops a worker at each of its awaits, and counts the jobs that are neither done nor in the queue.
async fn lost_at_each_moment(worker: impl AsyncFn(&Jobs, &mut Vec<&'static str>)) -> Vec<usize> {
    let mut lost = Vec::new();
    cancel::at_each_await(
        async || (Jobs::new(RefCell::new(["tea", "milk"].into())), Vec::new()),
        async |(jobs, done)| worker(jobs, done).await,
        async |(jobs, done), _output| lost.push(2 - jobs.borrow().len() - done.len()),
    )
    .await;
    lost
}
// ANCHOR_END: cancelled_at_each_await

async fn at_each_await() {
    let lost = lost_at_each_moment(careless).await;
    println!("  careless: {lost:?}");
    assert_eq!(lost, [0, 1, 1, 1, 1, 0]);
    let lost = lost_at_each_moment(careful).await;
    println!("  careful:  {lost:?}");
    assert_eq!(lost, [0; 6]);
}
