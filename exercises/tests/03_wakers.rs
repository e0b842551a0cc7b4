//! Exercises of the chapter "03 Wakers": `stubs/03_wakers.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/03_wakers.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/03_wakers.rs")]
mod ch03_wakers;

use std::sync::atomic::Ordering;

use ch03_wakers::{Counts, both, counting};
use exercises::Calls;

fn read(counts: &Counts) -> (usize, usize, usize) {
    let [clones, wakes, drops] = [&counts.clones, &counts.wakes, &counts.drops];
    (clones.load(Ordering::SeqCst), wakes.load(Ordering::SeqCst), drops.load(Ordering::SeqCst))
}

#[test]
fn exercise_1_each_call_is_counted() {
    let counts: &'static Counts = Box::leak(Box::default());
    let waker = counting(counts);
    assert_eq!(read(counts), (0, 0, 0));
    waker.wake_by_ref();
    let clone = waker.clone();
    assert_eq!(read(counts), (1, 1, 0));
    clone.wake();
    assert_eq!(read(counts), (1, 2, 0), "`wake` consumes the waker, which is not dropped as well");
    drop(waker);
    assert_eq!(read(counts), (1, 2, 1));
}

#[test]
fn exercise_1_clones_wake_the_same() {
    let waker = counting(Box::leak(Box::default()));
    assert!(waker.will_wake(&waker.clone()), "one table, at one address");
}

#[test]
fn exercise_2_both_are_woken() {
    let (first_calls, first) = Calls::waker();
    let (second_calls, second) = Calls::waker();
    let waker = both(first, second);
    waker.wake_by_ref();
    assert_eq!((first_calls.count(), second_calls.count()), (1, 1));
    waker.wake();
    assert_eq!((first_calls.count(), second_calls.count()), (2, 2));
}
