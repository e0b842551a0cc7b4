//! A task's wakers: four functions over a pointer to its header.
//!
//! `Arc<impl Wake>` would be the safe way. It would give the task a second reference count and a header of
//! its own, and each poll would have to count a reference for its waker.
//!
//! - W1  A waker is a counted reference [claim]: a clone adds one, a drop removes one.
//! - W2  Waking works from any thread at any time. After completion it does nothing.
//! - W3  A poll's waker borrows the runner's claim instead of counting a reference (`borrowed`).
//!
//! Each scheduler has one function table, at one address, since `will_wake` compares addresses. Called
//! through `std::task::Waker`. Next: `cell`.
#![allow(unsafe_code, reason = "a RawWaker is a pointer and four functions")]

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::header::{self, Header, Schedule};
use super::state::Action;

/// The waker functions for the tasks of one scheduler. Each scheduler keeps them in a static.
pub(crate) const fn vtable<S: Schedule>() -> RawWakerVTable {
    RawWakerVTable::new(clone::<S>, wake::<S>, wake_by_ref::<S>, drop_waker)
}

/// A waker for the duration of one poll, not counted (W3).
#[inline]
pub(crate) fn borrowed<S: Schedule>(task: NonNull<Header>) -> ManuallyDrop<Waker> {
    let raw = RawWaker::new(task.as_ptr().cast(), S::waker_vtable());
    // SAFETY: the functions keep RawWakerVTable's contract (W1, W2); this waker is never dropped (W3).
    ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
}

/// The pointer that a waker carries, as a task.
///
/// # Safety
///
/// `data` comes from one of our wakers.
#[inline]
unsafe fn task(data: *const ()) -> NonNull<Header> {
    // SAFETY: `borrowed` and `clone` put a non-null pointer there.
    unsafe { NonNull::new_unchecked(data.cast_mut()) }.cast()
}

unsafe fn clone<S: Schedule>(data: *const ()) -> RawWaker {
    // SAFETY: called with our own data only.
    let task = unsafe { task(data) };
    // SAFETY: [claim]: the waker that is cloned is the claim.
    unsafe { task.as_ref() }.state.add_reference();
    RawWaker::new(data, S::waker_vtable())
}

unsafe fn wake<S: Schedule>(data: *const ()) {
    // SAFETY: called with our own data only.
    let task = unsafe { task(data) };
    // SAFETY: [claim]: the waker is the claim; [same-types]: these are the functions of scheduler S.
    if unsafe { S::wake_locally(task) } {
        return header::drop_reference(task);
    }
    header::note_vain_wake(task);
    // SAFETY: [claim], as above.
    match unsafe { task.as_ref() }.state.wake() {
        Action::Nothing => {}
        Action::Free => header::free(task),
        // SAFETY: [queued-once]: our reference goes to the queue; [same-types], as above.
        Action::Schedule => unsafe { header::schedule::<S>(task) },
    }
}

unsafe fn wake_by_ref<S: Schedule>(data: *const ()) {
    // SAFETY: called with our own data only.
    let task = unsafe { task(data) };
    // SAFETY: [claim]: the waker is the claim; [same-types]: these are the functions of scheduler S.
    if unsafe { S::wake_locally(task) } {
        return;
    }
    header::note_vain_wake(task);
    // SAFETY: [claim], as above.
    if unsafe { task.as_ref() }.state.wake_by_ref() == Action::Schedule {
        // SAFETY: [queued-once]: the reference that the wake has counted; [same-types], as above.
        unsafe { header::schedule::<S>(task) };
    }
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: called with our own data only; W1: the waker's reference is dropped with it.
    header::drop_reference(unsafe { task(data) });
}
