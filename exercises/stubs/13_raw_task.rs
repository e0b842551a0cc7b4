//! A counted pointer, and a closure behind a thin one.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]
#![allow(unsafe_code, reason = "counting by hand, and a type that is forgotten")]

use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Exercise 1. A shared value with its count, as `Arc` has it.
pub struct Shared<T>(NonNull<Counted<T>>);

struct Counted<T> {
    references: AtomicUsize,
    value: T,
}

// SAFETY: as Arc's: the value is shared by reference, and dropped with the last pointer.
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
        // SAFETY: we are counted, so it is alive; nobody has it by `&mut`.
        unsafe { &self.0.as_ref().value }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        todo!("exercise 1: which ordering does counting up need?")
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // exercise 1: the last one frees the box; what must it have seen before?
    }
}

/// Exercise 2. A closure of any type, in one allocation, behind a pointer of one word. Dropped without having
/// run it drops the closure.
pub struct Job(NonNull<Header>);

/// What every job begins with: the functions that know the closure's type.
struct Header {
    /// Runs the closure, and frees the allocation.
    run: unsafe fn(NonNull<Header>),
    /// Frees the allocation with the closure in it.
    free: unsafe fn(NonNull<Header>),
}

#[repr(C)]
struct Whole<F> {
    header: Header,
    closure: F,
}

impl Job {
    pub fn new<F: FnOnce() + 'static>(closure: F) -> Job {
        todo!("exercise 2: box a Whole<F>, with two functions for this F, and forget its type")
    }

    pub fn run(self) {
        todo!("exercise 2: call the header's function; and the drop of self?")
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // exercise 2
    }
}
