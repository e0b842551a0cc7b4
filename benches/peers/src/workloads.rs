//! The workloads inside one process, each written once for all runtimes. Next: `locks`.
//!
//! Each returns the cost of one operation, and checks that the work was done.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::machine;
use crate::runtimes::Runtime;
use crate::sample::{Clock, Sample, cpu_time, median, quantile, repeat, scaled};

// ---- spawn

/// Spawns `size` ready tasks and awaits them all, `times` times.
async fn spawn_and_await<R: Runtime>(size: usize, times: usize) {
    for _ in 0..times {
        let handles: Vec<_> = (0..size).map(|i| R::spawn(async move { i })).collect();
        for (i, handle) in handles.into_iter().enumerate() {
            assert_eq!(handle.await, i);
        }
    }
}

/// How many repetitions of `size` operations make a pass.
fn times(pass: usize, size: usize) -> usize {
    (scaled(pass) / size).max(1)
}

pub fn spawn_pool<R: Runtime>(size: usize) -> Sample {
    let times = times(50_000, size);
    repeat(size * times, || {
        R::block_on(async move { R::spawn(spawn_and_await::<R>(size, times)).await });
    })
}

/// From the thread of `block_on`; on a local runtime this is `spawn_local`.
pub fn spawn_outer<R: Runtime>(size: usize) -> Sample {
    let times = times(50_000, size);
    repeat(size * times, || {
        R::block_on(spawn_and_await::<R>(size, times));
    })
}

pub fn spawn_one<R: Runtime>(_: usize) -> Sample {
    let times = scaled(30_000);
    repeat(times, || {
        R::block_on(async move { R::spawn(spawn_and_await::<R>(1, times)).await });
    })
}

/// Each task spawns the next.
pub fn chain<R: Runtime>(depth: usize) -> Sample {
    fn link<R: Runtime>(left: usize, ended: Arc<AtomicBool>) {
        if left == 0 {
            // ORDERING: Release; pairs with the Acquire below, as a join would.
            ended.store(true, Ordering::Release);
        } else {
            R::detach(R::spawn(async move { link::<R>(left - 1, ended) }));
        }
    }
    let times = times(50_000, depth);
    repeat(depth * times, || {
        R::block_on(async move {
            R::spawn(async move {
                for _ in 0..times {
                    let ended = Arc::new(AtomicBool::new(false));
                    link::<R>(depth, ended.clone());
                    // ORDERING: Acquire; pairs with the Release above.
                    while !ended.load(Ordering::Acquire) {
                        R::yield_now().await;
                    }
                }
            })
            .await;
        });
    })
}

// ---- yield

/// This many tasks yield again and again.
pub fn yields<R: Runtime>(tasks: usize) -> Sample {
    let each = times(500_000, tasks);
    repeat(tasks * each, || {
        R::block_on(async move {
            let yielding = || async move {
                for _ in 0..each {
                    R::yield_now().await;
                }
                each
            };
            let handles: Vec<_> = (0..tasks).map(|_| R::spawn(yielding())).collect();
            for handle in handles {
                assert_eq!(handle.await, each);
            }
        });
    })
}

// ---- switch

/// Passes on each value, until the channel is closed.
async fn relay<R: Runtime>(mut from: R::Receiver, to: R::Sender) {
    while let Some(value) = R::recv(&mut from).await {
        if !R::send(&to, value).await {
            break;
        }
    }
}

/// Sends one value at a time, and waits until it has come back.
async fn send_around<R: Runtime>(first: R::Sender, mut last: R::Receiver, times: usize) {
    for value in 0..times as u64 {
        assert!(R::send(&first, value).await);
        assert_eq!(R::recv(&mut last).await, Some(value));
    }
}

/// Two pool tasks; an operation is a hop.
pub fn pingpong<R: Runtime>(_: usize) -> Sample {
    let times = scaled(50_000);
    repeat(2 * times, || {
        R::block_on(async move {
            let ((ping, pinged), (pong, ponged)) = (R::channel(1), R::channel(1));
            R::detach(R::spawn(relay::<R>(pinged, pong)));
            R::spawn(send_around::<R>(ping, ponged, times)).await;
        });
    })
}

