//! The task under the model checker: the shipped word, cell, wakers and handle, on a small queue.
//!
//! loom sees the word, the cells of the future and the outcome, and the join waker's slot. It fails on a data
//! race, on a leak (a task that is not freed keeps a counted reference to the queue), and on a failed assertion.
//! `bash .ci/models raw_task` runs these.

mod orderings;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, RawWakerVTable, Waker};

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;
use reactor::shim::model::{Notifier, check};

use super::header::{Runnable, Schedule};
use super::join_error::JoinError;
use super::join_handle::JoinHandle;
use super::run::new_task;
use super::waker;

/// A queue that any thread takes from.
#[derive(Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<VecDeque<Runnable>>>);

static WAKER: RawWakerVTable = waker::vtable::<Queue>();

impl Schedule for Queue {
    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    // A counted reference keeps the queue alive during a push, as for a pool.
    type Queue = Self;

    fn queue(&self) -> Self {
        self.clone()
    }

    fn schedule(queue: Self, task: Runnable) {
        queue.0.lock().unwrap().push_back(task);
    }
}

impl Queue {
    pub(crate) fn spawn<F: Future>(&self, future: F) -> JoinHandle<F::Output> {
        let (task, handle) = new_task(future, self.clone(), (), std::panic::Location::caller());
        self.0.lock().unwrap().push_back(task);
        JoinHandle::new(handle)
    }

    /// Runs one task, if there is one, and does not touch the queue afterwards.
    fn run_one(&self) -> bool {
        let task = self.0.lock().unwrap().pop_front();
        let found = task.is_some();
        task.into_iter().for_each(Runnable::run);
        found
    }

    /// Runs all queued tasks. Returns how many it ran: each run is a poll, or the drop of a future.
    pub(crate) fn run(&self) -> usize {
        let mut count = 0;
        while let Some(task) = { self.0.lock().unwrap().pop_front() } {
            task.run();
            count += 1;
        }
        count
    }
}

/// What the test knows of a future: how often it was polled, whether it is being polled, how often it was
/// dropped.
#[derive(Clone, Default)]
struct Probe {
    polls: Arc<AtomicUsize>,
    busy: Arc<AtomicBool>,
    drops: Arc<AtomicUsize>,
    /// The waker of the last poll, for other threads to take.
    waker: Arc<Mutex<Option<Waker>>>,
    /// Whether the future may end.
    open: Arc<AtomicBool>,
}

impl Probe {
    fn future(&self) -> Probed {
        Probed(self.clone())
    }

    fn take_waker(&self) -> Option<Waker> {
        self.waker.lock().unwrap().take()
    }

    fn drops(&self) -> usize {
        self.drops.load(Ordering::Relaxed)
    }
}

/// A future that is ready when the probe is open. Each poll leaves its waker in the probe.
struct Probed(Probe);

impl Future for Probed {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        let probe = &self.0;
        assert!(!probe.busy.swap(true, Ordering::Relaxed), "[runner-only]: two threads poll one future");
        probe.polls.fetch_add(1, Ordering::Relaxed);
        let old = probe.waker.lock().unwrap().replace(cx.waker().clone());
        drop(old);
        let open = probe.open.load(Ordering::Relaxed);
        probe.busy.store(false, Ordering::Relaxed);
        if open { Poll::Ready(7) } else { Poll::Pending }
    }
}

