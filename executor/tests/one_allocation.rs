//! A task costs exactly one allocation, and all of it is given back. An allocator counts, so this test is a
//! process of its own.
#![cfg(not(loom))]

#[path = "../../tests/shared/counting.rs"]
mod counting;

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::task::{block_on, spawn_local, yield_now};

use counting::{ALL_BYTES, ALLOCATIONS, BYTES};

/// One test counts at a time.
static TURN: Mutex<()> = Mutex::new(());

fn allocations(call: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    call();
    ALLOCATIONS.get() - before
}

const TASKS: usize = 1000;

#[test]
fn a_local_task_is_one_allocation() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    block_on(async {
        let mut handles = Vec::with_capacity(TASKS);
        for round in 0..3 {
            let spawned = allocations(|| {
                handles.extend((0..TASKS).map(|n| spawn_local(async move { n })));
            });
            if round > 0 {
                assert_eq!(spawned, TASKS, "the queue has reached its size");
            }
            for handle in handles.drain(..) {
                handle.await;
            }
        }
    });
}

/// The header, and where the task is queued. The chapter "How large is a future?" has the numbers.
#[test]
fn a_task_is_its_future_and_six_or_seven_words() {
    let future = || {
        let bytes = [1_u8; 1024];
        async move {
            yield_now().await;
            bytes[0]
        }
    };
    let size = size_of_val(&future()).next_multiple_of(size_of::<usize>());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut added = (0, 0);
    let pool = Pool::new(1).unwrap();
    block_on(async {
        for _ in 0..3 {
            let before = BYTES.get();
            let local = spawn_local(future());
            let between = BYTES.get();
            let of_pool = pool.spawn(future());
            added = (between - before, BYTES.get() - between); // The queues have reached their size.
            local.await;
            of_pool.await;
        }
    });
    let words = |bytes: isize| (bytes.unsigned_abs() - size) / size_of::<usize>();
    assert_eq!((words(added.0), words(added.1)), (7, 6), "of a local task, and of a pool's");
}

/// From its spawn to its end: polls, wakes, the join, and the end allocate nothing more.
#[test]
fn the_whole_life_of_a_local_task_is_one_allocation() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut counts = [0; 3];
    block_on(async {
        for count in &mut counts {
            let before = ALLOCATIONS.get();
            for _ in 0..TASKS {
                spawn_local(async {
                    yield_now().await;
                    spawn_local(yield_now()).await;
                })
                .await;
            }
            *count = ALLOCATIONS.get() - before;
        }
    });
    assert_eq!(counts[2], 2 * TASKS);
}

/// In a pool of one worker that worker's thread counts everything.
#[test]
fn the_whole_life_of_a_pool_task_is_one_allocation() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let pool = std::sync::Arc::new(Pool::new(1).unwrap());
    let inside = std::sync::Arc::clone(&pool);
    let counts = block_on(pool.spawn(async move {
        let mut counts = [0; 3];
        for count in &mut counts {
            let before = ALLOCATIONS.get();
            for _ in 0..TASKS {
                let again = std::sync::Arc::clone(&inside);
                inside
                    .spawn(async move {
                        yield_now().await;
                        again.spawn(yield_now()).await;
                    })
                    .await;
            }
            *count = ALLOCATIONS.get() - before;
        }
        counts
    }));
    assert_eq!(counts[2], 2 * TASKS);
}

/// After many rounds no more is allocated than after the first few, but for `kept` bytes.
fn gives_back(what: &str, kept: isize, mut round: impl FnMut()) {
    const ROUNDS: usize = 500;
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    (0..5).for_each(|_| round());
    let before = ALL_BYTES.load(Ordering::Relaxed);
    (0..ROUNDS).for_each(|_| round());
    // Other threads may be about to free memory.
    let begin = Instant::now();
    let mut after = ALL_BYTES.load(Ordering::Relaxed);
    while after > before + kept && begin.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(1));
        after = ALL_BYTES.load(Ordering::Relaxed);
    }
    assert!(after <= before + kept, "{what}: {} bytes are kept", after - before);
}

#[test]
fn a_thread_that_leaves_local_tasks_gives_everything_back() {
    gives_back("threads with leftovers", 10_000, || {
        thread::spawn(|| {
            for _ in 0..100 {
                drop(spawn_local(std::future::pending::<()>()));
            }
        })
        .join()
        .unwrap();
    });
}

#[test]
fn a_thread_whose_local_tasks_wait_gives_everything_back() {
    gives_back("threads with tasks that wait", 10_000, || {
        thread::spawn(|| {
            let handles: Vec<_> = (0..100).map(|_| spawn_local(std::future::pending::<()>())).collect();
            block_on(yield_now());
            handles
        })
        .join()
        .unwrap();
    });
}

/// Crossbeam keeps a record of each ended worker until another thread frees it: under load ten at a time,
/// however many there were.
#[test]
fn a_pool_that_is_dropped_gives_everything_back() {
    gives_back("pools", 40_000, || {
        let pool = Pool::new(2).unwrap();
        let handles: Vec<_> = (0..100).map(|_| pool.spawn(std::future::pending::<()>())).collect();
        drop(pool);
        drop(handles);
    });
}

#[test]
fn tasks_that_are_cancelled_detached_or_unreachable_give_everything_back() {
    gives_back("tasks", 10_000, || {
        let pool = Pool::new(1).unwrap();
        block_on(async {
            for n in 0..100 {
                let handle = pool.spawn(async move {
                    yield_now().await;
                    if n % 2 == 0 {
                        std::future::pending::<()>().await;
                    }
                    vec![0; 100]
                });
                match n % 3 {
                    0 => drop(handle),
                    1 => drop(handle.cancel().await),
                    _ => handle.abort(),
                }
            }
        });
    });
}
