//! A runtime that has nothing to do uses no CPU: its threads wait, and none wakes up to look. In a process of
//! its own, and in a single test, because the CPU time of the whole process is measured.
#![cfg(not(loom))]

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::sync::oneshot;
use executor::task::{block_on, spawn, spawn_blocking, spawn_local};
use futures_lite::io::{AsyncReadExt, AsyncWriteExt};
use reactor::net::{TcpListener, TcpStream};
use reactor::time::sleep;

/// CPU time of the whole process, in ticks of 10 ms.
#[cfg(target_os = "linux")]
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("procfs, of Linux");
    let fields = stat.rsplit(')').next().expect("the name is in parentheses");
    fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

#[cfg(not(target_os = "linux"))]
fn cpu_ticks() -> u64 {
    0
}

/// How often a thread has parked, or the reactor has turned.
fn activity() -> u64 {
    executor::metrics().parks + reactor::metrics().turns
}

/// The CPU ticks and the activity during a wait of this length.
fn during(length: Duration, wait: impl FnOnce(Duration)) -> (u64, u64) {
    let (ticks, before) = (cpu_ticks(), activity());
    wait(length);
    (cpu_ticks() - ticks, activity() - before)
}

/// Waits until a tenth of a second passes without activity.
fn settles() {
    let begin = Instant::now();
    while during(Duration::from_millis(100), thread::sleep).1 > 0 {
        assert!(begin.elapsed() < Duration::from_secs(20), "the runtime never comes to rest");
    }
}

/// In half a second a busy core takes 50 ticks, and a thread that looks each 5 ms makes 100 turns. It is measured
/// until it is less, since on a machine with other work a thread may come to rest late.
#[track_caller]
fn assert_idle(length: Duration, wait: impl Fn(Duration)) {
    let begin = Instant::now();
    loop {
        let (ticks, turns) = during(length, &wait);
        if ticks <= 5 && turns <= 10 {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{ticks} ticks of CPU, {turns} turns and parks");
    }
}

const LONG: Duration = Duration::from_millis(500);

#[test]
fn nothing_to_do_costs_nothing() {
    // Pools with waiting tasks, idle blocking threads, and local tasks.
    let pool = Pool::new(4).unwrap();
    let waiting: Vec<_> = (0..100).map(|_| pool.spawn(std::future::pending::<()>())).collect();
    block_on(async {
        for _ in 0..100 {
            spawn(async {}).await;
            spawn_local(async {}).await;
            spawn_blocking(|| {}).await;
        }
    });
    settles();
    assert_idle(LONG, thread::sleep);

    // A timer far in the future, with a pool beside it and one thread in `block_on`.
    assert_idle(LONG, |length| block_on(sleep(length)));
    assert_idle(LONG, |length| block_on(pool.spawn(sleep(length))));

    // Several threads in `block_on` beside the pools.
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| oneshot::channel::<()>()).unzip();
    let wait = |receiver| thread::spawn(|| _ = block_on(receiver));
    let in_block_on: Vec<_> = receivers.into_iter().map(wait).collect();
    settles();
    assert_idle(LONG, thread::sleep);
    drop(senders);
    for thread in in_block_on {
        thread.join().unwrap();
    }

    // Silent connections, each with a reader, and one with two.
    let (mut left, readers) = block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let left = TcpStream::connect(address).await.unwrap();
        let (right, _) = listener.accept().await.unwrap();
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let mut right = right.clone();
                pool.spawn(async move { right.read(&mut [0; 1]).await.unwrap() })
            })
            .collect();
        (left, readers)
    });
    settles();
    assert_idle(LONG, thread::sleep);
    block_on(async {
        left.write_all(b"hi").await.unwrap();
        for reader in readers {
            assert_eq!(reader.await, 1);
        }
    });

    // One task at a time, in a pool of many sleeping workers: it wakes one of them, not all.
    let many = Pool::new(16).unwrap();
    settles();
    let parks = executor::metrics().parks;
    let (done, end) = mpsc::channel();
    for _ in 0..200 {
        let done = done.clone();
        drop(many.spawn(async move { done.send(()).unwrap() }));
        end.recv_timeout(Duration::from_secs(20)).expect("it runs");
    }
    settles();
    let parks = executor::metrics().parks - parks;
    assert!(parks <= 200 * 4, "threads parked {parks} times, for 200 tasks");
    drop(many);

    // Without any pool of our own: only the global one and this thread.
    drop(pool);
    drop(waiting);
    settles();
    assert_idle(LONG, |length| block_on(sleep(length)));
}
