//! The locks: what it costs to take one that is free, and to hand one over.
//!
//! Measured: locks that are free, taken and given back on one thread; a permit and the right to write, which 100 tasks
//! take in turn, on the pool and locally, where each yields while it has it; and a hop between two tasks that notify
//! each other, or watch each other's value. Left out: channels (see `context_switch` and `broadcast`).

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use executor::sync::{Mutex, Notify, OnceCell, RwLock, Semaphore, watch};
use executor::task::{self, JoinHandle};
use futures_lite::future::Boxed;

type Spawn = fn(Boxed<()>) -> JoinHandle<()>;

const PLACES: [(&str, Spawn); 2] = [("pool", |f| task::spawn(f)), ("local", |f| task::spawn_local(f))];

/// How many tasks contend for the same lock.
const TASKS: u64 = 100;

/// Times `times` operations of `work`, which are shared by [`TASKS`] tasks.
async fn in_turn(spawn: Spawn, times: u64, work: impl Fn(u64) -> Boxed<()>) -> Duration {
    let start = Instant::now();
    let each = times.div_ceil(TASKS);
    let tasks: Vec<_> = (0..TASKS).map(|_| spawn(work(each))).collect();
    for one in tasks {
        one.await;
    }
    start.elapsed()
}

async fn permits(spawn: Spawn, times: u64) -> Duration {
    let semaphore = Arc::new(Semaphore::new(1));
    let work = |each| -> Boxed<()> {
        let semaphore = Arc::clone(&semaphore);
        Box::pin(async move {
            for _ in 0..each {
                let _permit = semaphore.acquire().await.expect("it is not closed");
                task::yield_now().await;
            }
        })
    };
    in_turn(spawn, times, work).await
}

async fn writes(spawn: Spawn, times: u64) -> Duration {
    let lock = Arc::new(RwLock::new(0));
    let work = |each| -> Boxed<()> {
        let lock = Arc::clone(&lock);
        Box::pin(async move {
            for _ in 0..each {
                let mut value = lock.write().await;
                task::yield_now().await;
                *value += 1;
            }
        })
    };
    let time = in_turn(spawn, times, work).await;
    assert_eq!(*lock.read().await, times.div_ceil(TASKS) * TASKS);
    time
}

async fn notices(spawn: Spawn, times: u64) -> Duration {
    let both = Arc::new((Notify::new(), Notify::new()));
    let other = Arc::clone(&both);
    let echo = spawn(Box::pin(async move {
        for _ in 0..times {
            other.0.notified().await;
            other.1.notify_one();
        }
    }));
    let start = Instant::now();
    let call = spawn(Box::pin(async move {
        for _ in 0..times {
            both.0.notify_one();
            both.1.notified().await;
        }
    }));
    call.await;
    echo.await;
    start.elapsed()
}

async fn changes(spawn: Spawn, times: u64) -> Duration {
    let ((ask, mut asked), (reply, mut replied)) = (watch::channel(0), watch::channel(0));
    let echo = spawn(Box::pin(async move {
        while asked.changed().await.is_ok() {
            reply.send_replace(*asked.borrow_and_update());
        }
    }));
    let start = Instant::now();
    let call = spawn(Box::pin(async move {
        for value in 1..=times {
            ask.send_replace(value);
            replied.changed().await.expect("the other is there");
            assert_eq!(*replied.borrow_and_update(), value);
        }
    }));
    call.await;
    echo.await;
    start.elapsed()
}

fn sync(c: &mut Criterion) {
    let mut group = c.benchmark_group("sync, free");
    let (mutex, semaphore, lock) = (Mutex::new(0), Semaphore::new(1), RwLock::new(0));
    let (cell, (sender, receiver)) = (OnceCell::new(), watch::channel(0));
    let (mutex, semaphore, lock, cell, sender) = (&mutex, &semaphore, &lock, &cell, &sender);
    group.bench_function("mutex", |b| common::on_one_thread(b, async || *mutex.lock().await += 1));
    group.bench_function("semaphore", |b| {
        common::on_one_thread(b, async || drop(semaphore.acquire().await));
    });
    group.bench_function("rwlock, read", |b| common::on_one_thread(b, async || drop(lock.read().await)));
    group.bench_function("rwlock, write", |b| common::on_one_thread(b, async || *lock.write().await += 1));
    group.bench_function("once_cell", |b| {
        common::on_one_thread(b, async || assert_eq!(cell.get_or_init(async || 7).await, &7));
    });
    group.bench_function("watch, send and borrow", |b| {
        common::on_one_thread(b, async || {
            sender.send_replace(1);
            assert_eq!(*receiver.borrow(), 1);
        });
    });
    group.finish();

    type Bench = fn(Spawn, u64) -> Boxed<Duration>;
    let benches: [(&str, Bench); 4] = [
        ("semaphore, 100 in turn", |spawn, times| Box::pin(permits(spawn, times))),
        ("rwlock, 100 write in turn", |spawn, times| Box::pin(writes(spawn, times))),
        ("notify, there and back", |spawn, times| Box::pin(notices(spawn, times))),
        ("watch, there and back", |spawn, times| Box::pin(changes(spawn, times))),
    ];
    let mut group = c.benchmark_group("sync, handed over");
    for (place, spawn) in PLACES {
        for (name, bench) in benches {
            group.bench_function(BenchmarkId::new(name, place), |b| {
                b.iter_custom(|times| task::block_on(bench(spawn, times)));
            });
        }
    }
    group.finish();
}

fn main() {
    common::run(
        "what a free lock costs, and one that is handed to the task that has waited longest",
        "sync.md",
        sync,
    );
}
