//! A reference-counted pointer, and a closure behind a thin pointer. One solution.
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
        // SAFETY: this pointer is counted, so the value is alive.
        let counted = unsafe { self.0.as_ref() };
        // ORDERING: Relaxed; made from an existing reference, it publishes nothing.
        counted.references.fetch_add(1, Ordering::Relaxed);
        Shared(self.0)
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: this pointer is counted, so the value is alive.
        let counted = unsafe { self.0.as_ref() };
        // ORDERING[shared]: Release for our own uses, Acquire for those of all the others: they come before
        // the last one frees the value.
        if counted.references.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: no other pointer is left, and `new` leaked it as a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
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
        let header = Header { run: run::<F>, free: free::<F> };
        Job(NonNull::from(Box::leak(Box::new(Whole { header, closure }))).cast())
    }

    pub fn run(self) {
        let job = std::mem::ManuallyDrop::new(self);
        // SAFETY: the job is alive, and begins with its header.
        let run = unsafe { job.0.as_ref() }.run;
        // SAFETY: it is the function for the job's type. It consumes the allocation, and the job itself is
        // not dropped.
        unsafe { run(job.0) }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // SAFETY: the job is alive, and begins with its header.
        let free = unsafe { self.0.as_ref() }.free;
        // SAFETY: it is the function for the job's type. The pointer is not used again.
        unsafe { free(self.0) }
    }
}

/// # Safety
///
/// The job must have been made from an `F`, and must not be used again.
unsafe fn whole<F>(job: NonNull<Header>) -> Box<Whole<F>> {
    // SAFETY: the caller guarantees that it was leaked as a box of this type, which begins with its header.
    unsafe { Box::from_raw(job.cast::<Whole<F>>().as_ptr()) }
}

unsafe fn run<F: FnOnce()>(job: NonNull<Header>) {
    // SAFETY: only the header of a Whole<F> contains this function, and it is called once.
    let whole = unsafe { whole::<F>(job) };
    (whole.closure)();
}

unsafe fn free<F>(job: NonNull<Header>) {
    // SAFETY: as above.
    drop(unsafe { whole::<F>(job) });
}
