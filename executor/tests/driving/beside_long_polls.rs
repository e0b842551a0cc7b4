//! While each poll of a pool is long, a socket's event and a task from outside wait for a few polls, and not for as
//! many as with short ones. Counted in polls and not in time, so that a slow machine makes no difference.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::task::yield_now;
use futures_lite::io::AsyncReadExt;

use crate::alone;
use crate::support::{DEADLINE, ends};

/// How often it is tried. The median counts: the test's own thread may be interrupted between two steps.
const TRIES: usize = 25;

/// The most polls that a task may wait for: more than it does, and fewer than the 61 rounds between two looks.
const FEW: u64 = 8;

/// How long a poll takes.
const LONG: Duration = Duration::from_micros(400);

/// A pool of one worker with this many tasks that poll for long, and yield.
fn busy_pool(tasks: usize, polls: &Arc<AtomicU64>) -> Pool {
    let pool = Pool::new(1).unwrap();
    for _ in 0..tasks {
        let polls = Arc::clone(polls);
        drop(pool.spawn(async move {
            loop {
                let end = Instant::now() + LONG;
                while Instant::now() < end {}
                polls.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
            }
        }));
    }
    pool
}

/// The median number of polls between an attempt and the last of the polls that it leads to, each of which reports the
/// number of that time.
fn waited(polls: &AtomicU64, count: u64, reports: &mpsc::Receiver<u64>, mut attempt: impl FnMut()) -> u64 {
    let mut waited: Vec<u64> = (0..TRIES)
        .map(|_| {
            let before = polls.load(Ordering::SeqCst);
            attempt();
            let last = (0..count).map(|_| reports.recv_timeout(DEADLINE).expect("it has its turn")).max();
            last.expect("at least one") - before
        })
        .collect();
    waited.sort_unstable();
    waited[TRIES / 2]
}

#[test]
fn a_task_from_outside_waits_for_a_few_polls() {
    let _alone = alone();
    ends(|| {
        let polls = Arc::new(AtomicU64::new(0));
        let pool = busy_pool(3, &polls);
        let (report, reports) = mpsc::channel();
        let waited = waited(&polls, 1, &reports, || {
            let (report, polls) = (report.clone(), Arc::clone(&polls));
            drop(pool.spawn(async move { report.send(polls.load(Ordering::SeqCst)).unwrap() }));
        });
        assert!(waited <= FEW, "it has waited for {waited} polls");
    });
}

/// No thread is in `block_on`: the worker itself has to look at the sockets.
#[test]
fn a_socket_waits_for_a_few_polls() {
    let _alone = alone();
    ends(|| sockets(1, 3));
}

/// Their tasks are woken at once, and only one of them runs next.
#[test]
fn several_sockets_wait_for_a_few_polls() {
    let _alone = alone();
    ends(|| sockets(2, 3 * FEW as usize));
}

/// Sends a byte on each of these sockets at the same time, beside tasks that poll for long.
fn sockets(count: u64, tasks: usize) {
    let polls = Arc::new(AtomicU64::new(0));
    let pool = busy_pool(tasks, &polls);
    let (report, reports) = mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let streams = (0..count).map(|_| {
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut far = reactor::net::TcpStream::try_from(listener.accept().unwrap().0).unwrap();
        let (report, read) = (report.clone(), Arc::clone(&polls));
        drop(pool.spawn(async move {
            while let Ok(1) = far.read(&mut [0]).await {
                report.send(read.load(Ordering::SeqCst)).unwrap();
            }
        }));
        near
    });
    let streams: Vec<_> = streams.collect();
    let all = waited(&polls, count, &reports, || {
        streams.iter().for_each(|mut stream| stream.write_all(b"!").unwrap());
    });
    assert!(all <= FEW, "it has waited for {all} polls");
}
