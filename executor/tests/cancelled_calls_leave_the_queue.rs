//! Blocking calls that are cancelled while every thread is busy leave the queue at once: nothing of them is kept
//! until a thread is free. In a process of its own, because it takes every thread for blocking calls.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, MutexGuard};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use executor::task::{self, JoinError, JoinHandle, block_on, spawn_blocking};
use reactor::blocking;
use reactor::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);

/// Keeps all threads of the general pool busy until this is dropped. One test at a time has them.
struct Full {
    open: Arc<(Mutex<bool>, Condvar)>,
    stuck: Vec<JoinHandle<()>>,
    _one_at_a_time: MutexGuard<'static, ()>,
}

impl Full {
    fn new() -> Self {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let one_at_a_time = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let all_run = Arc::new(Barrier::new(blocking::LIMIT + 1));
        let open = Arc::new((Mutex::new(false), Condvar::new()));
        let stuck = (0..blocking::LIMIT)
            .map(|_| {
                let (all_run, open) = (Arc::clone(&all_run), Arc::clone(&open));
                spawn_blocking(move || {
                    all_run.wait();
                    drop(open.1.wait_while(open.0.lock().unwrap(), |open| !*open).unwrap());
                })
            })
            .collect();
        all_run.wait();
        Self { open, stuck, _one_at_a_time: one_at_a_time }
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
        block_on(async {
            for call in self.stuck.drain(..) {
                call.await;
            }
        });
    }
}

/// Records the thread of each drop of what a call captures.
#[derive(Clone, Default)]
struct Drops(Arc<Mutex<Vec<ThreadId>>>);

struct Captured(Drops);

impl Drop for Captured {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().push(thread::current().id());
    }
}

impl Drops {
    fn captured(&self) -> Captured {
        Captured(self.clone())
    }

    fn threads(&self) -> Vec<ThreadId> {
        self.0.lock().unwrap().clone()
    }

    #[track_caller]
    fn come_to(&self, count: usize) {
        let begun = Instant::now();
        while self.threads().len() < count {
            assert!(begun.elapsed() < DEADLINE, "{} of {count} were dropped", self.threads().len());
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(self.threads().len(), count);
    }
}

/// A call that must not run.
fn call(drops: &Drops) -> JoinHandle<()> {
    let captured = drops.captured();
    spawn_blocking(move || {
        let _captured = captured;
        unreachable!("it was cancelled");
    })
}

#[test]
fn one_that_is_cancelled_before_it_starts_never_runs() {
    let full = Full::new();
    let ran = Arc::new(AtomicBool::new(false));
    let runs = Arc::clone(&ran);
    let call = spawn_blocking(move || runs.store(true, Ordering::SeqCst));
    call.abort();
    drop(full);
    assert!(matches!(block_on(call.try_join()), Err(JoinError::Cancelled)));
    assert!(!ran.load(Ordering::SeqCst));
}

#[test]
fn cancel_does_not_wait_for_a_free_thread() {
    let full = Full::new();
    let drops = Drops::default();
    let cancelled = block_on(timeout(DEADLINE, call(&drops).cancel()));
    assert_eq!(cancelled, Ok(None));
    assert_eq!(drops.threads().len(), 1, "it resolves once what the call captured is dropped");
    let aborted = call(&drops);
    aborted.abort();
    let joined = block_on(timeout(DEADLINE, aborted.try_join()));
    assert!(matches!(joined, Ok(Err(JoinError::Cancelled))), "{joined:?}");
    drop(full);
}

#[test]
fn abort_runs_no_destructor_and_leaves_nothing() {
    const CALLS: usize = 10_000;
    let full = Full::new();
    let drops = Drops::default();
    let calls: Vec<_> = (0..CALLS).map(|_| call(&drops)).collect();
    // Newest first, or from the middle: the place in the queue makes no difference.
    let (first, second) = calls.split_at(CALLS / 2);
    for call in first.iter().rev().chain(second) {
        call.abort();
        call.abort();
    }
    drop(calls);
    drops.come_to(CALLS);
    let here = thread::current().id();
    assert!(drops.threads().iter().all(|thread| *thread != here), "a destructor ran inside abort");
    drop(full);
}

#[test]
fn the_others_keep_their_turn() {
    let full = Full::new();
    let drops = Drops::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let mut kept = Vec::new();
    for number in 0..100 {
        if number % 2 == 0 {
            call(&drops).abort();
        } else {
            let ran = Arc::clone(&ran);
            kept.push(spawn_blocking(move || {
                ran.fetch_add(1, Ordering::SeqCst);
            }));
        }
    }
    drops.come_to(50);
    assert_eq!(ran.load(Ordering::SeqCst), 0, "no more than the limit run at once");
    drop(full);
    block_on(async {
        for call in kept {
            call.await;
        }
    });
    assert_eq!(ran.load(Ordering::SeqCst), 50);
}

/// The destructor of what a call captures is user code: it may panic, and it may spawn.
#[test]
fn a_destructor_may_panic_or_spawn() {
    struct Panics {
        _captured: Captured,
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("of a destructor"));
        }
    }
    struct Spawns(Drops);
    impl Drop for Spawns {
        fn drop(&mut self) {
            call(&self.0).abort();
        }
    }
    let full = Full::new();
    let drops = Drops::default();
    for _ in 0..3 {
        let panics = Panics { _captured: drops.captured() };
        spawn_blocking(move || drop(panics)).abort();
        let spawns = Spawns(drops.clone());
        spawn_blocking(move || drop(spawns)).abort();
    }
    drops.come_to(6);
    drop(full);
}

#[test]
fn an_unblock_that_is_dropped_takes_its_call_along() {
    let full = Full::new();
    let drops = Drops::default();
    let unblock = || {
        let captured = drops.captured();
        blocking::unblock::<(), _>(move || {
            let _captured = captured;
            unreachable!("no task wants its outcome")
        })
    };
    for _ in 0..1000 {
        drop(unblock());
    }
    assert_eq!(drops.threads().len(), 1000, "dropped with its future");
    let late = block_on(timeout(Duration::from_millis(1), unblock()));
    assert!(late.is_err());
    assert_eq!(drops.threads().len(), 1001);
    drop(full);
}

#[test]
fn a_detached_call_still_waits_for_its_turn() {
    let full = Full::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    drop(spawn_blocking(move || sender.send(task::current().is_some()).unwrap()));
    drop(full);
    assert_eq!(receiver.recv_timeout(DEADLINE), Ok(true));
}
