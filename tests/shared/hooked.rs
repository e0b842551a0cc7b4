//! A waker that sees everything that is done with it, for tests of wakers that reenter the code that holds them.
#![allow(unsafe_code, reason = "only a waker of raw parts sees that it is cloned")]

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::{RawWaker, RawWakerVTable, Waker};

/// A waker that calls a function when it is cloned, woken or dropped. Raw, because `Wake` has no hook for a
/// clone.
pub(crate) fn hooked(hook: impl Fn() + Send + Sync + 'static) -> Waker {
    type Hook = Box<dyn Fn() + Send + Sync>;

    /// Borrows what a pointer of this waker points to.
    unsafe fn of(data: *const ()) -> ManuallyDrop<Arc<Hook>> {
        // SAFETY: every pointer is from `Arc::into_raw`, and its waker has not been dropped: the caller's
        // promise.
        ManuallyDrop::new(unsafe { Arc::from_raw(data.cast()) })
    }
    static CALLS: RawWakerVTable = RawWakerVTable::new(
        |data| {
            // SAFETY: called with a waker's pointer.
            let hook = unsafe { of(data) };
            hook();
            RawWaker::new(Arc::into_raw(Arc::clone(&hook)).cast(), &CALLS)
        },
        |data| {
            // SAFETY: as above; waking consumes the waker.
            let hook = ManuallyDrop::into_inner(unsafe { of(data) });
            hook();
        },
        |data| {
            // SAFETY: as above.
            let hook = unsafe { of(data) };
            hook();
        },
        |data| {
            // SAFETY: as above; dropping consumes the waker.
            let hook = ManuallyDrop::into_inner(unsafe { of(data) });
            hook();
        },
    );
    let hook: Arc<Hook> = Arc::new(Box::new(hook));
    // SAFETY: the functions count references as RawWakerVTable requires, by the Arc.
    unsafe { Waker::from_raw(RawWaker::new(Arc::into_raw(hook).cast(), &CALLS)) }
}
