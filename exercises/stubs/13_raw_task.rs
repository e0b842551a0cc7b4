//! A reference-counted pointer, and a closure behind a thin pointer.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]
#![allow(unsafe_code, reason = "reference counting by hand, and a type that is erased")]

use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Exercise 1. A shared value with a reference count, like `Arc`.
pub struct Shared<T>(NonNull<Counted<T>>);

struct Counted<T> {
    references: AtomicUsize,
    value: T,
}

// SAFETY: as for Arc: the value is shared by reference, and dropped with the last pointer.
unsafe impl<T: Send + Sync> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub fn new(value: T) -> Shared<T> {
        Shared(NonNull::from(Box::leak(Box::new(Counted { references: AtomicUsize::new(1), value }))))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this pointer is counted, so the value is alive, and no `&mut` to it exists.
        unsafe { &self.0.as_ref().value }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        todo!("exercise 1: which ordering does the increment need?")
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // exercise 1: the last pointer frees the box; what must it have seen before?
    }
}

/// Exercise 2. A closure of any type, in one allocation, behind a pointer of one word. Dropping a job that
/// has not run drops the closure.
pub struct Job(NonNull<Header>);

/// The first part of every job: the functions that know the closure's type.
struct Header {
    /// Runs the closure, and frees the allocation.
    run: unsafe fn(NonNull<Header>),
    /// Drops the closure, and frees the allocation.
    free: unsafe fn(NonNull<Header>),
}

#[repr(C)]
struct Whole<F> {
    header: Header,
    closure: F,
}

impl Job {
    pub fn new<F: FnOnce() + 'static>(closure: F) -> Job {
        todo!("exercise 2: box a Whole<F>, with two functions for this F, and erase its type")
    }

    pub fn run(self) {
        todo!("exercise 2: call the header's function; what about the drop of self?")
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // exercise 2
    }
}
