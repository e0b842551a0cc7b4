//! A worker's parker: how it sleeps, and how it is woken, the same for all policies.
//!
//! If each policy slept in its own way, the figures would compare parkers. This one is on `thread::park`, with a word
//! in front of it: an unpark of a worker that runs makes no system call, and those that do are counted.
//!
//! ```text
//!   RUN ──park──▶ PARKED ──unpark: a system call──▶ NOTIFIED ──▶ RUN
//!    └─────────────unpark: nothing else────────────────▲
//! ```
//!
//! - B1  A notification stays until the next park, which returns at once: none is lost.
//!
//! It has no spin and no reactor, unlike `executor::driver::parker`. Next: `sleepers`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread::{self, Thread};

use reactor::record::{Kind, WaitEnd, note, record_park};

const RUN: u8 = 0;
const NOTIFIED: u8 = 1;
const PARKED: u8 = 2;

/// One worker's parker.
#[derive(Default)]
pub(crate) struct Parker {
    state: AtomicU8,
    /// Set by the worker before it parks for the first time.
    thread: OnceLock<Thread>,
    /// How many unparks have made a system call.
    unparks: AtomicU64,
}

impl Parker {
    /// Waits for a notification, and takes it. Returns whether it had to wait.
    pub(crate) fn park(&self) -> bool {
        self.thread.get_or_init(thread::current);
        // ORDERING[sched-park]: Release publishes the thread's handle to the `unpark` that sees PARKED.
        let waits = self.state.compare_exchange(RUN, PARKED, Ordering::Release, Ordering::Relaxed).is_ok();
        if waits {
            record_park(false, false, std::ptr::from_ref(self).addr());
            // ORDERING: Relaxed; the swap below acquires.
            while self.state.load(Ordering::Relaxed) == PARKED {
                thread::park();
            }
            note(Kind::Unpark, WaitEnd::Notified as u8, 0);
        }
        // ORDERING[sched-park]: Acquire; pairs with the Release of `unpark`: we see what was pushed.
        self.state.swap(RUN, Ordering::Acquire);
        waits
    }

    /// Ends the worker's park, or its next one (B1).
    pub(crate) fn unpark(&self) {
        note(Kind::Notify, 0, std::ptr::from_ref(self).addr());
        // ORDERING[sched-park]: Release publishes what was pushed; pairs with the Acquire of `park`. Acquire: the
        // thread's handle.
        if self.state.swap(NOTIFIED, Ordering::AcqRel) == PARKED {
            // ORDERING: Relaxed; a number for people.
            self.unparks.fetch_add(1, Ordering::Relaxed);
            self.thread.get().expect("a worker that is parked has set its handle").unpark();
        }
    }

    /// How many unparks have made a system call.
    pub(crate) fn unparks(&self) -> u64 {
        // ORDERING: Relaxed; read when the workers have ended.
        self.unparks.load(Ordering::Relaxed)
    }
}
