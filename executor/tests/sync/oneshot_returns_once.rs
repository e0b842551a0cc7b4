//! A receiver gets one value, or an error that none will come. The value is neither lost nor kept too long.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread;

use executor::sync::oneshot::{self, RecvError};
use futures_lite::future::block_on;

use crate::support::{Count, comes_to_an_end, poll};

#[test]
fn a_value_crosses_threads() {
    comes_to_an_end(|| {
        for round in 0..500 {
            let (sender, receiver) = oneshot::channel();
            let sending = thread::spawn(move || sender.send(round));
            assert_eq!(block_on(receiver), Ok(round));
            assert_eq!(sending.join().expect("no panic"), Ok(()));
        }
    });
}

#[test]
fn a_sender_that_goes_ends_the_wait() {
    let (sender, mut receiver) = oneshot::channel::<u8>();
    let (woken, waker) = Count::new();
    assert!(poll(&mut receiver, &waker).is_pending());
    drop(sender);
    assert_eq!(woken.wakes(), 1);
    assert_eq!(poll(&mut receiver, &waker), Poll::Ready(Err(RecvError)));
}

#[test]
fn a_receiver_that_goes_gives_the_value_back_or_frees_it() {
    let (sender, receiver) = oneshot::channel();
    assert!(!sender.is_closed());
    drop(receiver);
    assert!(sender.is_closed());
    assert_eq!(sender.send(5), Err(5));

    let value = Arc::new(());
    let (sender, receiver) = oneshot::channel();
    sender.send(Arc::clone(&value)).expect("it is there");
    assert_eq!(Arc::strong_count(&value), 2);
    drop(receiver);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn polled_again_it_returns_an_error() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).expect("it is there");
    assert_eq!(poll(&mut receiver, Waker::noop()), Poll::Ready(Ok(1)));
    assert_eq!(poll(&mut receiver, Waker::noop()), Poll::Ready(Err(RecvError)));
}
