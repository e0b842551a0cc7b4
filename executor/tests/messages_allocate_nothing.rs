//! In a steady state neither a message nor a wait allocates. A broadcast allocates its value's `Arc`, and one
//! list for the receivers that it wakes.
#![cfg(not(loom))]

#[path = "../../tests/shared/counting.rs"]
mod counting;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use executor::sync::{Mutex, broadcast, mpsc};

use counting::ALLOCATIONS;

/// How often `round` allocates, once it has run often enough for its memory to be allocated.
fn allocations(rounds: usize, mut round: impl FnMut()) -> usize {
    for _ in 0..100 {
        round();
    }
    let before = ALLOCATIONS.get();
    for _ in 0..rounds {
        round();
    }
    ALLOCATIONS.get() - before
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_message_with_a_wait_on_both_sides() {
    let (sender, mut receiver) = mpsc::channel(1);
    let count = allocations(1000, || {
        assert!(poll(&mut receiver.recv()).is_pending());
        assert!(poll(&mut sender.send(1)).is_ready());
        let mut waiting = sender.send(2);
        assert!(poll(&mut waiting).is_pending());
        assert_eq!(receiver.try_recv(), Ok(1));
        assert!(poll(&mut waiting).is_ready());
        assert_eq!(receiver.try_recv(), Ok(2));
    });
    assert_eq!(count, 0);
}

#[test]
fn a_lock_that_is_waited_for() {
    let mutex = Mutex::new(());
    let count = allocations(1000, || {
        let held = mutex.try_lock().expect("free");
        let (mut one, mut two) = (mutex.lock(), mutex.lock());
        assert!(poll(&mut one).is_pending());
        assert!(poll(&mut two).is_pending());
        drop(held);
        assert!(poll(&mut one).is_ready());
        assert!(poll(&mut two).is_ready());
    });
    assert_eq!(count, 0);
}

#[test]
fn a_broadcast_allocates_once_and_once_more_to_wake() {
    let (sender, mut receiver) = broadcast::channel(1000);
    let count = allocations(1000, || {
        sender.send(1).expect("a receiver");
        assert_eq!(receiver.try_recv(), Ok(1));
    });
    assert_eq!(count, 1000);
    let count = allocations(1000, || {
        let mut waiting = receiver.recv();
        assert!(poll(&mut waiting).is_pending());
        sender.send(1).expect("a receiver");
        assert_eq!(poll(&mut waiting), Poll::Ready(Ok(1)));
    });
    assert_eq!(count, 2000);
}

/// A thousand unused channels of a large capacity.
#[test]
fn an_unused_channel_has_no_buffer() {
    let before = ALLOCATIONS.get();
    let channels: Vec<_> = (0..1000).map(|_| broadcast::channel::<u64>(1 << 20)).collect();
    let pipes: Vec<_> = (0..1000).map(|_| mpsc::channel::<u64>(1 << 20)).collect();
    assert_eq!(ALLOCATIONS.get() - before, 2002, "one each, and the two lists of this test");
    drop((channels, pipes));
}
