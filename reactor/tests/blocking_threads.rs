//! Threads for blocking calls: each job has a thread of its own; threads are reused and limited, and no job
//! is lost.

use std::io;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use reactor::blocking::{self, Job, Threads};

const SOON: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(600);

fn submit(threads: &Threads, job: impl FnOnce() + Send + 'static) {
    assert!(threads.submit(Box::new(job)).is_ok(), "no thread starts");
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < SOON, "waited too long until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Jobs that report when they have begun, and wait until the gate opens.
struct Gate {
    begun: Sender<()>,
    begins: Receiver<()>,
    open: Sender<()>,
    opened: Arc<Mutex<Receiver<()>>>,
}

impl Gate {
    fn new() -> Self {
        let (begun, begins) = channel();
        let (open, opened) = channel();
        let opened = Arc::new(Mutex::new(opened));
        Self { begun, begins, open, opened }
    }

    fn job(&self) -> Job {
        let begun = self.begun.clone();
        let opened = Arc::clone(&self.opened);
        Box::new(move || {
            begun.send(()).unwrap();
            let _ = opened.lock().unwrap().recv_timeout(SOON);
        })
    }

    fn wait_begun(&self, jobs: usize) {
        for _ in 0..jobs {
            self.begins.recv_timeout(SOON).expect("the job never began");
        }
    }

    fn open(&self, jobs: usize) {
        for _ in 0..jobs {
            self.open.send(()).unwrap();
        }
    }
}

#[test]
fn an_idle_thread_is_reused() {
    let threads = Threads::new("reuse", 8, LONG);
    let (sender, receiver) = channel::<ThreadId>();
    let mut seen = Vec::new();
    for _ in 0..100 {
        let sender = sender.clone();
        submit(&threads, move || {
            sender.send(thread::current().id()).unwrap();
        });
        seen.push(receiver.recv_timeout(SOON).unwrap());
        until("the thread idles", || threads.idle() == 1);
    }
    assert!(seen.iter().all(|id| *id == seen[0]), "{seen:?}");
    assert_eq!(threads.count(), 1);
}

#[test]
fn the_last_to_idle_is_the_first_to_be_called() {
    let threads = Threads::new("warm", 8, LONG);
    let gate = Gate::new();
    for _ in 0..2 {
        threads.submit(gate.job()).ok().unwrap();
    }
    gate.wait_begun(2);
    let (sender, receiver) = channel::<ThreadId>();
    gate.open(1);
    until("the first idles", || threads.idle() == 1);
    gate.open(1);
    until("the second idles", || threads.idle() == 2);
    let mut seen = Vec::new();
    for _ in 0..20 {
        let sender = sender.clone();
        submit(&threads, move || {
            sender.send(thread::current().id()).unwrap();
        });
        seen.push(receiver.recv_timeout(SOON).unwrap());
        until("it idles again", || threads.idle() == 2);
    }
    assert!(seen.iter().all(|id| *id == seen[0]), "{seen:?}");
}

#[test]
fn no_job_waits_behind_another_below_the_limit() {
    let threads = Threads::new("barrier", 64, LONG);
    // All 64 must run at once, or none gets past the barrier. The first time threads start; the second time they
    // are woken.
    for _ in 0..2 {
        let barrier = Arc::new(Barrier::new(64));
        let (sender, receiver) = channel();
        for _ in 0..64 {
            let (barrier, sender) = (Arc::clone(&barrier), sender.clone());
            submit(&threads, move || {
                barrier.wait();
                sender.send(()).unwrap();
            });
        }
        for _ in 0..64 {
            receiver.recv_timeout(SOON).expect("a job waited");
        }
        assert_eq!(threads.count(), 64);
    }
}

#[test]
fn the_limit_holds_and_the_rest_waits_its_turn() {
    let threads = Threads::new("limit", 3, LONG);
    let gate = Gate::new();
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        threads.submit(gate.job()).ok().unwrap();
    }
    gate.wait_begun(3);
    for _ in 0..50 {
        let ran = Arc::clone(&ran);
        submit(&threads, move || {
            ran.fetch_add(1, Ordering::SeqCst);
        });
    }
    assert_eq!(threads.count(), 3);
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    gate.open(3);
    until("the queue has run", || ran.load(Ordering::SeqCst) == 50);
    assert_eq!(threads.count(), 3);
}

