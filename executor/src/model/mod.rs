//! The whole runtime under the model checker: the shipped `block_on`, local tasks, parking and pool, on the
//! shipped reactor.
//!
//! Below the reactor the model replaces the operating system: time passes and events come only when the model
//! says so. If a wake is lost anywhere, a thread waits for ever, and loom reports that. The pool's queues are
//! a stand-in that promises no more than crossbeam's queues do (`pool/deque/stand_in`).

#![allow(unsafe_code, reason = "memory that is shared without an order of its own")]

mod parking;
mod pool;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use reactor::shim::atomic::{AtomicBool, AtomicUsize, Ordering};
use reactor::shim::{Mutex, UnsafeCell, lock};

/// A condition that a task waits for and another thread sets.
#[derive(Default)]
pub(crate) struct Gate {
    open: AtomicBool,
    waiter: Mutex<Option<Waker>>,
}

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Waits until it is open.
    pub(crate) async fn passed(&self) {
        poll_fn(|cx| self.poll_passed(cx)).await;
    }

    /// [`passed`](Self::passed) as a poll.
    pub(crate) fn poll_passed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let replaced = lock(&self.waiter).replace(cx.waker().clone());
        drop(replaced);
        if self.is_open() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Wakes the waiter without opening the gate.
    pub(crate) fn wake(&self) {
        self.take_waker().into_iter().for_each(Waker::wake);
    }

    /// Takes the waker out: `open` and `wake` then wake no waiter.
    pub(crate) fn take_waker(&self) -> Option<Waker> {
        lock(&self.waiter).take()
    }

    pub(crate) fn is_open(&self) -> bool {
        // ORDERING: Relaxed; the wake that is modelled must order it.
        self.open.load(Ordering::Relaxed)
    }

    /// Opens the gate, and wakes the waiter.
    pub(crate) fn open(&self) {
        // ORDERING: Relaxed; the wake that is modelled must order it.
        self.open.store(true, Ordering::Relaxed);
        self.wake();
    }
}

/// Memory that orders nothing by itself: loom fails if a write and another access are not ordered.
#[derive(Clone)]
pub(crate) struct RaceCell(Arc<UnsafeCell<u32>>);

// SAFETY: loom fails before two accesses that are not ordered.
unsafe impl Send for RaceCell {}
// SAFETY: as for Send.
unsafe impl Sync for RaceCell {}

impl RaceCell {
    pub(crate) fn new() -> Self {
        Self(Arc::new(UnsafeCell::new(0)))
    }

    pub(crate) fn write(&self) {
        // SAFETY: loom has checked that every other access is ordered before or after this one.
        self.0.with_mut(|cell| unsafe { *cell += 1 });
    }

    pub(crate) fn read(&self) -> u32 {
        // SAFETY: loom has checked that every write is ordered before or after this read.
        self.0.with(|cell| unsafe { *cell })
    }
}

/// Checks that the drop of a future sees what the thread that released the future wrote before. The drop only
/// notes what it has seen, and `check` asserts it: the runner contains a panic in a destructor.
#[derive(Clone, Default)]
pub(crate) struct DropWitness {
    written: Arc<AtomicUsize>,
    seen: Arc<std::sync::Mutex<Option<usize>>>,
}

impl DropWitness {
    /// Called just before the thread releases the future: from now on it may be dropped.
    pub(crate) fn allow(&self) {
        // ORDERING: Relaxed; what is modelled must order it.
        self.written.store(1, Ordering::Relaxed);
    }

    /// Called by the future's drop.
    pub(crate) fn dropped(&self) {
        // ORDERING: Relaxed; as for `allow`.
        let seen = self.written.load(Ordering::Relaxed);
        let before = self.seen.lock().unwrap().replace(seen);
        assert_eq!(before, None, "dropped once");
    }

    /// Called at the end: asserts that the future was dropped, and that its drop saw `allow`.
    pub(crate) fn check(&self) {
        assert_eq!(*self.seen.lock().unwrap(), Some(1), "dropped, and after `allow`");
    }
}

/// Calls [`DropWitness::dropped`] when it is dropped.
pub(crate) struct WitnessedDrop(pub(crate) DropWitness);

impl Drop for WitnessedDrop {
    fn drop(&mut self) {
        self.0.dropped();
    }
}
