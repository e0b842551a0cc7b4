//! The memory that a burst leaves behind is bounded, and a steady depth allocates nothing. An allocator
//! counts, so this test is a process of its own.
#![cfg(not(loom))]

#[path = "../../tests/shared/counting.rs"]
mod counting;

use std::future::pending;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{PoisonError, RwLock, mpsc as std_mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::sync::{broadcast, mpsc};
use executor::task::{JoinSet, block_on, spawn_local, yield_now};
use reactor::blocking::Threads;
use reactor::time::{sleep, sleep_until};

use counting::{ALL_BYTES, ALLOCATIONS, BYTES};

/// A test that counts the bytes of all threads runs alone.
static ALONE: RwLock<()> = RwLock::new(());

fn beside_others() -> impl Drop {
    ALONE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Checks that a burst leaves at most `at_most` bytes on this thread. `burst` may return what is still in use.
fn leaves<R>(at_most: isize, burst: impl FnOnce() -> R) {
    let _others = beside_others();
    let before = BYTES.get();
    let in_use = burst();
    let kept = BYTES.get() - before;
    assert!(kept <= at_most, "{kept} bytes are kept");
    drop(in_use);
}

/// The same for all threads. Tests that start threads take turns.
fn all_leave<R>(at_most: isize, burst: impl FnOnce() -> R) {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    let before = ALL_BYTES.load(Ordering::Relaxed);
    let in_use = burst();
    // Other threads, and other tests, may be about to free memory.
    let begin = Instant::now();
    let kept = || ALL_BYTES.load(Ordering::Relaxed) - before;
    while kept() > at_most && begin.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(kept() <= at_most, "{} bytes are kept", kept());
    drop(in_use);
}

fn allocations(call: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    call();
    ALLOCATIONS.get() - before
}

/// Polls once. The memory that this poll allocates is not counted here.
fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

type Large = [u8; 4096];
const LARGE: Large = [0; 4096];
const BURST: usize = 1000;

/// An empty channel keeps room for one value. One that is never quite empty keeps four times what it holds.
#[test]
fn a_channel_of_large_values() {
    leaves(2 * 4096, || {
        let (sender, mut receiver) = mpsc::channel(BURST);
        (0..BURST).for_each(|_| sender.try_send(LARGE).expect("room"));
        while receiver.try_recv().is_ok() {}
        (sender, receiver)
    });
    leaves(9 * 4096, || {
        let (sender, mut receiver) = mpsc::channel(BURST);
        (0..BURST).for_each(|_| sender.try_send(LARGE).expect("room"));
        (2..BURST).for_each(|_| assert!(receiver.try_recv().is_ok()));
        (sender, receiver)
    });
}

#[test]
fn a_channel_of_small_values() {
    leaves(2048, || {
        let (sender, mut receiver) = mpsc::channel(100_000);
        (0..100_000_u64).for_each(|number| sender.try_send(number).expect("room"));
        while receiver.try_recv().is_ok() {}
        (sender, receiver)
    });
}

#[test]
fn senders_that_waited_in_line() {
    leaves(4096, || {
        let (sender, mut receiver) = mpsc::channel(1);
        sender.try_send(0).expect("room");
        let mut waiting: Vec<_> = (0..10_000).map(|number| sender.send(number)).collect();
        waiting.iter_mut().for_each(|send| assert!(poll(send).is_pending()));
        for send in &mut waiting {
            assert!(receiver.try_recv().is_ok());
            assert!(poll(send).is_ready());
        }
        drop(waiting);
        (sender, receiver)
    });
}

#[test]
fn a_broadcast() {
    leaves(2 * 4096, || {
        let (sender, mut receiver) = broadcast::channel(100_000);
        (0..100_000).for_each(|_| _ = sender.send(7).expect("a receiver"));
        while receiver.try_recv().is_ok() {}
        (sender, receiver)
    });
    // One that is never quite empty.
    leaves(2 * 4096, || {
        let (sender, mut receiver) = broadcast::channel(100_000);
        (0..100_000).for_each(|_| _ = sender.send(7).expect("a receiver"));
        (1..100_000).for_each(|_| _ = receiver.try_recv().expect("a value"));
        (sender, receiver)
    });
}

#[test]
fn a_steady_depth_allocates_nothing() {
    let _others = beside_others();
    let (sender, mut receiver) = mpsc::channel(BURST);
    (0..10).for_each(|_| sender.try_send(LARGE).expect("room"));
    let mut turn_over = || {
        for _ in 0..BURST {
            sender.try_send(LARGE).expect("room");
            assert!(receiver.try_recv().is_ok());
        }
    };
    turn_over();
    assert_eq!(allocations(turn_over), 0);
    let mut rounds = [0; 2];
    block_on(async {
        let busy: Vec<_> = (0..5000)
            .map(|_| {
                spawn_local(async {
                    loop {
                        yield_now().await;
                    }
                })
            })
            .collect();
        for round in &mut rounds {
            let before = ALLOCATIONS.get();
            for _ in 0..100 {
                yield_now().await;
            }
            *round = ALLOCATIONS.get() - before;
        }
        drop(busy.into_iter().map(|task| task.abort()).collect::<Vec<_>>());
    });
    assert_eq!(rounds[1], 0, "five thousand local tasks that yield for ever");
}

/// What is kept: 16 KiB for the queue, 16 KiB for the wakers of one turn, and what each thread keeps until it
/// ends.
const BY_THREAD: isize = 64 * 1024;

#[test]
fn local_tasks() {
    leaves(BY_THREAD, || {
        block_on(async {
            let handles: Vec<_> = (0..100_000).map(|_| spawn_local(yield_now())).collect();
            for handle in handles {
                handle.await;
            }
        });
    });
}

/// One task always yields, so the queue is never quite empty.
#[test]
fn local_tasks_beside_one_that_goes_on() {
    let _others = beside_others();
    block_on(async {
        let busy = spawn_local(async {
            loop {
                yield_now().await;
            }
        });
        yield_now().await;
        let before = BYTES.get();
        let handles: Vec<_> = (0..100_000).map(|_| spawn_local(yield_now())).collect();
        for handle in handles {
            handle.await;
        }
        for _ in 0..1000 {
            yield_now().await;
        }
        let kept = BYTES.get() - before;
        assert!(kept <= BY_THREAD, "{kept} bytes are kept");
        busy.cancel().await;
    });
}

/// They wait, and then end one after the other, the last first: the list of waiting tasks has no gap to close.
#[test]
fn tasks_that_waited() {
    let _others = beside_others();
    let burst = || async {
        let mut handles: Vec<_> = (0..100_000).map(|_| spawn_local(pending::<()>())).collect();
        for _ in 0..10_000 {
            yield_now().await;
        }
        while let Some(handle) = handles.pop() {
            handle.cancel().await;
        }
    };
    block_on(async {
        let before = BYTES.get();
        burst().await;
        let kept = BYTES.get() - before;
        assert!(kept <= BY_THREAD, "{kept} bytes are kept");
    });
}

/// All are due at once: in `block_on`, and on a pool.
#[test]
fn timers_that_fire_in_one_turn() {
    async fn burst() {
        let due = Instant::now() + Duration::from_millis(300);
        let sleeping: Vec<_> = (0..50_000).map(|_| spawn_local(sleep_until(due))).collect();
        for task in sleeping {
            task.await;
        }
    }
    all_leave(2 * BY_THREAD, || block_on(burst()));
    let pool = Pool::new(1).unwrap();
    all_leave(2 * BY_THREAD, || block_on(pool.spawn(async { spawn_local(burst()).await })));
}

/// A timer that is still pending does not keep the memory of the others.
#[test]
fn timers_beside_one_that_goes_on() {
    let mut long = sleep(Duration::from_secs(3600));
    all_leave(BY_THREAD, || {
        assert!(poll(&mut long).is_pending());
        let mut timers: Vec<_> = (0..100_000).map(|n| sleep(Duration::from_secs(3000 + n % 7))).collect();
        timers.iter_mut().for_each(|timer| assert!(poll(timer).is_pending()));
    });
}

#[test]
fn calls_that_may_block() {
    let threads = Threads::new("burst", 1, Duration::from_secs(60));
    let (begin, begun) = std_mpsc::channel::<()>();
    all_leave(BY_THREAD, || {
        let waits = move || _ = begun.recv();
        assert!(threads.submit(Box::new(waits)).is_ok());
        for number in 0..100_000_usize {
            assert!(threads.submit(Box::new(move || _ = number + 1)).is_ok());
        }
        drop(begin);
        while threads.idle() == 0 {
            thread::yield_now();
        }
    });
}

/// And one that is never quite empty.
#[test]
fn a_set_of_tasks() {
    for (stays, at_once) in [(0, true), (1, true), (0, false), (1, false)] {
        leaves(BY_THREAD, || {
            let mut set = JoinSet::new();
            (0..stays).for_each(|_| _ = set.spawn_local(pending::<()>()));
            (0..100_000).for_each(|_| _ = set.spawn_local(async {}));
            block_on(async {
                while set.len() > stays {
                    if at_once && set.try_join_next().is_some() {
                        continue;
                    }
                    set.join_next().await.expect("one has finished").expect("no panic");
                }
            });
            set
        });
    }
}
