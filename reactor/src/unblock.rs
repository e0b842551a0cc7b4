//! The outcome of a blocking call, on its way from the thread that makes it to the task that waits.
//!
//! ```text
//!  Waiting(waker) ──the call returned──▶ Done(outcome) ──polled──▶ Gone
//!        └───────────────────────future dropped──────────────────────┘
//! ```
//!
//! U1  Who takes a waker or an outcome out of the slot uses or drops it with the slot unlocked.
//! U2  A call that has begun leaves an outcome, if it panics too.
//! U3  A call whose future is gone is not begun.
//!
//! Called by `blocking` and `stdin`. Next: `blocking`.

use std::fmt;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::shim::{Arc, Mutex, lock};

/// The future of a blocking call: what [`unblock`](crate::blocking::unblock) returns.
///
/// Dropping it forgets a call that has not begun; one that has begun goes on, and its value is
/// dropped.
#[must_use = "the call's outcome is in the future"]
pub struct Unblock<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

enum Slot<T> {
    Waiting(Option<Waker>),
    Done(io::Result<T>),
    /// The outcome was handed out, or nobody wants it.
    Gone,
}

/// The two ends of one slot.
pub(crate) fn promise<T>() -> (Promise<T>, Unblock<T>) {
    let slot = Arc::new(Mutex::new(Slot::Waiting(None)));
    let promise = Promise {
        slot: Arc::clone(&slot),
    };
    (promise, Unblock { slot })
}

impl<T> Future for Unblock<T> {
    type Output = io::Result<T>;

    /// # Panics
    ///
    /// When polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        // A waker's clone is foreign code: it runs before the slot is locked.
        let waker = cx.waker().clone();
        let mut slot = lock(&self.slot);
        match mem::replace(&mut *slot, Slot::Gone) {
            Slot::Done(outcome) => {
                drop(slot);
                Poll::Ready(outcome)
            }
            Slot::Waiting(replaced) => {
                *slot = Slot::Waiting(Some(waker));
                drop(slot);
                drop(replaced);
                Poll::Pending
            }
            Slot::Gone => {
                drop(slot);
                panic!("Unblock polled after it was ready");
            }
        }
    }
}

impl<T> Drop for Unblock<T> {
    fn drop(&mut self) {
        let unwanted = mem::replace(&mut *lock(&self.slot), Slot::Gone);
        drop(unwanted);
    }
}

impl<T> fmt::Debug for Unblock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unblock").finish_non_exhaustive()
    }
}

/// The caller's end.
pub(crate) struct Promise<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Self {
            slot: Arc::clone(&self.slot),
        }
    }
}

impl<T> Promise<T> {
    /// Makes the call if its outcome is wanted, and hands that over. A panic becomes an error.
    pub(crate) fn keep_with(self, call: impl FnOnce() -> io::Result<T>) {
        let is_wanted = matches!(*lock(&self.slot), Slot::Waiting(_));
        if !is_wanted {
            return;
        }
        let outcome = catch_unwind(AssertUnwindSafe(call));
        let panicked = match outcome {
            Ok(outcome) => {
                self.keep(outcome);
                return;
            }
            Err(payload) => payload,
        };
        self.keep(Err(io::Error::other("the blocking call panicked")));
        // Last, for its drop may panic again: the thread's loop contains that.
        drop(panicked);
    }

    fn keep(&self, outcome: io::Result<T>) {
        let mut slot = lock(&self.slot);
        let Slot::Waiting(waker) = &mut *slot else {
            drop(slot);
            return;
        };
        let waker = waker.take();
        *slot = Slot::Done(outcome);
        drop(slot);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
