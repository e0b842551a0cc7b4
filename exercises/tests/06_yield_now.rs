//! Exercises of the chapter "06 yield_now": `stubs/06_yield_now.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/06_yield_now.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/06_yield_now.rs")]
mod ch06_yield_now;

use std::pin::pin;
use std::task::{Context, Poll};

use ch06_yield_now::{Every, Turns};
use exercises::Calls;

#[test]
fn exercise_1_it_gives_way_at_each_third() {
    let (calls, waker) = Calls::waker();
    let mut cx = Context::from_waker(&waker);
    let mut every = Every::new(3);
    let mut work = pin!(async {
        for _ in 0..9 {
            every.tick().await;
        }
    });
    for turn in 1..=3 {
        assert_eq!(work.as_mut().poll(&mut cx), Poll::Pending, "nine ticks, three yields");
        assert_eq!(calls.count(), turn, "a future that yields wakes its task");
    }
    assert_eq!(work.as_mut().poll(&mut cx), Poll::Ready(()));
}

#[test]
fn exercise_2_two_for_one() {
    let mut turns = Turns::default();
    for task in 0..6 {
        turns.push(task, true);
    }
    for task in 10..13 {
        turns.push(task, false);
    }
    let order: Vec<u32> = std::iter::from_fn(|| turns.next()).collect();
    assert_eq!(order, [0, 1, 10, 2, 3, 11, 4, 5, 12]);
}

#[test]
fn exercise_2_who_is_alone_has_all_turns() {
    let mut turns = Turns::default();
    turns.push(7, false);
    assert_eq!((turns.next(), turns.next()), (Some(7), None));
    for task in 0..4 {
        turns.push(task, true);
    }
    assert_eq!(std::iter::from_fn(|| turns.next()).collect::<Vec<_>>(), [0, 1, 2, 3]);
}
