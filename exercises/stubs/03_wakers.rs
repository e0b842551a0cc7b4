//! Two hand-written wakers.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

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
    todo!("exercise 1: four functions in a static RawWakerVTable, and Waker::new with a pointer to counts")
}

/// Exercise 2. A waker that wakes two others.
pub fn both(first: Waker, second: Waker) -> Waker {
    todo!("exercise 2: a struct with both, and the trait Wake")
}
