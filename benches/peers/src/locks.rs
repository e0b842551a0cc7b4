//! The workloads on locks, barriers, cells, notices and watched values, and what they need of each library. Next:
//! `threads`.
//!
//! Not every library has all of these, so each has a trait of its own, beside `Runtime`: smol and async-std have no
//! `Notify` and no `watch`, and async-std no semaphore and no cell.

use std::future::Future;
use std::sync::Arc;

use crate::runtimes::{
    AsyncStd, AsyncStdLocal, Ours, OursLocal, Runtime, Smol, SmolLocal, Tokio, TokioCt, TokioLocal,
};
use crate::sample::{Sample, repeat, scaled};

pub trait Semaphores: Runtime {
    type Semaphore: Send + Sync + 'static;
    fn semaphore(permits: usize) -> Self::Semaphore;
    /// Awaits `inside` with a permit.
    fn with_permit(
        semaphore: &Self::Semaphore,
        inside: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = ()> + Send;
}

pub trait RwLocks: Runtime {
    type RwLock: Send + Sync + 'static;
    fn rwlock() -> Self::RwLock;
    fn get(lock: &Self::RwLock) -> impl Future<Output = u64> + Send;
    /// Awaits `inside` with the guard for writing, and then adds one to the value.
    fn add_one(
        lock: &Self::RwLock,
        inside: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = ()> + Send;
}

pub trait Barriers: Runtime {
    type Barrier: Send + Sync + 'static;
    type Cell: Send + Sync + 'static;
    fn barrier(tasks: usize) -> Self::Barrier;
    fn wait(barrier: &Self::Barrier) -> impl Future<Output = ()> + Send;
    fn cell() -> Self::Cell;
    /// The value of a cell, which is made if there is none.
    fn get_or_init(cell: &Self::Cell) -> impl Future<Output = u64> + Send;
}

pub trait Notices: Runtime {
    type Notify: Default + Send + Sync + 'static;
    fn notify_one(notify: &Self::Notify);
    fn notified(notify: &Self::Notify) -> impl Future<Output = ()> + Send;
}

pub trait Watches: Runtime {
    type Watch: Send + Sync + 'static;
    type Watcher: Send + 'static;
    fn watch() -> (Self::Watch, Self::Watcher);
    /// Returns whether there is a receiver.
    fn set(watch: &Self::Watch, value: u64) -> bool;
    /// Waits for a change, and returns the value; `None` at the end.
    fn changed(watcher: &mut Self::Watcher) -> impl Future<Output = Option<u64>> + Send;
}

macro_rules! semaphores {
    ($semaphore:ty: $($runtime:ty),*) => { $(
        impl Semaphores for $runtime {
            type Semaphore = $semaphore;

            fn semaphore(permits: usize) -> Self::Semaphore {
                <$semaphore>::new(permits)
            }
            async fn with_permit(semaphore: &Self::Semaphore, inside: impl Future<Output = ()> + Send) {
                let _permit = semaphore.acquire().await;
                inside.await;
            }
        }
    )* };
}

macro_rules! rwlocks {
    ($rwlock:ty: $($runtime:ty),*) => { $(
        impl RwLocks for $runtime {
            type RwLock = $rwlock;

            fn rwlock() -> Self::RwLock {
                <$rwlock>::new(0)
            }
            async fn get(lock: &Self::RwLock) -> u64 {
                *lock.read().await
            }
            async fn add_one(lock: &Self::RwLock, inside: impl Future<Output = ()> + Send) {
                let mut value = lock.write().await;
                inside.await;
                *value += 1;
            }
        }
    )* };
}

macro_rules! barriers {
    ($barrier:ty, $cell:ty: $($runtime:ty),*) => { $(
        impl Barriers for $runtime {
            type Barrier = $barrier;
            type Cell = $cell;

            fn barrier(tasks: usize) -> Self::Barrier {
                <$barrier>::new(tasks)
            }
            async fn wait(barrier: &Self::Barrier) {
                barrier.wait().await;
            }
            fn cell() -> Self::Cell {
                <$cell>::new()
            }
            async fn get_or_init(cell: &Self::Cell) -> u64 {
                *cell.get_or_init(|| async { 7 }).await
            }
        }
    )* };
}

macro_rules! notices_and_watches {
    ($($sync:ident)::*: $($runtime:ty),*) => {
        notices_and_watches!(@each ($($sync)::*::Notify, $($sync)::*::watch::Sender<u64>, $($sync)::*::watch::Receiver<u64>, $($sync)::*::watch::channel) $($runtime),*);
    };
    (@each $of:tt $($runtime:ty),*) => { $( notices_and_watches!(@one $runtime, $of); )* };
    (@one $runtime:ty, ($notify:ty, $sender:ty, $receiver:ty, $channel:path)) => {
        impl Notices for $runtime {
            type Notify = $notify;

            fn notify_one(notify: &Self::Notify) {
                notify.notify_one();
            }
            async fn notified(notify: &Self::Notify) {
                notify.notified().await;
            }
        }

        impl Watches for $runtime {
            type Watch = $sender;
            type Watcher = $receiver;

            fn watch() -> (Self::Watch, Self::Watcher) {
                $channel(0)
            }
            fn set(watch: &Self::Watch, value: u64) -> bool {
                watch.send(value).is_ok()
            }
            async fn changed(watcher: &mut Self::Watcher) -> Option<u64> {
                watcher.changed().await.ok()?;
                Some(*watcher.borrow_and_update())
            }
        }
    };
}

semaphores!(executor::sync::Semaphore: Ours, OursLocal);
semaphores!(tokio::sync::Semaphore: Tokio, TokioCt, TokioLocal);
semaphores!(smol::lock::Semaphore: Smol, SmolLocal);
rwlocks!(executor::sync::RwLock<u64>: Ours, OursLocal);
rwlocks!(tokio::sync::RwLock<u64>: Tokio, TokioCt, TokioLocal);
rwlocks!(smol::lock::RwLock<u64>: Smol, SmolLocal);
rwlocks!(async_std::sync::RwLock<u64>: AsyncStd, AsyncStdLocal);
barriers!(executor::sync::Barrier, executor::sync::OnceCell<u64>: Ours, OursLocal);
barriers!(tokio::sync::Barrier, tokio::sync::OnceCell<u64>: Tokio, TokioCt, TokioLocal);
barriers!(smol::lock::Barrier, smol::lock::OnceCell<u64>: Smol, SmolLocal);
notices_and_watches!(executor::sync: Ours, OursLocal);
notices_and_watches!(tokio::sync: Tokio, TokioCt, TokioLocal);

/// Spawns this many tasks of `work`, and awaits them.
async fn spawn_all<R: Runtime, F: Future<Output = ()> + Send + 'static>(
    tasks: usize,
    work: impl Fn() -> F + Send,
) {
    let handles: Vec<_> = (0..tasks).map(|_| R::spawn(work())).collect();
    for handle in handles {
        handle.await;
    }
}

/// This many pool tasks take the one permit in turn. Each yields while it has it, so that the others wait.
pub fn semaphore<R: Semaphores>(tasks: usize) -> Sample {
    let each = (scaled(50_000) / tasks).max(1);
    repeat(tasks * each, || {
        R::block_on(async move {
            let semaphore = Arc::new(R::semaphore(1));
            let work = || {
                let semaphore = semaphore.clone();
                async move {
                    for _ in 0..each {
                        R::with_permit(&semaphore, R::yield_now()).await;
                    }
                }
            };
            spawn_all::<R, _>(tasks, work).await;
        });
    })
}

/// One pool task reads, and nobody writes.
pub fn rwlock_read<R: RwLocks>(_: usize) -> Sample {
    let times = scaled(1_000_000);
    repeat(times, || {
        R::block_on(async move {
            let sum = R::spawn(async move {
                let lock = R::rwlock();
                let mut sum = 0;
                for _ in 0..times {
                    sum += R::get(std::hint::black_box(&lock)).await;
                }
                sum
            });
            assert_eq!(sum.await, 0);
        });
    })
}

/// This many pool tasks write in turn. Each yields while it has the guard, so that the others wait.
pub fn rwlock_write<R: RwLocks>(tasks: usize) -> Sample {
    let each = (scaled(50_000) / tasks).max(1);
    repeat(tasks * each, || {
        R::block_on(async move {
            let lock = Arc::new(R::rwlock());
            let work = || {
                let lock = lock.clone();
                async move {
                    for _ in 0..each {
                        R::add_one(&lock, R::yield_now()).await;
                    }
                }
            };
            spawn_all::<R, _>(tasks, work).await;
            assert_eq!(R::get(&lock).await, (tasks * each) as u64);
        });
    })
}

/// This many pool tasks wait for each other, round after round; an operation is the wait of one.
pub fn barrier<R: Barriers>(tasks: usize) -> Sample {
    let each = (scaled(50_000) / tasks).max(1);
    repeat(tasks * each, || {
        R::block_on(async move {
            let barrier = Arc::new(R::barrier(tasks));
            let work = || {
                let barrier = barrier.clone();
                async move {
                    for _ in 0..each {
                        R::wait(&barrier).await;
                    }
                }
            };
            spawn_all::<R, _>(tasks, work).await;
        });
    })
}

/// One pool task gets the value of a cell that is set.
pub fn once_cell<R: Barriers>(_: usize) -> Sample {
    let times = scaled(1_000_000);
    repeat(times, || {
        R::block_on(async move {
            let sum = R::spawn(async move {
                let cell = R::cell();
                let mut sum = 0;
                for _ in 0..times {
                    sum += R::get_or_init(std::hint::black_box(&cell)).await;
                }
                sum
            });
            assert_eq!(sum.await, 7 * times as u64);
        });
    })
}

/// Two pool tasks notify each other; an operation is a hop.
pub fn notify<R: Notices>(_: usize) -> Sample {
    let times = scaled(50_000);
    repeat(2 * times, || {
        R::block_on(async move {
            let both = Arc::new((R::Notify::default(), R::Notify::default()));
            let other = both.clone();
            let echo = R::spawn(async move {
                for _ in 0..times {
                    R::notified(&other.0).await;
                    R::notify_one(&other.1);
                }
            });
            let call = R::spawn(async move {
                for _ in 0..times {
                    R::notify_one(&both.0);
                    R::notified(&both.1).await;
                }
            });
            call.await;
            echo.await;
        });
    })
}

/// Two pool tasks watch each other; an operation is a hop: a value is set, and its change is seen.
pub fn watch<R: Watches>(_: usize) -> Sample {
    let times = scaled(50_000);
    repeat(2 * times, || {
        R::block_on(async move {
            let ((ask, mut asked), (reply, mut replied)) = (R::watch(), R::watch());
            let echo = R::spawn(async move {
                while let Some(value) = R::changed(&mut asked).await {
                    if !R::set(&reply, value) {
                        break;
                    }
                }
            });
            let call = R::spawn(async move {
                for value in 1..=times as u64 {
                    assert!(R::set(&ask, value));
                    assert_eq!(R::changed(&mut replied).await, Some(value));
                }
            });
            call.await;
            echo.await;
        });
    })
}
