//! Room that is reserved is its owner's: nobody sends into it, nobody overtakes it, and it is never lost.

use std::sync::Arc;
use std::task::{Poll, Waker};

use executor::sync::mpsc::{self, Permit, SendError, TryRecvError, TrySendError};

use crate::support::{Count, OnDrop, comes_to_an_end, poll};

fn ready<T, E: std::fmt::Debug>(polled: Poll<Result<T, E>>) -> T {
    match polled {
        Poll::Ready(result) => result.expect("the channel is open"),
        Poll::Pending => panic!("there is room"),
    }
}

#[test]
fn reserved_room_is_taken_by_no_other() {
    let (sender, mut receiver) = mpsc::channel(2);
    let permit = ready(poll(&mut sender.reserve(), Waker::noop()));
    assert_eq!((sender.capacity(), sender.max_capacity()), (1, 2));
    sender.try_send(1).expect("the other place");
    assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
    assert!(matches!(sender.try_reserve(), Err(TrySendError::Full(()))));
    assert_eq!(receiver.try_recv(), Ok(1));
    permit.send(3);
    assert_eq!(receiver.try_recv(), Ok(3));
    assert_eq!(sender.capacity(), 2);
}

/// A `reserve` waits in the same list as a `send`.
#[test]
fn reserves_and_sends_wait_in_one_order() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).expect("room");
    let (woken, waker) = Count::new();
    let mut reserve = sender.reserve();
    let mut send = sender.send(2);
    assert!(poll(&mut reserve, &waker).is_pending());
    assert!(poll(&mut send, Waker::noop()).is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!(woken.wakes(), 1, "the first in the list");
    assert!(poll(&mut send, Waker::noop()).is_pending(), "the room is promised to the other");
    ready(poll(&mut reserve, &waker)).send(1);
    assert_eq!(receiver.try_recv(), Ok(1));
    ready(poll(&mut send, Waker::noop()));
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn a_dropped_permit_passes_its_room_on() {
    let (sender, mut receiver) = mpsc::channel(1);
    let permit = sender.try_reserve().expect("room");
    let (woken, waker) = Count::new();
    let mut send = sender.send(1);
    assert!(poll(&mut send, &waker).is_pending());
    drop(permit);
    assert_eq!(woken.wakes(), 1);
    ready(poll(&mut send, &waker));
    assert_eq!(receiver.try_recv(), Ok(1));
    drop(sender.try_reserve().expect("room again"));
    assert_eq!(sender.capacity(), 1, "no waiter: it is free");
}

/// Also where the promise was withdrawn, or its owner gives up.
#[test]
fn a_reserve_that_is_dropped_has_reserved_nothing() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).expect("room");
    let mut reserve = sender.reserve();
    assert!(poll(&mut reserve, Waker::noop()).is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!(sender.capacity(), 0, "promised");
    drop(reserve);
    assert_eq!(sender.capacity(), 1);
}

#[test]
fn after_close_permits_send_and_nothing_else_does() {
    let (sender, mut receiver) = mpsc::channel(3);
    let (first, second) = (sender.try_reserve().expect("room"), sender.try_reserve().expect("room"));
    sender.try_send("queued").expect("room");
    let (woken, waker) = Count::new();
    let (mut send, mut reserve) = (sender.send("waits"), sender.reserve());
    assert!(poll(&mut send, &waker).is_pending() && poll(&mut reserve, &waker).is_pending());

    receiver.close();
    assert_eq!(woken.wakes(), 2);
    assert_eq!(poll(&mut send, &waker), Poll::Ready(Err(SendError("waits"))));
    assert!(matches!(poll(&mut reserve, &waker), Poll::Ready(Err(SendError(())))));
    assert_eq!(sender.try_send("new"), Err(TrySendError::Closed("new")));
    assert!(matches!(sender.try_reserve(), Err(TrySendError::Closed(()))));
    assert!(sender.is_closed() && receiver.is_closed());
    receiver.close(); // Twice is as once.

    assert_eq!(receiver.try_recv(), Ok("queued"));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty), "there are permits");
    first.send("reserved");
    assert_eq!(receiver.try_recv(), Ok("reserved"));
    let (woken, waker) = Count::new();
    assert!(poll(&mut receiver.recv(), &waker).is_pending());
    let mut recv = receiver.recv();
    assert!(poll(&mut recv, &waker).is_pending());
    drop(second);
    assert_eq!(woken.wakes(), 1, "the last permit ends the wait");
    assert_eq!(poll(&mut recv, &waker), Poll::Ready(None));
    drop(recv);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

/// A send to which room was promised, and which was not polled since, finds the channel closed: its value comes back,
/// and its room is nobody's.
#[test]
fn close_withdraws_promises() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).expect("room");
    let mut send = sender.send(1);
    let mut second = sender.send(2);
    assert!(poll(&mut send, Waker::noop()).is_pending() && poll(&mut second, Waker::noop()).is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    receiver.close();
    assert_eq!(poll(&mut send, Waker::noop()), Poll::Ready(Err(SendError(1))));
    drop(second);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected), "nothing is left to wait for");
    assert_eq!(sender.capacity(), 1);
}

/// A value that a permit sends to nobody is dropped, and may use the channel in its drop.
#[test]
fn a_permit_of_a_gone_receiver_drops_its_value() {
    comes_to_an_end(|| {
        let (sender, receiver) = mpsc::channel(2);
        let (sender, dropped) = (Arc::new(sender), Arc::new(()));
        let permit = sender.try_reserve().expect("room");
        drop(receiver);
        let (in_drop, held) = (Arc::clone(&sender), Arc::clone(&dropped));
        permit.send(OnDrop(Box::new(move || {
            let _ = (in_drop.is_closed(), &held);
        }) as Box<dyn Fn() + Send + Sync>));
        assert_eq!(Arc::strong_count(&dropped), 1);
    });
}

#[test]
fn a_permit_may_go_to_another_thread() {
    let (sender, mut receiver) = mpsc::channel(1);
    std::thread::scope(|scope| {
        let permit: Permit<'_, u32> = sender.try_reserve().expect("room");
        scope.spawn(move || permit.send(7));
    });
    assert_eq!(receiver.try_recv(), Ok(7));
}
