//! A waiter that was woken for a lock, room or a value and then gives up passes it on, and leaves nothing
//! behind.

use std::sync::Arc;
use std::task::Waker;

use executor::sync::{Mutex, broadcast, mpsc, oneshot};
use futures_lite::StreamExt;

use crate::support::{Count, poll};

#[test]
fn a_lock_handed_to_a_cancelled_waiter_goes_to_the_next() {
    let mutex = Mutex::new(());
    let held = mutex.try_lock().expect("free");
    let (woken, waker) = Count::new();
    let mut first = mutex.lock();
    let mut second = mutex.lock();
    assert!(poll(&mut first, Waker::noop()).is_pending());
    assert!(poll(&mut second, &waker).is_pending());
    drop(held);
    assert_eq!(woken.wakes(), 0);
    drop(first);
    assert_eq!(woken.wakes(), 1);
    assert!(poll(&mut second, &waker).is_ready());
}

/// The wait of a stream is not that of a `recv` that was never polled.
#[test]
fn a_receive_that_was_not_polled_takes_nothing_from_a_stream() {
    let (sender, mut receiver) = broadcast::channel(1);
    let (woken, waker) = Count::new();
    assert!(poll(&mut receiver.next(), &waker).is_pending());
    drop(receiver.recv());
    sender.send(1).expect("a receiver");
    assert_eq!(woken.wakes(), 1);
    let (sender, mut receiver) = mpsc::channel(1);
    assert!(poll(&mut receiver.next(), &waker).is_pending());
    drop(receiver.recv());
    sender.try_send(1).expect("room");
    assert_eq!(woken.wakes(), 2);
}

#[test]
fn a_lock_that_all_have_given_up_is_free() {
    let mutex = Mutex::new(());
    for give_up_early in [true, false] {
        let held = mutex.try_lock().expect("free");
        let mut waiter = mutex.lock();
        assert!(poll(&mut waiter, Waker::noop()).is_pending());
        if give_up_early {
            drop(waiter);
            drop(held);
        } else {
            drop(held);
            drop(waiter);
        }
        assert!(mutex.try_lock().is_some());
    }
}

#[test]
fn room_promised_to_a_cancelled_sender_goes_to_the_next() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).expect("room");
    let (woken, waker) = Count::new();
    let mut first = sender.send(1);
    let mut second = sender.send(2);
    assert!(poll(&mut first, Waker::noop()).is_pending());
    assert!(poll(&mut second, &waker).is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!(sender.try_send(9), Err(mpsc::TrySendError::Full(9)), "the room is promised");
    assert_eq!(woken.wakes(), 0);
    drop(first);
    assert_eq!(woken.wakes(), 1);
    assert!(poll(&mut second, &waker).is_ready());
    assert_eq!(receiver.try_recv(), Ok(2));
    assert_eq!(sender.try_send(3), Ok(()), "no promise is left over");
}

/// A waker that stayed in a channel would keep its task alive, and would be woken without a reason.
#[test]
fn a_receive_that_is_given_up_leaves_no_waker_behind() {
    let (count, waker) = Count::new();
    let alone = Arc::strong_count(&count);

    let (_sender, mut receiver) = mpsc::channel::<()>(1);
    let mut recv = receiver.recv();
    assert!(poll(&mut recv, &waker).is_pending());
    assert_eq!(Arc::strong_count(&count), alone + 1);
    drop(recv);
    assert_eq!(Arc::strong_count(&count), alone);

    let (sender, mut receiver) = broadcast::channel::<()>(1);
    for _ in 0..3 {
        let mut recv = receiver.recv();
        assert!(poll(&mut recv, &waker).is_pending());
        assert!(poll(&mut recv, &waker).is_pending());
        assert_eq!(Arc::strong_count(&count), alone + 1);
    }
    assert_eq!(Arc::strong_count(&count), alone);
    drop(sender);

    let (_sender, mut receiver) = oneshot::channel::<()>();
    assert!(poll(&mut receiver, &waker).is_pending());
    drop(receiver);
    assert_eq!(Arc::strong_count(&count), alone);

    let mutex = Mutex::new(());
    let held = mutex.try_lock();
    let mut lock = mutex.lock();
    assert!(poll(&mut lock, &waker).is_pending());
    drop(lock);
    assert_eq!(Arc::strong_count(&count), alone);
    drop(held);

    let (sender, _receiver) = mpsc::channel(1);
    sender.try_send(()).expect("room");
    let mut send = sender.send(());
    assert!(poll(&mut send, &waker).is_pending());
    drop(send);
    assert_eq!(Arc::strong_count(&count), alone);
    assert_eq!(count.wakes(), 0);
}
