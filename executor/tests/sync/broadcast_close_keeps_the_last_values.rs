//! Closing loses no value, and leaves no receiver waiting: neither slow, nor late, nor waiting ones.

use std::task::{Poll, Waker};

use executor::sync::broadcast::{self, RecvError, SendError, TryRecvError};
use futures_lite::future::block_on;

use crate::support::{Count, comes_to_an_end, poll};

#[test]
fn close_does_not_eat_the_last_values() {
    let (sender, mut receiver) = broadcast::channel(4);
    let other = sender.clone();
    sender.send("one").expect("a receiver");
    drop(sender);
    other.send("two").expect("a receiver");
    drop(other);
    assert_eq!(block_on(receiver.recv()), Ok("one"));
    assert_eq!(block_on(receiver.recv()), Ok("two"));
    assert_eq!(block_on(receiver.recv()), Err(RecvError::Closed));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn close_after_a_lag_still_says_what_was_missed() {
    let (sender, mut receiver) = broadcast::channel(1);
    for number in 0..3 {
        sender.send(number).expect("a receiver");
    }
    drop(sender);
    assert_eq!(block_on(receiver.recv()), Err(RecvError::Lagged(2)));
    assert_eq!(block_on(receiver.recv()), Ok(2));
    assert_eq!(block_on(receiver.recv()), Err(RecvError::Closed));
}

#[test]
fn close_wakes_every_waiter() {
    let (sender, mut receiver) = broadcast::channel::<()>(1);
    let mut second = sender.subscribe();
    let (woken, waker) = Count::new();
    let (mut one, mut two) = (receiver.recv(), second.recv());
    assert!(poll(&mut one, &waker).is_pending());
    assert!(poll(&mut two, &waker).is_pending());
    drop(sender.clone());
    assert_eq!(woken.wakes(), 0, "it was not the last sender");
    drop(sender);
    assert_eq!(woken.wakes(), 2);
    assert_eq!(poll(&mut one, &waker), Poll::Ready(Err(RecvError::Closed)));
    assert_eq!(poll(&mut two, &waker), Poll::Ready(Err(RecvError::Closed)));
}

#[test]
fn a_resubscriber_to_a_closed_channel_does_not_hang() {
    comes_to_an_end(|| {
        let (sender, mut receiver) = broadcast::channel(4);
        sender.send(1).expect("a receiver");
        let mut behind = receiver.resubscribe();
        drop(sender);
        let mut late = receiver.resubscribe();
        assert_eq!(block_on(late.recv()), Err(RecvError::Closed));
        assert_eq!(block_on(behind.recv()), Err(RecvError::Closed));
        assert_eq!(block_on(receiver.recv()), Ok(1), "the receiver still gets its value");
        assert_eq!(block_on(receiver.recv()), Err(RecvError::Closed));
    });
}

#[test]
fn a_subscriber_gets_what_is_sent_from_now_on() {
    let (sender, receiver) = broadcast::channel(4);
    sender.send(1).expect("a receiver");
    let mut late = sender.subscribe();
    assert_eq!(sender.receiver_count(), 2);
    sender.send(2).expect("receivers");
    assert_eq!(late.try_recv(), Ok(2));
    drop(receiver);
    assert_eq!(sender.receiver_count(), 1);
    drop(late);
    assert_eq!(sender.receiver_count(), 0);
    assert_eq!(sender.send(3), Err(SendError(3)));
    let mut again = sender.subscribe();
    assert_eq!(sender.send(4), Ok(1));
    assert_eq!(again.try_recv(), Ok(4));
}

/// A receive is dropped, and its receiver then reads: its next wait is a new one.
#[test]
fn a_receiver_waits_anew_after_giving_up() {
    let (sender, mut receiver) = broadcast::channel(2);
    let (woken, waker) = Count::new();
    assert!(poll(&mut receiver.recv(), Waker::noop()).is_pending());
    let mut recv = receiver.recv();
    assert!(poll(&mut recv, &waker).is_pending());
    sender.send(1).expect("a receiver");
    assert_eq!(woken.wakes(), 1);
    drop(recv);
    assert_eq!(receiver.try_recv(), Ok(1), "it was woken, gave up, and lost nothing");
}
