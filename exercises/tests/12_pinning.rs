//! Exercises of the chapter "12 Pinning": `stubs/12_pinning.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/12_pinning.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/12_pinning.rs")]
mod ch12_pinning;

use std::mem::swap;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use ch12_pinning::{Reader, counted};
use exercises::ends;
use futures_lite::future::{block_on, yield_now};

/// It keeps a reference to its own variable across an await: not `Unpin`.
async fn borrows_from_itself() -> usize {
    let words = ["one".to_owned(), "two".to_owned()];
    let last = &words[1];
    yield_now().await;
    yield_now().await;
    last.len()
}

#[test]
fn exercise_1_polls_are_counted() {
    let future = pin!(counted(borrows_from_itself()));
    assert_eq!(block_on(future), (3, 3), "its output, and three polls");
    assert_eq!(block_on(counted(async { "at once" })), ("at once", 1));
}

#[test]
fn exercise_1_a_poll_is_one_poll() {
    let mut future = pin!(counted(borrows_from_itself()));
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(future.as_mut().poll(&mut cx), Poll::Pending);
    assert_eq!(future.as_mut().poll(&mut cx), Poll::Pending);
    assert_eq!(future.as_mut().poll(&mut cx), Poll::Ready((3, 3)));
}

#[test]
fn exercise_2_it_wakes_its_task() {
    let word = ends("it returned Pending without a wake, and is never polled again", || {
        block_on(Reader::new("a cup of tea"))
    });
    assert_eq!(word, "tea", "the last word");
}

#[test]
fn exercise_2_it_may_move_between_two_polls() {
    fn poll(reader: &mut Reader) -> Poll<String> {
        Pin::new(reader).poll(&mut Context::from_waker(Waker::noop()))
    }
    let (mut first, mut second) = (Reader::new("hello world"), Reader::new("tea"));
    assert_eq!(poll(&mut first), Poll::Pending);
    assert_eq!(poll(&mut second), Poll::Pending);
    swap(&mut first, &mut second);
    assert_eq!(poll(&mut first), Poll::Ready("tea".to_owned()));
    assert_eq!(poll(&mut Box::new(second)), Poll::Ready("world".to_owned()));
}
