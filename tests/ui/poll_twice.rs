//! Refused: a `Pin<&mut F>` is moved into `poll`, as a `&mut F` would not be.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use executor::task;

fn main() {
    let future = pin!(task::yield_now());
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(future.poll(&mut cx), Poll::Pending);
    assert_eq!(future.poll(&mut cx), Poll::Ready(()));
}