impl Drop for Probed {
    fn drop(&mut self) {
        assert!(!self.0.busy.load(Ordering::Relaxed), "[runner-only]: dropped while it is polled");
        self.0.drops.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll_handle<T>(handle: &mut JoinHandle<T>, waker: &Waker) -> Poll<T> {
    Pin::new(handle).poll(&mut Context::from_waker(waker))
}

/// Runs what a model has left in the queue, so that nothing leaks.
fn clean_up(queue: &Queue, probe: &Probe) {
    drop(probe.take_waker());
    queue.run();
    assert_eq!(probe.drops(), 1, "the future is dropped once");
}

/// A wake during a poll is not lost: the task is polled again and sees what the waker did before.
/// Finds `wake_while_running_lost`.
#[test]
fn a_wake_during_a_poll_is_not_lost() {
    check(|| {
        let (queue, probe) = (Queue::default(), Probe::default());
        let handle = queue.spawn(probe.future());
        let other = {
            let probe = probe.clone();
            thread::spawn(move || {
                probe.open.store(true, Ordering::Relaxed);
                if let Some(waker) = probe.take_waker() {
                    waker.wake();
                    return true;
                }
                false
            })
        };
        queue.run();
        let woke = other.join().unwrap();
        queue.run();
        assert!(!woke || handle.is_finished(), "woken, and not polled until it was ready");
        drop(handle);
        clean_up(&queue, &probe);
    });
}

/// Two wakers at once queue the task once, and one poll sees what both did. Finds `queued_twice`.
#[test]
fn two_wakes_queue_once() {
    check(|| {
        let (queue, probe) = (Queue::default(), Probe::default());
        let handle = queue.spawn(probe.future());
        queue.run();
        let first = probe.take_waker().unwrap();
        let second = first.clone();
        probe.open.store(true, Ordering::Relaxed);
        let other = thread::spawn(move || second.wake());
        first.wake_by_ref();
        let early = queue.run();
        other.join().unwrap();
        let late = queue.run();
        assert_eq!(early + late, 1, "one poll is enough, and a complete task is not run again");
        assert!(handle.is_finished());
        drop((first, handle));
        clean_up(&queue, &probe);
    });
}

/// A cancel during a poll drops the future once, on the runner, and never while it is polled.
/// Finds `queued_twice`.
#[test]
fn a_cancel_during_a_poll_drops_once() {
    check(|| {
        let (queue, probe) = (Queue::default(), Probe::default());
        let handle = queue.spawn(probe.future());
        let runner = {
            let queue = queue.clone();
            thread::spawn(move || queue.run())
        };
        handle.abort();
        runner.join().unwrap();
        queue.run();
        assert!(handle.is_finished());
        assert_eq!(probe.drops(), 1);
        drop(handle);
        clean_up(&queue, &probe);
    });
}

/// A cancel and a wake at once: the future is dropped once, and the task is not queued twice.
/// Finds `queued_twice`.
#[test]
fn a_cancel_races_a_wake() {
    check(|| {
        let (queue, probe) = (Queue::default(), Probe::default());
        let handle = queue.spawn(probe.future());
        queue.run();
        let waker = probe.take_waker().unwrap();
        let other = thread::spawn(move || waker.wake());
        handle.abort();
        other.join().unwrap();
        assert_eq!(queue.run(), 1, "queued once");
        assert!(handle.is_finished());
        drop(handle);
        clean_up(&queue, &probe);
    });
}

/// Awaiting while the task completes: either the value is taken, or the waker is woken.
/// Finds `joiner_not_woken`, `late_waker_waits`.
#[test]
fn a_join_misses_no_completion() {
    check(|| {
        let (queue, probe) = (Queue::default(), Probe::default());
        probe.open.store(true, Ordering::Relaxed);
        let mut handle = queue.spawn(probe.future());
        let runner = {
            let queue = queue.clone();
            thread::spawn(move || queue.run())
        };
        let (notifier, waker) = Notifier::new();
        let early = poll_handle(&mut handle, &waker);
        runner.join().unwrap();
        if early.is_pending() {
            assert_eq!(notifier.count(), 1, "[join-slot]: the thread that completes wakes the waker it saw");
            assert_eq!(poll_handle(&mut handle, &waker), Poll::Ready(7));
        } else {
            assert_eq!(early, Poll::Ready(7));
        }
        drop(handle);
        clean_up(&queue, &probe);
    });
}

/// Replacing the join waker while the task completes: the last one is woken, or the value is taken.
/// Finds `joiner_not_woken`.
#[test]
fn a_join_waker_is_replaced_while_it_completes() {
    check(|| {
        let (queue, probe) = (Queue::default(), Probe::default());
        probe.open.store(true, Ordering::Relaxed);
        let mut handle = queue.spawn(probe.future());
        let ((_, first), (last, last_waker)) = (Notifier::new(), Notifier::new());
        assert!(poll_handle(&mut handle, &first).is_pending());
        let runner = {
            let queue = queue.clone();
            thread::spawn(move || queue.run())
        };
        let second = poll_handle(&mut handle, &last_waker);
        runner.join().unwrap();
        if second.is_pending() {
            assert_eq!(last.count(), 1);
            assert_eq!(poll_handle(&mut handle, &last_waker), Poll::Ready(7));
        }
        drop(handle);
        clean_up(&queue, &probe);
    });
}

/// An outcome that counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Counted {
    fn new() -> (Self, Arc<AtomicUsize>) {
        let drops = Arc::new(AtomicUsize::new(0));
        (Self(Arc::clone(&drops)), drops)
    }
}

/// The handle is dropped while the task completes: the outcome is dropped once, by its only owner. Finds
/// `outcome_forgotten`.
#[test]
fn an_outcome_is_dropped_once() {
    check(|| {
        let (queue, (value, drops)) = (Queue::default(), Counted::new());
        let handle = queue.spawn(async move { value });
        let runner = {
            let queue = queue.clone();
            thread::spawn(move || queue.run())
        };
        drop(handle);
        runner.join().unwrap();
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    });
}

/// The handle is polled once while the task completes, and then dropped, whether it got the outcome or not. The
/// outcome is dropped once, and the waker is not kept. Finds `outcome_forgotten`, `outcome_dropped_twice`.
#[test]
fn a_waiting_handle_is_dropped_while_it_completes() {
    check(|| {
        let (queue, (value, drops)) = (Queue::default(), Counted::new());
        let mut handle = queue.spawn(async move { value });
        let runner = {
            let queue = queue.clone();
            thread::spawn(move || queue.run())
        };
        let (notifier, waker) = Notifier::new();
        drop(poll_handle(&mut handle, &waker));
        drop(handle);
        runner.join().unwrap();
        drop(waker);
        assert_eq!(std::sync::Arc::strong_count(&notifier), 1, "the waker is gone");
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    });
}

/// The last waker and the handle are dropped at the same time: a runner drops the future, once.
/// Finds `unfinished_freed`.
#[test]
fn an_unreachable_task_is_dropped() {
    check(|| {
        let (queue, probe) = (Queue::default(), Probe::default());
        let handle = queue.spawn(probe.future());
        queue.run();
        let waker = probe.take_waker().unwrap();
        let other = thread::spawn(move || drop(waker));
        drop(handle);
        other.join().unwrap();
        assert_eq!(queue.run(), 1, "[last-reference]: the last reference went to the queue");
        assert_eq!(probe.drops(), 1);
        clean_up(&queue, &probe);
    });
}

/// The last waker is dropped while the detached task is polled: the task's future is dropped all the same.
/// Finds `no_waker_left`.
#[test]
fn the_last_waker_goes_during_a_poll() {
    check(|| {
        let (queue, probe) = (Queue::default(), Probe::default());
        drop(queue.spawn(probe.future()));
        let other = {
            let probe = probe.clone();
            thread::spawn(move || drop(probe.take_waker()))
        };
        queue.run();
        other.join().unwrap();
        clean_up(&queue, &probe);
    });
}

/// A waker that outlives the future wakes no task, and its drop frees the allocation.
/// Finds `forgotten_free`.
#[test]
fn a_wake_races_the_completion() {
    check(|| {
        let (queue, probe) = (Queue::default(), Probe::default());
        let handle = queue.spawn(probe.future());
        queue.run();
        let waker = probe.take_waker().unwrap();
        probe.open.store(true, Ordering::Relaxed);
        waker.wake_by_ref();
        let other = thread::spawn(move || {
            waker.wake_by_ref();
            drop(waker);
        });
        queue.run();
        drop(handle);
        other.join().unwrap();
        queue.run();
        clean_up(&queue, &probe);
    });
}

/// The handle gets the panic of a poll once, after the future was dropped.
/// Finds `joiner_not_woken`.
#[test]
fn a_panic_reaches_the_handle() {
    check(|| {
        let queue = Queue::default();
        let handle = queue.spawn(async { std::panic::resume_unwind(Box::new(9_u8)) });
        let runner = {
            let queue = queue.clone();
            thread::spawn(move || queue.run())
        };
        let mut joined = Box::pin(handle.try_join());
        let (notifier, waker) = Notifier::new();
        let mut polled = joined.as_mut().poll(&mut Context::from_waker(&waker));
        runner.join().unwrap();
        if polled.is_pending() {
            assert_eq!(notifier.count(), 1);
            polled = joined.as_mut().poll(&mut Context::from_waker(&waker));
        }
        let Poll::Ready(Err::<(), _>(JoinError::Panicked(payload))) = polled else {
            panic!("the panic is the outcome")
        };
        assert_eq!(payload.downcast_ref(), Some(&9_u8));
    });
}
