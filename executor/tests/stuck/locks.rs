//! Locks that nobody will give back.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use executor::sync::Mutex;
use executor::trace::VerdictKind;
use futures_lite::future;
use reactor::time::sleep;

use crate::support::{eventually, planted, spawn, verdict};

/// Each takes its lock, waits until the others have theirs, and then wants the next one's.
fn philosophers(names: &'static [&'static str]) {
    let forks: Arc<Vec<Mutex<()>>> = Arc::new(names.iter().map(|_| Mutex::new(())).collect());
    for (index, name) in names.iter().enumerate() {
        let forks = Arc::clone(&forks);
        spawn(name, async move {
            let _left = forks[index].lock().await;
            while forks.iter().any(|fork| fork.try_lock().is_some()) {
                sleep(Duration::from_millis(1)).await;
            }
            let _right = forks[(index + 1) % forks.len()].lock().await;
        });
    }
}

#[test]
fn two_locks_in_opposite_order() {
    planted(|| {
        philosophers(&["left", "right"]);
        verdict(VerdictKind::LockCycle, &["left", "right"]);
    });
}

#[test]
fn three_philosophers() {
    planted(|| {
        philosophers(&["Plato", "Kant", "Hume"]);
        verdict(VerdictKind::LockCycle, &["Plato", "Kant", "Hume"]);
    });
}

/// Others wait for the lock too. The verdict is about the one.
#[test]
fn a_task_locks_twice() {
    planted(|| {
        let lock = Arc::new(Mutex::new(()));
        let twice = Arc::clone(&lock);
        spawn("twice", async move {
            let _first = twice.lock().await;
            let _second = twice.lock().await;
        });
        eventually("it is locked", || lock.try_lock().is_none());
        for _ in 0..3 {
            let lock = Arc::clone(&lock);
            spawn("another", async move { drop(lock.lock().await) });
        }
        verdict(VerdictKind::OwnLock, &["twice"]);
    });
}

#[test]
fn a_holder_joins_its_waiter() {
    planted(|| {
        let lock = Arc::new(Mutex::new(()));
        spawn("parent", async move {
            let _held = lock.lock().await;
            let lock = Arc::clone(&lock);
            spawn("child", async move { drop(lock.lock().await) }).await;
        });
        verdict(VerdictKind::MixedCycle, &["parent", "child"]);
    });
}

/// A task wants the lock or a tick, gets the tick, and then wants the lock a second time. Meanwhile the first future
/// got it, and is not polled any more.
#[test]
fn a_futurelock() {
    planted(|| {
        let lock = Arc::new(Mutex::new(()));
        let ticked = Arc::new(AtomicBool::new(false));
        let (other, seen) = (Arc::clone(&lock), Arc::clone(&ticked));
        spawn("other", async move {
            let _held = other.lock().await;
            while !seen.load(Ordering::SeqCst) {
                sleep(Duration::from_millis(1)).await;
            }
        });
        eventually("the other has the lock", || lock.try_lock().is_none());
        spawn("futurelock", async move {
            let mut first = pin!(lock.lock());
            let ready = future::or(async { Some(first.as_mut().await) }, async {
                sleep(Duration::from_millis(1)).await;
                None
            });
            if ready.await.is_none() {
                ticked.store(true, Ordering::SeqCst);
                let _second = lock.lock().await;
            }
        });
        verdict(VerdictKind::Futurelock, &["futurelock"]);
    });
}

#[test]
fn a_guard_is_leaked() {
    planted(|| {
        let lock = Arc::new(Mutex::new(()));
        let leaker = Arc::clone(&lock);
        let leaker = spawn("leaker", async move { std::mem::forget(leaker.lock().await) });
        eventually("the guard is leaked", || leaker.is_finished());
        drop(leaker); // Else the guard could be its outcome.
        spawn("waiter", async move { drop(lock.lock().await) });
        verdict(VerdictKind::LeakedLock, &["waiter"]);
    });
}

/// The thread has taken the lock outside of any task, and has ended.
#[test]
fn a_thread_ends_with_a_lock() {
    planted(|| {
        static LOCK: Mutex<()> = Mutex::new(());
        std::thread::spawn(|| std::mem::forget(LOCK.try_lock())).join().unwrap();
        spawn("waiter", async { drop(LOCK.lock().await) });
        verdict(VerdictKind::LeakedLock, &["waiter"]);
    });
}
