//! A global allocator that counts. A test that has this module is a program of its own, and its tests see only
//! their own thread's counts, except for [`ALL_BYTES`] and the like.
#![allow(dead_code, reason = "each test uses some of the counters")]
#![allow(unsafe_code, reason = "counting allocations takes a global allocator, whose trait is unsafe")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

thread_local! {
    /// The allocations of this thread so far.
    pub(crate) static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// The bytes that this thread has allocated, less those that it has freed.
    pub(crate) static BYTES: Cell<isize> = const { Cell::new(0) };
}

/// The bytes that all threads hold.
pub(crate) static ALL_BYTES: AtomicIsize = AtomicIsize::new(0);

/// The allocations of all threads so far, and the bytes in them, whether or not they were freed.
pub(crate) static ALL_ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
pub(crate) static ALL_ALLOCATED: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: the system's allocator does the work. Counting allocates nothing: the cells need neither
// initialization nor a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        add(layout.size().cast_signed());
        // ORDERING: Relaxed; counters, which publish nothing.
        ALL_ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        ALL_ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(-layout.size().cast_signed());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn add(bytes: isize) {
    BYTES.set(BYTES.get() + bytes);
    // ORDERING: Relaxed; a counter, it publishes nothing.
    ALL_BYTES.fetch_add(bytes, Ordering::Relaxed);
}
