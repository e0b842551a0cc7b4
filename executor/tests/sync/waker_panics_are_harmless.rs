//! A panicking waker affects neither the caller that wakes nor the other waiters.

use std::task::{Poll, Waker};

use executor::sync::{Mutex, broadcast, mpsc, oneshot};

use crate::support::{Count, panicking, poll};

#[test]
fn in_a_broadcast() {
    let (sender, mut first) = broadcast::channel(1);
    let (mut second, mut third) = (sender.subscribe(), sender.subscribe());
    let (woken, waker) = Count::new();
    let (mut one, mut two, mut three) = (first.recv(), second.recv(), third.recv());
    assert!(poll(&mut one, &panicking()).is_pending());
    assert!(poll(&mut two, &waker).is_pending());
    assert!(poll(&mut three, &panicking()).is_pending());
    assert_eq!(sender.send(1), Ok(3));
    assert_eq!(woken.wakes(), 1);
    assert_eq!(poll(&mut one, Waker::noop()), Poll::Ready(Ok(1)));
}

#[test]
fn in_the_end_of_a_receiver() {
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send(0).expect("room");
    let (woken, waker) = Count::new();
    let (mut one, mut two) = (sender.send(1), sender.send(2));
    assert!(poll(&mut one, &panicking()).is_pending());
    assert!(poll(&mut two, &waker).is_pending());
    drop(receiver);
    assert_eq!(woken.wakes(), 1);
}

#[test]
fn in_a_send_an_unlock_and_a_oneshot() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut recv = receiver.recv();
    assert!(poll(&mut recv, &panicking()).is_pending());
    assert_eq!(sender.try_send(1), Ok(()));
    assert_eq!(poll(&mut recv, Waker::noop()), Poll::Ready(Some(1)));

    let mutex = Mutex::new(());
    let held = mutex.try_lock();
    let (mut one, mut two) = (mutex.lock(), mutex.lock());
    let (woken, waker) = Count::new();
    assert!(poll(&mut one, &panicking()).is_pending());
    assert!(poll(&mut two, &waker).is_pending());
    drop(held);
    drop(one);
    assert_eq!(woken.wakes(), 1);

    let (sender, mut receiver) = oneshot::channel();
    assert!(poll(&mut receiver, &panicking()).is_pending());
    assert_eq!(sender.send(1), Ok(()));
    let (sender, mut receiver) = oneshot::channel::<()>();
    assert!(poll(&mut receiver, &panicking()).is_pending());
    drop(sender);
}
