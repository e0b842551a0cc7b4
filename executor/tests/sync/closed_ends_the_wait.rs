//! `closed` ends when the other side goes, for each that waits, and however it goes; one that gives up leaves nothing.

use std::sync::Arc;
use std::task::{Poll, Waker};

use executor::sync::{broadcast, mpsc, oneshot};

use crate::support::{Count, poll};

#[test]
fn mpsc_senders_are_told_of_a_close_and_of_a_drop() {
    for closes in [true, false] {
        let (sender, mut receiver) = mpsc::channel::<u32>(1);
        let other = sender.clone();
        let (woken, waker) = Count::new();
        let (mut one, mut two) = (sender.closed(), other.closed());
        assert!(poll(&mut one, &waker).is_pending() && poll(&mut two, &waker).is_pending());
        sender.try_send(1).expect("room");
        assert_eq!(receiver.try_recv(), Ok(1));
        assert_eq!(woken.wakes(), 0, "a receive is no end");
        if closes {
            receiver.close();
        } else {
            drop(receiver);
        }
        assert_eq!(woken.wakes(), 2);
        assert!(poll(&mut one, &waker).is_ready() && poll(&mut two, &waker).is_ready());
        assert!(poll(&mut sender.closed(), Waker::noop()).is_ready(), "it stays so");
    }
}

#[test]
fn an_unbounded_sender_is_told_too() {
    let (sender, receiver) = mpsc::unbounded_channel::<u32>();
    let (woken, waker) = Count::new();
    let mut closed = sender.closed();
    assert!(poll(&mut closed, &waker).is_pending());
    drop(receiver);
    assert_eq!((woken.wakes(), poll(&mut closed, &waker)), (1, Poll::Ready(())));
}

#[test]
fn a_oneshot_sender_is_told_of_a_close_and_of_a_drop() {
    for closes in [true, false] {
        let (mut sender, mut receiver) = oneshot::channel::<u32>();
        let (woken, waker) = Count::new();
        let mut closed = sender.closed();
        assert!(poll(&mut closed, &waker).is_pending());
        if closes {
            receiver.close();
        } else {
            drop(receiver);
        }
        assert_eq!((woken.wakes(), poll(&mut closed, &waker)), (1, Poll::Ready(())));
        drop(closed);
        assert_eq!(sender.send(1), Err(1));
    }
}

/// Both ends of a oneshot wait for each other: each is woken by what the other does, and by that alone.
#[test]
fn both_ends_of_a_oneshot_may_wait() {
    let (mut sender, mut receiver) = oneshot::channel();
    let ((to_send, sends), (to_receive, receives)) = (Count::new(), Count::new());
    let mut closed = sender.closed();
    assert!(poll(&mut closed, &sends).is_pending());
    assert!(poll(&mut receiver, &receives).is_pending());
    drop(closed);
    assert_eq!(Arc::strong_count(&to_send), 2, "`closed` leaves no waker behind");
    assert_eq!(sender.send(7), Ok(()));
    assert_eq!((to_send.wakes(), to_receive.wakes()), (0, 1));
    assert_eq!(poll(&mut receiver, &receives), Poll::Ready(Ok(7)));
}

#[test]
fn broadcast_senders_wait_for_the_last_receiver() {
    let (sender, first) = broadcast::channel::<u32>(1);
    let second = sender.subscribe();
    let (woken, waker) = Count::new();
    let mut closed = sender.closed();
    assert!(poll(&mut closed, &waker).is_pending());
    drop(first);
    assert_eq!(woken.wakes(), 0);
    drop(second);
    assert_eq!(woken.wakes(), 1);
    let third = sender.subscribe();
    assert!(poll(&mut closed, &waker).is_pending(), "there is a receiver again");
    drop(third);
    assert_eq!((woken.wakes(), poll(&mut closed, &waker)), (2, Poll::Ready(())));
}

#[test]
fn one_that_gives_up_leaves_no_waker() {
    let (count, waker) = Count::new();
    let held = || Arc::strong_count(&count);
    let before = held();
    let (mpsc_sender, _mpsc) = mpsc::channel::<u32>(1);
    let (broadcast_sender, _broadcast) = broadcast::channel::<u32>(1);
    for _ in 0..2 {
        let (mut one, mut two) = (mpsc_sender.closed(), broadcast_sender.closed());
        assert!(poll(&mut one, &waker).is_pending() && poll(&mut two, &waker).is_pending());
        assert_eq!(held(), before + 2);
        drop((one, two));
        assert_eq!(held(), before);
    }
    assert_eq!(count.wakes(), 0);
}

/// A stream of broadcast values keeps its place in the list between its polls, and leaves with the receiver.
#[test]
fn a_broadcast_stream_leaves_no_waker() {
    use futures_lite::Stream;
    let (count, waker) = Count::new();
    let before = Arc::strong_count(&count);
    let (sender, mut receiver) = broadcast::channel::<u32>(2);
    let next = |receiver: &mut broadcast::Receiver<u32>| {
        std::pin::Pin::new(receiver).poll_next(&mut std::task::Context::from_waker(&waker))
    };
    assert!(next(&mut receiver).is_pending() && next(&mut receiver).is_pending());
    assert_eq!(Arc::strong_count(&count), before + 1, "one waker, however often it is polled");
    sender.send(1).expect("a receiver");
    assert_eq!((count.wakes(), next(&mut receiver)), (1, Poll::Ready(Some(Ok(1)))));
    assert!(next(&mut receiver).is_pending());
    assert!(poll(&mut receiver.recv(), Waker::noop()).is_pending());
    assert_eq!(Arc::strong_count(&count), before, "the same place was another waker's, and was left");
    assert!(next(&mut receiver).is_pending());
    drop(receiver);
    assert_eq!(Arc::strong_count(&count), before);
}