/// The thread of `block_on` and a pool task.
pub fn cross<R: Runtime>(_: usize) -> Sample {
    let times = scaled(20_000);
    repeat(2 * times, || {
        R::block_on(async move {
            let ((ping, pinged), (pong, ponged)) = (R::channel(1), R::channel(1));
            R::detach(R::spawn(relay::<R>(pinged, pong)));
            send_around::<R>(ping, ponged, times).await;
        });
    })
}

/// This many tasks in a row pass on one token.
pub fn brigade<R: Runtime>(tasks: usize) -> Sample {
    let rounds = times(100_000, tasks);
    repeat(tasks * rounds, || {
        R::block_on(async move {
            let (first, mut last) = R::channel(1);
            for _ in 1..tasks {
                let (to, next) = R::channel(1);
                R::detach(R::spawn(relay::<R>(std::mem::replace(&mut last, next), to)));
            }
            R::spawn(send_around::<R>(first, last, rounds)).await;
        });
    })
}

/// The same over TCP connections; the token is a byte.
pub fn brigade_tcp<R: Runtime>(tasks: usize) -> Sample {
    let rounds = times(10_000, tasks);
    R::block_on(async move { R::spawn(brigade_over_tcp::<R>(tasks, rounds)).await })
}

async fn brigade_over_tcp<R: Runtime>(tasks: usize, rounds: usize) -> Sample {
    let (listener, address) = R::listen().await.unwrap();
    let mut first = R::connect(address).await.unwrap();
    let mut last = R::accept(&listener).await.unwrap();
    for _ in 1..tasks {
        let mut to = R::connect(address).await.unwrap();
        let mut from = std::mem::replace(&mut last, R::accept(&listener).await.unwrap());
        R::detach(R::spawn(async move {
            let mut token = [0];
            while let Ok(1) = R::read(&mut from, &mut token).await {
                R::write_all(&mut to, &token).await.unwrap();
            }
        }));
    }
    let clock = Clock::start();
    let mut token = [0];
    for value in 0..rounds {
        R::write_all(&mut first, &[value as u8]).await.unwrap();
        assert_eq!(R::read(&mut last, &mut token).await.unwrap(), 1);
        assert_eq!(token, [value as u8]);
    }
    clock.stop(tasks * rounds)
}

// ---- branches

/// A join of a send and a receive.
pub fn join<R: Runtime>(_: usize) -> Sample {
    let times = scaled(100_000);
    repeat(times, || {
        R::block_on(async move {
            R::spawn(async move {
                let (sender, mut receiver) = R::channel(1);
                for value in 0..times as u64 {
                    let both = R::join(R::send(&sender, value), R::recv(&mut receiver)).await;
                    assert_eq!(both, (true, Some(value)));
                }
            })
            .await;
        });
    })
}

/// A choice between two channels, of which one has a value, in turns.
pub fn select<R: Runtime>(_: usize) -> Sample {
    let times = scaled(100_000);
    repeat(times, || {
        R::block_on(async move {
            R::spawn(async move {
                let ((one, mut ones), (other, mut others)) = (R::channel(1), R::channel(1));
                for value in 0..times as u64 {
                    let sender = if value % 2 == 0 { &one } else { &other };
                    assert!(R::send(sender, value).await);
                    let received = R::first(R::recv(&mut ones), R::recv(&mut others)).await;
                    assert_eq!(received, Some(value));
                }
            })
            .await;
        });
    })
}

// ---- blocking

pub fn blocking_one<R: Runtime>(_: usize) -> Sample {
    let times = scaled(20_000);
    repeat(times, || {
        R::block_on(async {
            for i in 0..times {
                assert_eq!(R::spawn_blocking(move || i).await, i);
            }
        });
    })
}

pub fn blocking_many<R: Runtime>(at_once: usize) -> Sample {
    let times = times(10_000, at_once);
    repeat(at_once * times, || {
        R::block_on(async {
            for _ in 0..times {
                let jobs: Vec<_> = (0..at_once).map(|i| R::spawn_blocking(move || i)).collect();
                for (i, job) in jobs.into_iter().enumerate() {
                    assert_eq!(job.await, i);
                }
            }
        });
    })
}

// ---- timers