/// The thread for disposals is one more than the limit, and no number is one more than this limit.
#[test]
fn a_pool_without_a_limit_starts_a_thread_for_a_disposal() {
    let threads = Threads::new("no-limit", usize::MAX, LONG);
    let gate = Gate::new();
    threads.submit(gate.job()).ok().unwrap();
    gate.wait_begun(1);
    let (sender, receiver) = channel::<()>();
    assert!(threads.dispose(Box::new(move || drop(sender))).is_ok());
    assert_eq!(receiver.recv_timeout(SOON), Err(RecvTimeoutError::Disconnected));
    gate.open(1);
}

#[test]
fn idle_threads_leave_and_come_back() {
    let threads = Threads::new("leave", 4, Duration::from_millis(5));
    for _ in 0..3 {
        let (sender, receiver) = channel();
        submit(&threads, move || sender.send(()).unwrap());
        receiver.recv_timeout(SOON).unwrap();
        until("the thread has left", || threads.count() == 0);
    }
}

#[test]
fn no_job_is_lost_while_threads_time_out() {
    // Jobs come about when the keep_alive ends: each runs, on whichever thread.
    let keep_alive = Duration::from_micros(100);
    let threads = Threads::new("timing-out", 2, keep_alive);
    for round in 0..2000_u32 {
        let (sender, receiver) = channel();
        submit(&threads, move || sender.send(round).unwrap());
        assert_eq!(receiver.recv_timeout(SOON), Ok(round));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(u64::from(round % 200)) {
            std::hint::spin_loop();
        }
    }
}

#[test]
fn a_panicking_job_harms_no_other() {
    let threads = Threads::new("panics", 1, LONG);
    for _ in 0..3 {
        // The payload's own drop panics as well.
        submit(&threads, || std::panic::panic_any(Bomb));
    }
    let (sender, receiver) = channel();
    submit(&threads, move || sender.send(()).unwrap());
    receiver.recv_timeout(SOON).expect("the thread ended");
    assert_eq!(threads.count(), 1);
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        // The leaked payload is zero-sized: no memory leaks with it.
        std::panic::panic_any(());
    }
}

#[test]
fn with_no_thread_at_all_the_job_comes_back() {
    fn never(_: &str, _: Job) -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }
    let threads = Threads::with_spawn("never", 4, LONG, never);
    let (sender, receiver) = channel();
    let job = threads.submit(Box::new(move || sender.send(()).unwrap()));
    assert_eq!(threads.count(), 0);
    job.expect_err("no thread can run it")();
    assert_eq!(receiver.try_recv(), Ok(()));
    let error = block_on(blocking::unblock_on(&threads, || Ok(()))).unwrap_err();
    assert_eq!(error.to_string(), "no thread could be started for a blocking call");
}

#[test]
fn when_only_some_threads_start_the_work_waits_for_them() {
    fn twice(name: &str, main: Job) -> io::Result<()> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        if STARTED.fetch_add(1, Ordering::SeqCst) < 2 {
            thread::Builder::new().name(name.to_owned()).spawn(main)?;
            return Ok(());
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
    let threads = Threads::with_spawn("twice", 100, LONG, twice);
    let gate = Gate::new();
    for _ in 0..2 {
        threads.submit(gate.job()).ok().unwrap();
    }
    gate.wait_begun(2);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..20 {
        let ran = Arc::clone(&ran);
        submit(&threads, move || {
            ran.fetch_add(1, Ordering::SeqCst);
        });
    }
    assert_eq!(threads.count(), 2);
    gate.open(2);
    until("all have run", || ran.load(Ordering::SeqCst) == 20);
}

#[test]
fn no_thread_leaves_while_a_start_that_may_fail_is_under_way() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    static MAY_FAIL: AtomicUsize = AtomicUsize::new(0);
    fn one_then_a_slow_failure(name: &str, main: Job) -> io::Result<()> {
        if STARTS.fetch_add(1, Ordering::SeqCst) == 0 {
            return thread::Builder::new().name(name.to_owned()).spawn(main).map(drop);
        }
        until("the start may fail", || MAY_FAIL.load(Ordering::SeqCst) == 1);
        Err(io::ErrorKind::WouldBlock.into())
    }

    let keep_alive = Duration::from_millis(1);
    let threads = Threads::with_spawn("slow", 2, keep_alive, one_then_a_slow_failure);
    let gate = Gate::new();
    let (sender, receiver) = channel();
    threads.submit(gate.job()).ok().unwrap();
    gate.wait_begun(1);
    thread::scope(|scope| {
        let second = sender.clone();
        scope.spawn(|| submit(&threads, move || second.send(2).unwrap()));
        until("the second thread is being started", || STARTS.load(Ordering::SeqCst) == 2);
        // The first thread runs all the jobs, and its keep_alive ends.
        gate.open(1);
        assert_eq!(receiver.recv_timeout(SOON), Ok(2));
        thread::sleep(Duration::from_millis(30));
        // This job relies on the thread that is being started.
        submit(&threads, move || sender.send(3).unwrap());
        MAY_FAIL.store(1, Ordering::SeqCst);
        assert_eq!(receiver.recv_timeout(SOON), Ok(3));
    });
}

