//! A panicking waker affects neither the caller that wakes nor the other waiters.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Poll, Waker};

use executor::sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};

use crate::support::{Count, OnDrop, panicking, poll};

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

/// The drop of a waker may panic too. The waiters behind the one that gives up already have their permits.
#[test]
fn in_the_end_of_a_waiter_for_permits() {
    let semaphore = Semaphore::new(3);
    let (woken, waker) = Count::new();
    let (mut many, mut few) = (semaphore.acquire_many(5), semaphore.acquire_many(2));
    assert!(poll(&mut many, &OnDrop::waker(|| std::panic::resume_unwind(Box::new("a drop")))).is_pending());
    assert!(poll(&mut few, &waker).is_pending());
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(many)));
    assert!(dropped.is_err(), "the drop of the waker did not panic");
    assert_eq!(woken.wakes(), 1);
    assert!(matches!(poll(&mut few, &waker), Poll::Ready(Ok(_))));
}

#[test]
fn in_a_release_a_close_and_an_unlock() {
    let semaphore = Semaphore::new(0);
    let (woken, waker) = Count::new();
    let (mut one, mut two) = (semaphore.acquire(), semaphore.acquire());
    assert!(poll(&mut one, &panicking()).is_pending() && poll(&mut two, &waker).is_pending());
    semaphore.add_permits(2);
    assert_eq!(woken.wakes(), 1);
    assert!(matches!(poll(&mut two, &waker), Poll::Ready(Ok(_))));
    drop(one);
    assert_eq!(semaphore.available_permits(), 2);
    let (mut one, mut two) = (semaphore.acquire_many(3), semaphore.acquire_many(3));
    assert!(poll(&mut one, &panicking()).is_pending() && poll(&mut two, &waker).is_pending());
    semaphore.close();
    assert_eq!(woken.wakes(), 2);

    let lock = RwLock::new(());
    let writing = lock.try_write();
    let (mut one, mut two) = (Box::pin(lock.read()), Box::pin(lock.read()));
    assert!(poll(&mut one, &panicking()).is_pending() && poll(&mut two, &waker).is_pending());
    drop(writing);
    assert_eq!(woken.wakes(), 3);
}

#[test]
fn in_a_notice_a_change_and_a_meeting() {
    let (woken, waker) = Count::new();
    let notify = Notify::new();
    let (mut one, mut two) = (notify.notified(), notify.notified());
    assert!(poll(&mut one, &panicking()).is_pending() && poll(&mut two, &waker).is_pending());
    notify.notify_one();
    notify.notify_waiters();
    assert_eq!(woken.wakes(), 1);

    let (sender, mut first) = watch::channel(0);
    let mut second = sender.subscribe();
    let (mut one, mut two) = (Box::pin(first.changed()), Box::pin(second.changed()));
    assert!(poll(&mut one, &panicking()).is_pending() && poll(&mut two, &waker).is_pending());
    assert_eq!(sender.send(1), Ok(()));
    assert_eq!(woken.wakes(), 2);
    drop((one, two));
    let mut one = Box::pin(first.changed());
    assert!(poll(&mut one, Waker::noop()).is_ready());
    drop(one);
    let (mut one, mut two) = (Box::pin(first.changed()), Box::pin(second.changed()));
    assert!(poll(&mut one, &panicking()).is_pending());
    assert!(poll(&mut two, &waker).is_ready(), "it has not seen the change");
    drop(two);
    let mut two = Box::pin(second.changed());
    assert!(poll(&mut two, &waker).is_pending());
    drop(sender);
    assert_eq!(woken.wakes(), 3);

    let barrier = Barrier::new(3);
    let (mut one, mut two, mut three) = (barrier.wait(), barrier.wait(), barrier.wait());
    assert!(poll(&mut one, &panicking()).is_pending() && poll(&mut two, &waker).is_pending());
    assert!(poll(&mut three, Waker::noop()).is_ready());
    assert_eq!(woken.wakes(), 4);
}
