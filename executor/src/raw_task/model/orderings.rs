//! The orderings of the task's word: what one thread did is seen by another, with no lock beside the word that
//! would order it too. `bash .ci/weaken state.rs` weakens the orderings one by one, and these models must fail.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use reactor::shim::model::check;

use super::super::cell::Name;
use super::super::join_handle::JoinHandle;
use super::super::run::new_task;
use super::Queue;
use crate::model::{DropWitness, RaceCell};

/// A future whose first poll gives its waker away. Each poll writes in the future, and is ready if `open` is
/// set.
struct Plain {
    scratch: RaceCell,
    witness: DropWitness,
    open: Arc<AtomicBool>,
    waker: Arc<std::sync::Mutex<Option<Waker>>>,
}

impl Future for Plain {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.scratch.write();
        // The waker is stored in the first poll only, while the model still has one thread.
        let first = self.waker.lock().unwrap().is_none();
        if first {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
        }
        if self.open.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.witness.dropped();
    }
}

/// A task that was polled once. It is idle, and the queue is empty.
struct Idle {
    queue: Queue,
    handle: JoinHandle<()>,
    waker: Waker,
    witness: DropWitness,
    open: Arc<AtomicBool>,
}

impl Idle {
    fn new() -> Self {
        let (queue, witness, open) =
            (Queue::default(), DropWitness::default(), Arc::new(AtomicBool::new(false)));
        let waker = Arc::new(std::sync::Mutex::new(None));
        let handle = queue.spawn(Plain {
            scratch: RaceCell::new(),
            witness: witness.clone(),
            open: open.clone(),
            waker: waker.clone(),
        });
        assert!(queue.run_one());
        let waker = waker.lock().unwrap().replace(Waker::noop().clone()).unwrap();
        Self { queue, handle, waker, witness, open }
    }

    /// Starts a thread that runs queued tasks until it finds the queue empty.
    fn runner(&self) -> thread::JoinHandle<()> {
        let queue = self.queue.clone();
        thread::spawn(move || while queue.run_one() {})
    }
}

/// [queued-once]: if a task is queued already, its next poll sees what was done before a further wake, whether
/// the wake consumes its reference or not. Finds `wake_while_running_lost`.
#[test]
fn a_poll_sees_what_came_before_its_wakes() {
    for by_value in [false, true] {
        check(move || {
            let idle = Idle::new();
            idle.waker.wake_by_ref();
            let other = {
                let (waker, open) = (idle.waker.clone(), idle.open.clone());
                thread::spawn(move || {
                    open.store(true, Ordering::Relaxed);
                    if by_value { waker.wake() } else { waker.wake_by_ref() }
                })
            };
            idle.runner().join().unwrap();
            other.join().unwrap();
            idle.queue.run();
            assert!(idle.handle.is_finished());
        });
    }
}

/// [runner-only]: the next runner sees what a runner wrote to the future, whichever thread wakes in between.
/// Finds `wake_while_running_lost`.
#[test]
fn the_next_runner_sees_the_future() {
    check(|| {
        let idle = Idle::new();
        idle.waker.wake_by_ref();
        let first = {
            let queue = idle.queue.clone();
            thread::spawn(move || queue.run_one())
        };
        idle.open.store(true, Ordering::Relaxed);
        idle.waker.wake_by_ref();
        idle.queue.run_one();
        first.join().unwrap();
        idle.queue.run();
        assert!(idle.handle.is_finished());
    });
}

/// The drop of a cancelled future sees what the canceller did before, whether the task was queued, running
/// or idle. Finds `queued_twice`.
#[test]
fn a_cancelled_future_sees_its_canceller() {
    check(|| {
        let idle = Idle::new();
        idle.waker.wake_by_ref();
        let runner = idle.runner();
        idle.witness.allow();
        idle.handle.abort();
        runner.join().unwrap();
        idle.queue.run();
        idle.witness.check();
    });
}

/// [last-reference]: if nothing can wake a task any more, the drop of its future sees what was done before the
/// drop of the last waker. Finds `no_waker_left`.
#[test]
fn an_unreachable_future_sees_what_came_before() {
    check(|| {
        let idle = Idle::new();
        idle.waker.wake_by_ref();
        let runner = idle.runner();
        let Idle { queue, handle, waker, witness, .. } = idle;
        drop(handle);
        witness.allow();
        drop(waker);
        runner.join().unwrap();
        queue.run();
        witness.check();
    });
}

/// A name whose drop is ordered after its uses only if the task's count orders it.
struct CheckedName(RaceCell);

impl Name for CheckedName {
    fn name(&self) -> Option<&str> {
        self.0.read();
        Some("checked")
    }
}

impl Drop for CheckedName {
    fn drop(&mut self) {
        self.0.write();
    }
}

/// The thread that drops the last reference to a task frees it after all other uses. Finds `forgotten_free`.
#[test]
fn the_free_comes_after_every_use() {
    check(|| {
        let (queue, waker) = (Queue::default(), Arc::new(std::sync::Mutex::new(None)));
        let (witness, open) = (DropWitness::default(), Arc::new(AtomicBool::new(true)));
        let plain = Plain { scratch: RaceCell::new(), witness, open, waker: waker.clone() };
        let (task, handle) =
            new_task(plain, queue, CheckedName(RaceCell::new()), std::panic::Location::caller());
        let handle = JoinHandle::<()>::new(handle);
        task.run();
        let waker = waker.lock().unwrap().take();
        let dropping = thread::spawn(move || drop(waker));
        assert_eq!(handle.name(), Some("checked"));
        drop(handle);
        dropping.join().unwrap();
    });
}

/// A thread that sees that a task has finished sees what the task did. Finds `forgotten_free`.
#[test]
fn a_finished_task_has_done_its_work() {
    check(|| {
        let queue = Queue::default();
        let done = RaceCell::new();
        let handle = queue.spawn({
            let done = done.clone();
            async move { done.write() }
        });
        let runner = {
            let queue = queue.clone();
            thread::spawn(move || queue.run())
        };
        if handle.is_finished() {
            assert_eq!(done.read(), 1);
        }
        runner.join().unwrap();
        assert!(handle.is_finished());
    });
}