/// This many sleeps of 0.1 to 1 s at once: the CPU time of each, and how late they ended.
pub fn timers<R: Runtime>(sleeps: usize) -> Sample {
    let clock = Clock::start();
    let mut late = R::block_on(async move {
        R::spawn(async move {
            let handles: Vec<_> = (0..sleeps).map(|i| R::spawn(sleep_and_look::<R>(i, sleeps))).collect();
            let mut late = Vec::with_capacity(sleeps);
            for handle in handles {
                late.push(handle.await);
            }
            late
        })
        .await
    });
    let sample = clock.stop(sleeps);
    assert_eq!(late.len(), sleeps);
    let (late, worst) = (median(&mut late), quantile(&mut late, 0.99));
    sample.with(&[("late_us", late), ("late_p99_us", worst)])
}

/// Returns by how many microseconds the `i`th of these sleeps was late. The deadlines are not in order.
async fn sleep_and_look<R: Runtime>(i: usize, sleeps: usize) -> f64 {
    let place = (i * 7919) % sleeps;
    let time = Duration::from_millis(100) + Duration::from_millis(900) * place as u32 / sleeps as u32;
    let due = Instant::now() + time;
    R::sleep(time).await;
    let now = Instant::now();
    assert!(now >= due, "too early");
    (now - due).as_nanos() as f64 / 1e3
}

// ---- memory

/// The bytes of a pending task, whose handle is kept. The memory of the handles is not counted.
pub fn mem<R: Runtime>(tasks: usize) -> Sample {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let tasks = scaled(tasks);
    R::block_on(async move {
        R::spawn(async move {
            let mut handles = Vec::with_capacity(tasks);
            // Touch the pages of the handles, and those that the first tasks need.
            handles.extend((0..tasks.min(1000)).map(|_| R::spawn(async {})));
            let warm = handles.len();
            for handle in handles.drain(..) {
                handle.await;
            }
            let room = vec![1_u8; (tasks - warm) * size_of::<R::Handle<()>>()];
            drop(std::hint::black_box(room));
            let clock = Clock::start();
            let before = machine::resident(std::process::id());
            for _ in 0..tasks {
                handles.push(R::spawn(async {
                    // ORDERING: Relaxed; only counted.
                    STARTED.fetch_add(1, Ordering::Relaxed);
                    pending::<()>().await;
                }));
            }
            // ORDERING: Relaxed; only counted.
            while STARTED.load(Ordering::Relaxed) < tasks {
                R::yield_now().await;
            }
            let grown = machine::resident(std::process::id()).saturating_sub(before);
            let sample = clock.stop(tasks).with(&[("bytes", grown as f64 / tasks as f64)]);
            // A million tasks need not be dropped one by one.
            println!("{sample}");
            std::process::exit(0)
        })
        .await
    })
}

// ---- what must not be given up for speed

/// The CPU time of an idle second, in microseconds: a hundred tasks sleep, and all workers have run before.
pub fn idle<R: Runtime>(_: usize) -> Sample {
    R::block_on(async {
        for _ in 0..100 {
            R::detach(R::spawn(async {
                R::sleep(Duration::from_secs(3600)).await;
            }));
        }
        spawn_and_await::<R>(1000, 1).await;
        R::sleep(Duration::from_millis(100)).await;
        let cpu = cpu_time();
        R::sleep(Duration::from_secs(1)).await;
        let used = cpu_time() - cpu;
        Sample::new(&[("cpu_us", used.as_nanos() as f64 / 1e3)])
    })
}

/// How late a task wakes from sleeps of a millisecond, beside a thousand tasks that yield without end.
pub fn fairness<R: Runtime>(tasks: usize) -> Sample {
    static STOP: AtomicBool = AtomicBool::new(false);
    let mut late = R::block_on(async move {
        for _ in 0..tasks {
            R::detach(R::spawn(async {
                // ORDERING: Relaxed; nothing is read that the flag would publish.
                while !STOP.load(Ordering::Relaxed) {
                    R::yield_now().await;
                }
            }));
        }
        R::spawn(async {
            let mut late = Vec::new();
            for _ in 0..scaled(200) {
                let due = Instant::now() + Duration::from_millis(1);
                R::sleep(Duration::from_millis(1)).await;
                late.push((Instant::now() - due).as_nanos() as f64 / 1e3);
            }
            // ORDERING: Relaxed; nothing is read that the flag would publish.
            STOP.store(true, Ordering::Relaxed);
            late
        })
        .await
    });
    let (late, worst) = (median(&mut late), quantile(&mut late, 0.99));
    Sample::new(&[("late_us", late), ("late_p99_us", worst)])
}
