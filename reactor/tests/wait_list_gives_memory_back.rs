//! At a steady depth the wait list allocates nothing; after a burst its memory goes back.
#![allow(unsafe_code, reason = "counting allocations takes a global allocator, whose trait is unsafe")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::task::Waker;

use reactor::wait_list::WaitList;

/// Counts this thread's allocations, and the bytes it holds.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: everything is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        BYTES.set(BYTES.get() + layout.size().cast_signed());
        // SAFETY: the caller's promise, handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size().cast_signed());
        // SAFETY: the caller's promise, handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn fill_and_empty(list: &mut WaitList, depth: usize) {
    for _ in 0..depth {
        list.insert(Waker::noop());
    }
    while list.pop().is_some() {}
}

#[test]
fn a_steady_depth_allocates_nothing() {
    for depth in [1, 10, 5000] {
        let mut list = WaitList::new();
        fill_and_empty(&mut list, depth);
        let before = ALLOCATIONS.get();
        for _ in 0..10 {
            fill_and_empty(&mut list, depth);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "a depth of {depth}");
    }
}

#[test]
fn the_memory_of_a_burst_goes_back() {
    let mut list = WaitList::new();
    let before = BYTES.get();
    fill_and_empty(&mut list, 5000);
    assert!(BYTES.get() - before >= 5000 * size_of::<Waker>().cast_signed());
    fill_and_empty(&mut list, 1);
    assert!(BYTES.get() - before <= 1024, "it stayed short since");
}
