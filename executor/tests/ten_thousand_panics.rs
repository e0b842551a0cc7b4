//! Ten thousand tasks panic: all workers stay alive, and each panic reaches its awaiter once. In a process of
//! its own, because it silences the panic hook.
#![cfg(not(loom))]

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use executor::pool::Pool;
use executor::task::{JoinError, block_on, spawn_blocking, spawn_local, yield_now};

const TASKS: usize = 10_000;
const WORKERS: usize = 3;

static SEEN_BY_THE_HOOK: AtomicUsize = AtomicUsize::new(0);

/// The threads of the pool, each seen while all of them run.
fn workers(pool: &Pool) -> HashSet<thread::ThreadId> {
    let meeting = Arc::new(Barrier::new(WORKERS));
    let tasks: Vec<_> = (0..WORKERS)
        .map(|_| {
            let meeting = Arc::clone(&meeting);
            pool.spawn(async move {
                meeting.wait();
                thread::current().id()
            })
        })
        .collect();
    block_on(async {
        let mut ids = HashSet::new();
        for task in tasks {
            ids.insert(task.await);
        }
        ids
    })
}

fn number(outcome: Result<(), JoinError>) -> usize {
    match outcome {
        Err(JoinError::Panicked(payload)) => payload
            .downcast_ref::<String>()
            .and_then(|message| message.parse().ok())
            .expect("the payload is the task's number"),
        other => panic!("task did not panic: {other:?}"),
    }
}

#[test]
fn all_workers_live_and_each_panic_is_seen_once() {
    std::panic::set_hook(Box::new(|_| {
        SEEN_BY_THE_HOOK.fetch_add(1, Ordering::Relaxed);
    }));
    let pool = Pool::new(WORKERS).unwrap();
    let before = workers(&pool);
    assert_eq!(before.len(), WORKERS);
    let alive = executor::metrics().alive;

    let panics = |n: usize| async move {
        if n.is_multiple_of(3) {
            yield_now().await;
        }
        panic!("{n}");
    };
    let tasks: Vec<_> = (0..TASKS).map(|n| pool.spawn(panics(n))).collect();
    block_on(async {
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(number(task.try_join().await), n);
        }
    });
    assert_eq!(SEEN_BY_THE_HOOK.load(Ordering::Relaxed), TASKS);

    // A few local tasks and blocking calls.
    let local: Vec<_> = (0..100).map(|n| spawn_local(panics(n))).collect();
    let blocking: Vec<_> = (0..100).map(|n| spawn_blocking(move || panic!("{n}"))).collect();
    block_on(async {
        for (n, (local, blocking)) in local.into_iter().zip(blocking).enumerate() {
            assert_eq!(number(local.try_join().await), n);
            assert_eq!(number(blocking.try_join().await), n);
        }
    });
    assert_eq!(SEEN_BY_THE_HOOK.load(Ordering::Relaxed), TASKS + 200);

    // Detached tasks: no awaiter sees their panics, and no other task is affected.
    (0..1000).for_each(|n| drop(pool.spawn(panics(n))));

    assert_eq!(workers(&pool), before, "the same threads as before");
    drop(pool);
    assert_eq!(executor::metrics().alive, alive);
    let _ = std::panic::take_hook();
}
