//! Exercises of the chapter "The reactor": `stubs/reactor.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/reactor.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/reactor.rs")]
mod reactor;

use reactor::{Readiness, Timers};

#[test]
fn exercise_1_what_would_block_is_not_ready() {
    let readiness = Readiness::new();
    let seen = readiness.ready().expect("a new source is tried");
    readiness.clear(seen);
    assert_eq!(readiness.ready(), None);
    readiness.event();
    assert!(readiness.ready().is_some());
}

#[test]
fn exercise_1_an_event_during_the_attempt_stays() {
    let readiness = Readiness::new();
    let seen = readiness.ready().expect("a new source is tried");
    // Here the attempt is made; it would block. And here bytes arrive:
    readiness.event();
    readiness.clear(seen);
    assert!(
        readiness.ready().is_some(),
        "the bytes came after the attempt, and there will be no second event"
    );
}

#[test]
fn exercise_2_they_fire_in_their_order() {
    let mut timers = Timers::default();
    for (deadline, name) in [(30, "c"), (10, "a"), (30, "d"), (20, "b")] {
        timers.insert(deadline, name);
    }
    assert_eq!(timers.next(), Some(10));
    assert_eq!(timers.fire(9), [""; 0]);
    assert_eq!(timers.fire(20), ["a", "b"]);
    assert_eq!(timers.next(), Some(30));
    assert_eq!(timers.fire(99), ["c", "d"], "with equal deadlines, in the order in which they were made");
    assert_eq!(timers.next(), None);
}

#[test]
fn exercise_2_a_cancelled_timer_leaves_nothing() {
    let mut timers = Timers::default();
    let first = timers.insert(10, "first");
    let second = timers.insert(10, "second");
    assert_eq!(timers.cancel(first), Some("first"));
    assert_eq!(timers.cancel(first), None, "a key works only once");
    assert_eq!(timers.len(), 1);
    assert_eq!(timers.fire(10), ["second"]);
    let third = timers.insert(10, "third");
    assert_eq!(timers.cancel(first), None, "its key must not cancel a later timer");
    assert_eq!(timers.cancel(second), None, "it has fired, and its key must not cancel a later timer");
    assert_eq!((timers.len(), timers.cancel(third)), (1, Some("third")));
}
