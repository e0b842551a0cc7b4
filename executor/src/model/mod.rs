//! The whole runtime under the model checker: the shipped `block_on`, local tasks, parking and pool, on the
//! shipped reactor, with a world of the model's own below it: no time passes and no event comes but what
//! the model says.
//!
//! A wake that is lost anywhere on the way leaves a thread that waits for ever: loom reports that. The
//! pool's queues are a stand-in that keeps crossbeam's promises (`pool/deque/stand_in`).

#![allow(unsafe_code, reason = "memory that is shared without an order of its own")]

mod parking;
mod pool;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use reactor::shim::atomic::{AtomicBool, AtomicUsize, Ordering};
use reactor::shim::{Mutex, UnsafeCell, lock};

/// Something to wait for, which another thread opens.
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

    /// The same as a poll.
    pub(crate) fn poll_passed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let replaced = lock(&self.waiter).replace(cx.waker().clone());
        drop(replaced);
        if self.is_open() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Wakes whoever waits, for nothing.
    pub(crate) fn wake(&self) {
        self.take_waker().into_iter().for_each(Waker::wake);
    }

    /// Whoever waits is on its own.
    pub(crate) fn take_waker(&self) -> Option<Waker> {
        lock(&self.waiter).take()
    }

    pub(crate) fn is_open(&self) -> bool {
        // ORDERING: Relaxed; the waker must carry it.
        self.open.load(Ordering::Relaxed)
    }

    /// Lets through whoever waits.
    pub(crate) fn open(&self) {
        // ORDERING: Relaxed; as said above.
        self.open.store(true, Ordering::Relaxed);
        self.wake();
    }
}

/// Memory without an order of its own: loom fails if a write and another access are not ordered.
#[derive(Clone)]
pub(crate) struct RaceCell(Arc<UnsafeCell<u32>>);

// SAFETY: what loom does not find ordered it fails on, before the access matters.
unsafe impl Send for RaceCell {}
// SAFETY: as for Send.
unsafe impl Sync for RaceCell {}

impl RaceCell {
    pub(crate) fn new() -> Self {
        Self(Arc::new(UnsafeCell::new(0)))
    }

    pub(crate) fn write(&self) {
        // SAFETY: loom has just failed unless nobody else accesses it.
        self.0.with_mut(|cell| unsafe { *cell += 1 });
    }

    pub(crate) fn read(&self) -> u32 {
        // SAFETY: loom has just failed unless nobody writes it.
        self.0.with(|cell| unsafe { *cell })
    }
}

/// Written by whoever lets a future go, and what the future's drop finds there. (A panic of loom's would be
/// contained by the runner, as any panic of a destructor.)
#[derive(Clone, Default)]
pub(crate) struct DropWitness {
    told: Arc<AtomicUsize>,
    heard: Arc<std::sync::Mutex<Option<usize>>>,
}

impl DropWitness {
    pub(crate) fn allow(&self) {
        // ORDERING: Relaxed; what is modelled must carry it.
        self.told.store(1, Ordering::Relaxed);
    }

    /// By the future's drop.
    pub(crate) fn dropped(&self) {
        // ORDERING: Relaxed; as for `allow`.
        let heard = self.told.load(Ordering::Relaxed);
        let before = self.heard.lock().unwrap().replace(heard);
        assert_eq!(before, None, "dropped once");
    }

    /// At the end: it was dropped, after the witness.
    pub(crate) fn check(&self) {
        assert_eq!(*self.heard.lock().unwrap(), Some(1), "dropped, and not before the witness");
    }
}

/// Hears the witness when it is dropped.
pub(crate) struct WitnessedDrop(pub(crate) DropWitness);

impl Drop for WitnessedDrop {
    fn drop(&mut self) {
        self.0.dropped();
    }
}
