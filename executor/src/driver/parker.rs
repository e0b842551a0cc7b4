//! A thread's parker: a thread that has work for this one unparks it.
//!
//! A plain `Thread::unpark` is not enough: the thread may wait in the reactor, and has to be woken there.
//! To notify the reactor as well each time would cost a system call, even while the thread runs. So one atomic
//! word says where the thread is.
//!
//! ```text
//!            begin(PARKED) ┌────────┐ unpark: the thread is woken
//!       ┌─────────────────▶│ PARKED │──────────────────────┐
//!   ┌───┴─┐                └────────┘                      ▼
//!   │ RUN │─────────────── unpark: nothing else ─────▶ NOTIFIED
//!   └───┬─┘                ┌─────────┐                     ▲
//!     ▲ └─────────────────▶│ DRIVING │─────────────────────┘
//!     │     begin(DRIVING) └─────────┘ unpark: the reactor is notified
//!     └──── take_notification, from any of them          PARKED ── begin(DRIVING) ──▶ DRIVING, to take the role
//! ```
//!
//! - [take-then-look]  A thread takes its notification (back to `RUN`) before it looks at any queue: the look
//!   finds what was pushed before the `unpark`, and a later push unparks again.
//!
//! Unparked by wakers, and by pushes that need another thread. `driver` waits with it. Next: `roster`.

use std::sync::Arc;

use reactor::record::{Kind, note, record_until_exit};
use reactor::shim::atomic::{AtomicU8, Ordering};
use reactor::shim::thread::{self, Thread};
use reactor::shim::{fault, thread_local};

/// The thread runs, and has no notification to take.
pub(super) const RUN: u8 = 0;
/// It was unparked since it last took its notification.
const NOTIFIED: u8 = 1;
/// It is on standby.
pub(super) const PARKED: u8 = 2;
/// It is in the reactor, or about to be.
pub(super) const DRIVING: u8 = 3;

/// One thread's parker.
pub(crate) struct Parker {
    state: AtomicU8,
    /// `driver` unparks it directly, without a notification, when it has only to take another role (`roster`).
    pub(crate) thread: Thread,
}

/// A thread has one parker, so equal parkers mean the same thread.
impl PartialEq for Parker {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

thread_local! {
    static PARKER: Arc<Parker> = Parker::new();
}

impl Parker {
    pub(crate) fn new() -> Arc<Self> {
        // The recorder's thread-local is made before the parker's and that of the local tasks: what is made first is
        // destroyed last.
        record_until_exit();
        Arc::new(Self { state: AtomicU8::new(RUN), thread: thread::current() })
    }

    /// This thread's parker. Once the thread's locals are destroyed, each call makes a new one.
    pub(crate) fn current() -> Arc<Self> {
        PARKER.try_with(Arc::clone).unwrap_or_else(|_| Self::new())
    }

    /// Whether this is the calling thread's parker. False once the thread's locals are destroyed.
    pub(crate) fn is_current(&self) -> bool {
        PARKER.try_with(|mine| std::ptr::eq(&raw const **mine, self)).unwrap_or(false)
    }

    /// Ends the thread's current or next wait. The thread then sees what the caller did before
    /// [take-then-look].
    pub(crate) fn unpark(&self) {
        // Recorded before the swap, so that a recording has it before the end of the wait.
        note(Kind::Notify, 0, std::ptr::from_ref(self).addr());
        // ORDERING[unpark]: Release publishes what was pushed; pairs with the Acquire of
        // `take_notification`. Of many unparks each hands on what those before it published.
        match self.state.swap(NOTIFIED, Ordering::Release) {
            PARKED => self.thread.unpark(),
            DRIVING if !fault("driver_not_notified") => reactor::notify(),
            _ => {}
        }
    }

    /// Whether it is parked, so that waking it does not interrupt the reactor.
    pub(crate) fn is_parked(&self) -> bool {
        // ORDERING: Relaxed; other threads only choose among sleepers by it; its own thread acquires in
        // `take_notification`.
        self.state.load(Ordering::Relaxed) == PARKED
    }

    /// Whether it waits, parked or in the reactor.
    #[cfg(all(test, not(loom)))]
    pub(super) fn is_waiting(&self) -> bool {
        // ORDERING: Relaxed; for tests.
        matches!(self.state.load(Ordering::Relaxed), PARKED | DRIVING)
    }

    /// Changes from `RUN`, or from `PARKED`, to a waiting state. Returns false if there is a notification,
    /// which the caller has to take first.
    pub(super) fn begin(&self, from: u8, wait: u8) -> bool {
        // ORDERING: Relaxed; on failure `take_notification` acquires, on success nothing is published.
        self.state.compare_exchange(from, wait, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Changes from any state back to RUN. Returns whether there was a notification: then the caller must
    /// look before it waits [take-then-look].
    pub(crate) fn take_notification(&self) -> bool {
        // ORDERING[unpark]: Acquire; pairs with the Release of `unpark`.
        self.state.swap(RUN, Ordering::Acquire) == NOTIFIED
    }
}
