//! Two hand-written wakers. One solution.
#![allow(unsafe_code, reason = "a hand-written waker is a pointer and four functions")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{RawWaker, RawWakerVTable, Wake, Waker};

/// How often each of a waker's functions was called.
#[derive(Debug, Default)]
pub struct Counts {
    pub clones: AtomicUsize,
    pub wakes: AtomicUsize,
    pub drops: AtomicUsize,
}

/// Exercise 1. A waker whose functions count their calls. `wake` and `wake_by_ref` both count as wakes. It
/// needs no reference count, since its data is `'static`.
pub fn counting(counts: &'static Counts) -> Waker {
    // SAFETY: each function of the table treats the pointer as the `&'static Counts` that it is. They may be
    // called on any thread, because Counts is Sync.
    unsafe { Waker::new(std::ptr::from_ref(counts).cast(), &TABLE) }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop_waker);

fn add(counter: &AtomicUsize) {
    // ORDERING: Relaxed; a counter, it publishes nothing.
    counter.fetch_add(1, Ordering::Relaxed);
}

unsafe fn counts(data: *const ()) -> &'static Counts {
    // SAFETY: it is only called with the pointer from `counting`.
    unsafe { &*data.cast::<Counts>() }
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: `data` is the waker's own pointer.
    add(&unsafe { counts(data) }.clones);
    RawWaker::new(data, &TABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: `data` is the waker's own pointer.
    add(&unsafe { counts(data) }.wakes);
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: `data` is the waker's own pointer.
    add(&unsafe { counts(data) }.drops);
}

/// Exercise 2. A waker that wakes two others.
pub fn both(first: Waker, second: Waker) -> Waker {
    Waker::from(Arc::new(Both(first, second)))
}

struct Both(Waker, Waker);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
        self.1.wake_by_ref();
    }
}
