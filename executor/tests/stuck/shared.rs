//! What several tasks may have a part of: a semaphore, a lock for readers, a notice. A dump says that a task waits for
//! it, and gives no verdict, since nothing is recorded of who could end the wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use executor::sync::{Barrier, Mutex, MutexGuard, Notify, OnceCell, RwLock, Semaphore, watch};
use executor::task;
use executor::trace::{TaskReport, VerdictKind};
use reactor::time::sleep;

use crate::support::{eventually, planted, spawn, verdict};

/// Waits until the task with this name waits for something of which the dump says `words`, and for nothing else.
#[track_caller]
fn waits_for(name: &str, words: &str) {
    let is_it = |task: &TaskReport| {
        task.name.as_deref() == Some(name) && matches!(&task.waits_for[..], [one] if one.contains(words))
    };
    eventually(words, || executor::dump().tasks().iter().any(is_it));
}

#[track_caller]
fn no_verdict() {
    for _ in 0..20 {
        let dump = executor::dump();
        assert!(dump.verdicts().is_empty(), "\n{dump}");
    }
}

/// All of them hang, and no other task could help. The dump says for what each waits.
#[test]
fn what_they_wait_for_is_said() {
    planted(|| {
        spawn("permits", async {
            let semaphore = Semaphore::new(1);
            let _one = semaphore.acquire().await;
            let _two = semaphore.acquire().await;
        });
        spawn("writer", async {
            let lock = RwLock::new(());
            let _reading = lock.read().await;
            let _writing = lock.write().await;
        });
        spawn("reader", async {
            let lock = Arc::new(RwLock::new(()));
            let _writing = Arc::clone(&lock).write_owned().await;
            let _reading = lock.read_owned().await;
        });
        spawn("notified", async { Notify::new().notified().await });
        spawn("meets", async { Barrier::new(2).wait().await });
        waits_for("permits", "permits of a semaphore");
        waits_for("writer", "a lock for readers and writers");
        waits_for("reader", "a lock for readers and writers");
        waits_for("notified", "a notice of a Notify");
        waits_for("meets", "others at a barrier");
        no_verdict();
    });
}

/// One has a permit and waits for a lock, whose holder waits for a permit. They are no cycle: another task has the other
/// permit, and will give it back.
#[test]
fn another_task_may_have_a_permit() {
    planted(|| {
        let semaphore = Arc::new(Semaphore::new(2));
        let lock = Arc::new(Mutex::new(()));
        let over = Arc::new(AtomicBool::new(false));
        let all_have = Arc::new(Barrier::new(3));
        let last = {
            let (semaphore, over, all_have) = (semaphore.clone(), over.clone(), all_have.clone());
            spawn("has the other permit", async move {
                let _permit = semaphore.acquire().await;
                all_have.wait().await;
                while !over.load(Ordering::SeqCst) {
                    sleep(Duration::from_millis(1)).await;
                }
            })
        };
        let permit = {
            let (semaphore, lock, all_have) = (semaphore.clone(), lock.clone(), all_have.clone());
            spawn("has a permit", async move {
                let _permit = semaphore.acquire_owned().await;
                all_have.wait().await;
                let _locked = lock.lock().await;
            })
        };
        let locked = spawn("has the lock", async move {
            let _locked = lock.lock().await;
            all_have.wait().await;
            let _permit = semaphore.acquire().await;
        });
        waits_for("has the lock", "permits of a semaphore");
        waits_for("has a permit", "a lock, which task \"has the lock\" has held");
        no_verdict();
        over.store(true, Ordering::SeqCst);
        task::block_on(async { (last.await, permit.await, locked.await) });
    });
}

/// The one that makes the value of a cell holds an asynchronous lock, and waits for itself.
#[test]
fn a_cell_that_is_made_of_itself() {
    planted(|| {
        spawn("makes itself", async {
            let cell = OnceCell::new();
            cell.get_or_init(async || *Box::pin(cell.get_or_init(async || 1)).await + 1).await;
        });
        verdict(VerdictKind::OwnLock, &["makes itself"]);
    });
}

#[test]
fn a_watch_that_only_its_own_task_could_change() {
    planted(|| {
        spawn("watches itself", async {
            let (sender, mut receiver) = watch::channel(0);
            let _ = receiver.changed().await;
            drop(sender);
        });
        waits_for("watches itself", "a change or the end of a watch");
        verdict(VerdictKind::OwnChannel, &["watches itself"]);
    });
}

/// The sender is in a place that no event says: another task takes it from there.
#[test]
fn a_watch_whose_sender_is_elsewhere() {
    planted(|| {
        let (sender, mut receiver) = watch::channel(0);
        let watching = spawn("watches", async move { receiver.changed().await.is_ok() });
        waits_for("watches", "a change or the end of a watch");
        no_verdict();
        assert!(sender.send(1).is_ok());
        assert!(task::block_on(watching));
        let closing = {
            let (sender, receiver) = (sender.clone(), sender.subscribe());
            let closing = spawn("is closed", async move { sender.closed().await });
            waits_for("is closed", "a change or the end of a watch");
            no_verdict();
            drop(receiver);
            closing
        };
        task::block_on(closing);
    });
}

/// A guard that was sent through a watch may be with a task that reads it there, and reading is not recorded.
#[test]
fn a_guard_in_a_watch() {
    planted(|| {
        static LOCK: Mutex<()> = Mutex::new(());
        static OTHER: Mutex<()> = Mutex::new(());
        type Given = std::sync::Mutex<Option<MutexGuard<'static, ()>>>;
        static GIVEN: std::sync::Mutex<Option<watch::Receiver<Given>>> = std::sync::Mutex::new(None);
        let has_other = Arc::new(AtomicBool::new(false));
        let seen = has_other.clone();
        let giver = spawn("giver", async move {
            let guard = LOCK.lock().await;
            let (sender, receiver) = watch::channel(Given::default());
            *GIVEN.lock().unwrap() = Some(receiver);
            assert!(sender.send(Given::new(Some(guard))).is_ok());
            while !seen.load(Ordering::SeqCst) {
                sleep(Duration::from_millis(1)).await;
            }
            drop(OTHER.lock().await);
        });
        eventually("the giver has the lock", || GIVEN.lock().unwrap().is_some());
        let wants = spawn("wants", async move {
            let _other = OTHER.lock().await;
            has_other.store(true, Ordering::SeqCst);
            drop(LOCK.lock().await);
        });
        waits_for("giver", "a lock, which task \"wants\" has held");
        waits_for("wants", "a lock, which task \"giver\" has held");
        no_verdict();
        let receiver = GIVEN.lock().unwrap().take().expect("the giver has put it there");
        drop(receiver.borrow().lock().unwrap().take());
        task::block_on(async { (giver.await, wants.await) });
    });
}
