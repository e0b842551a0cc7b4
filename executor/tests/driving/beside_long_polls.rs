//! While each poll of a pool is long, a socket's event and a task from outside wait for a few polls, and not for as
//! many as with short ones. Counted in polls and not in time, so that a slow machine makes no difference.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::task::yield_now;
use futures_lite::io::AsyncReadExt;
use reactor::net::TcpListener;

use crate::alone;
use crate::support::{DEADLINE, ends};

/// How often it is tried. The median counts: the test's own thread may be interrupted between two steps.
const TRIES: usize = 25;

/// The most polls that a task may wait for: more than it does, and fewer than the 61 rounds between two looks.
const FEW: u64 = 8;

/// How long a poll takes.
const LONG: Duration = Duration::from_micros(400);

/// A pool of one worker with tasks that poll for long, and yield.
fn busy_pool(polls: &Arc<AtomicU64>) -> Pool {
    let pool = Pool::new(1).unwrap();
    for _ in 0..3 {
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

/// The median number of polls between a try and the poll that it leads to, which reports the number of that time.
fn waited(polls: &AtomicU64, reports: &mpsc::Receiver<u64>, mut attempt: impl FnMut()) -> u64 {
    let mut waited: Vec<u64> = (0..TRIES)
        .map(|_| {
            let before = polls.load(Ordering::SeqCst);
            attempt();
            reports.recv_timeout(DEADLINE).expect("it has its turn") - before
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
        let pool = busy_pool(&polls);
        let (report, reports) = mpsc::channel();
        let waited = waited(&polls, &reports, || {
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
    ends(|| {
        let polls = Arc::new(AtomicU64::new(0));
        let pool = busy_pool(&polls);
        let (tell, told) = mpsc::channel();
        let (report, reports) = mpsc::channel();
        let counted = Arc::clone(&polls);
        drop(pool.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            while let Ok(1) = stream.read(&mut [0]).await {
                report.send(counted.load(Ordering::SeqCst)).unwrap();
            }
        }));
        let mut stream = std::net::TcpStream::connect(told.recv_timeout(DEADLINE).unwrap()).unwrap();
        stream.set_nodelay(true).unwrap();
        let waited = waited(&polls, &reports, || stream.write_all(b"!").unwrap());
        assert!(waited <= FEW, "it has waited for {waited} polls");
    });
}
