//! Exercises of the chapter "01 A future, polled by hand": `stubs/01_poll_by_hand.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/01_poll_by_hand.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/01_poll_by_hand.rs")]
mod ch01_poll_by_hand;

use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use ch01_poll_by_hand::{Knock, Knocks, join, knocks};

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn exercise_1_it_stops_at_each_knock() {
    let mut future = knocks(3);
    for _ in 0..3 {
        assert_eq!(poll(&mut future), Poll::Pending);
        assert!(matches!(future, Knocks::Waiting { .. }), "{future:?}");
    }
    assert_eq!(poll(&mut future), Poll::Ready("!!!".to_owned()));
    assert!(matches!(future, Knocks::Done), "{future:?}");
}

#[test]
fn exercise_1_without_a_knock_it_is_ready_at_once() {
    assert_eq!(poll(&mut knocks(0)), Poll::Ready(String::new()));
}

#[test]
fn exercise_2_both_go_on_at_once() {
    let mut both = join(Knock::default(), knocks(1));
    assert_eq!(poll(&mut both), Poll::Pending);
    let second = poll(&mut both);
    assert_eq!(second, Poll::Ready(((), "!".to_owned())), "the second waited for the first to end");
}

#[test]
fn exercise_2_both_are_waited_for() {
    let mut both = join(Knock::default(), ready(7));
    assert_eq!(poll(&mut both), Poll::Pending);
    assert_eq!(poll(&mut both), Poll::Ready(((), 7)), "`ready` panics if it is polled again");
    let mut both = join(ready(1), knocks(2));
    assert_eq!(poll(&mut both), Poll::Pending);
    assert_eq!(poll(&mut both), Poll::Pending);
    assert_eq!(poll(&mut both), Poll::Ready((1, "!!".to_owned())));
}