#[test]
fn a_dropped_pool_still_runs_what_was_submitted() {
    let threads = Threads::new("dropped", 1, LONG);
    let gate = Gate::new();
    threads.submit(gate.job()).ok().unwrap();
    let (sender, receiver) = channel();
    submit(&threads, move || sender.send(()).unwrap());
    drop(threads);
    gate.open(1);
    receiver.recv_timeout(SOON).expect("the job was dropped");
}

#[test]
fn unblock_gives_the_value_the_error_or_the_panic_as_an_error() {
    assert_eq!(block_on(blocking::unblock(|| Ok(7))).unwrap(), 7);
    let error = block_on(blocking::unblock::<(), _>(|| Err(io::Error::other("no"))));
    assert_eq!(error.unwrap_err().to_string(), "no");
    let error = block_on(blocking::unblock::<(), _>(|| panic!("on purpose")));
    assert_eq!(error.unwrap_err().to_string(), "the blocking call panicked");
}

#[test]
fn debug_shows_name_limit_and_count() {
    let threads = Threads::new("tea", 2, LONG);
    assert_eq!(format!("{threads:?}"), "Threads { name: \"tea\", limit: 2, count: 0, .. }");
    assert_eq!(format!("{:?}", blocking::unblock(|| Ok(()))), "Unblock { .. }");
}

#[test]
fn a_forgotten_call_that_has_not_begun_never_runs() {
    let threads = Threads::new("forgotten", 1, LONG);
    let gate = Gate::new();
    threads.submit(gate.job()).ok().unwrap();
    gate.wait_begun(1);
    let (sender, receiver) = channel();
    drop(blocking::unblock_on(&threads, move || {
        sender.send(()).unwrap();
        Ok(())
    }));
    gate.open(1);
    // The sender is dropped with the call, and nothing was sent.
    assert!(receiver.recv_timeout(SOON).is_err());
    block_on(blocking::unblock_on(&threads, || Ok(()))).unwrap();
}

const ROLE: &str = "BLOCKING_THREADS_ROLE";

/// The next test runs this in a process of its own. Without [`ROLE`] it does nothing.
#[test]
fn child_with_a_stuck_call() {
    if std::env::var_os(ROLE).is_some() {
        let (begun, begins) = channel();
        let stuck = Box::new(move || {
            begun.send(()).unwrap();
            loop {
                thread::park();
            }
        });
        assert!(blocking::submit(stuck).is_ok());
        begins.recv_timeout(SOON).unwrap();
    }
}

#[test]
fn a_stuck_call_does_not_keep_the_process_from_ending() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_with_a_stuck_call"])
        .env(ROLE, "stuck")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() && begun.elapsed() < SOON {
        thread::sleep(Duration::from_millis(1));
    }
    let _ended_already = child.kill();
    assert!(child.wait().unwrap().success(), "the process never ended");
}

/// Panics when it is woken.
struct BadWaker;

impl Wake for BadWaker {
    fn wake(self: Arc<Self>) {
        panic!("in the wake");
    }
}

/// The next test runs this in a process of its own. Without [`ROLE`] it does nothing.
#[test]
fn child_with_three_panics() {
    if std::env::var_os(ROLE).is_some() {
        let threads = Threads::new("three-panics", 1, LONG);
        let (open, opened) = channel::<()>();
        let mut call = blocking::unblock_on::<(), _>(&threads, move || {
            opened.recv().unwrap();
            std::panic::panic_any(Bomb)
        });
        let waker = Waker::from(Arc::new(BadWaker));
        assert!(Pin::new(&mut call).poll(&mut Context::from_waker(&waker)).is_pending());
        open.send(()).unwrap();
        block_on(blocking::unblock_on(&threads, || Ok(()))).unwrap();
        assert_eq!(block_on(call).unwrap_err().to_string(), "the blocking call panicked");
    }
}

/// A panic while another one unwinds would abort the process.
#[test]
fn a_call_its_payload_and_its_waker_may_all_panic() {
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_with_three_panics"])
        .env(ROLE, "panics")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(ended.success(), "{ended}");
}
