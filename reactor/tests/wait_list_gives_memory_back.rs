//! At a steady depth the wait list allocates nothing; after a burst it gives its memory back.

#[path = "../../tests/shared/counting.rs"]
mod counting;

use std::task::Waker;

use reactor::wait_list::{Removed, WaitList};

use counting::{ALLOCATIONS, BYTES};

/// Keeps the list at a depth while one waiter joins and one leaves, this many times.
fn turn_over(list: &mut WaitList, depth: usize, times: usize) {
    while list.len() < depth {
        list.insert(Waker::noop().clone());
    }
    for _ in 0..times {
        list.insert(Waker::noop().clone());
        assert!(list.pop().is_some());
    }
}

#[test]
fn a_steady_depth_allocates_nothing() {
    for depth in [1, 10, 5000] {
        let mut list = WaitList::new();
        turn_over(&mut list, depth, 1);
        let before = ALLOCATIONS.get();
        turn_over(&mut list, depth, 10 * depth);
        assert_eq!(ALLOCATIONS.get() - before, 0, "a depth of {depth}");
    }
}

#[test]
fn a_short_list_that_empties_repeatedly_allocates_nothing() {
    let mut list = WaitList::new();
    let mut fill_and_empty = || {
        turn_over(&mut list, 40, 0);
        while list.pop().is_some() {}
    };
    (0..2).for_each(|_| fill_and_empty());
    let before = ALLOCATIONS.get();
    (0..10).for_each(|_| fill_and_empty());
    assert_eq!(ALLOCATIONS.get() - before, 0);
}

#[test]
fn the_memory_of_a_burst_goes_back() {
    let mut list = WaitList::new();
    let before = BYTES.get();
    turn_over(&mut list, 5000, 0);
    assert!(BYTES.get() - before >= 5000 * size_of::<Waker>().cast_signed());
    while list.pop().is_some() {}
    assert!(BYTES.get() - before <= 1024, "{} bytes", BYTES.get() - before);
}

/// One waiter stays in the list, even while those behind it leave.
#[test]
fn a_list_that_is_never_empty_gives_memory_back_too() {
    let mut list = WaitList::new();
    let before = BYTES.get();
    let first = list.insert(Waker::noop().clone());
    let keys: Vec<_> = (0..5000).map(|_| list.insert(Waker::noop().clone())).collect();
    for key in keys {
        assert!(matches!(list.remove(key), Removed::Waiting(_)));
    }
    assert!(list.contains(first));
    assert!(BYTES.get() - before <= 1024, "{} bytes", BYTES.get() - before);
    turn_over(&mut list, 5000, 0);
    while list.len() > 1 {
        assert!(list.pop().is_some());
    }
    assert!(BYTES.get() - before <= 1024, "{} bytes", BYTES.get() - before);
}
