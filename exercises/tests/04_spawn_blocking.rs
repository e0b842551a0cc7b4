//! Exercises of the chapter "04 spawn_blocking": `stubs/04_spawn_blocking.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/04_spawn_blocking.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/04_spawn_blocking.rs")]
mod ch04_spawn_blocking;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use ch04_spawn_blocking::{Slot, oneshot};
use exercises::{Calls, PolledByWaker, ends};
use futures_lite::future::block_on;

#[test]
fn exercise_1_the_value_comes_over() {
    let received = ends("the value was sent, but the receiver sleeps", || {
        let (sender, receiver) = oneshot();
        let thread = thread::spawn(move || sender.send("hello"));
        let received = block_on(receiver);
        thread.join().expect("it sends");
        received
    });
    assert_eq!(received, Some("hello"));
    let (sender, receiver) = oneshot();
    sender.send(7);
    assert_eq!(block_on(receiver), Some(7), "it was sent before the first poll");
}

#[test]
fn exercise_1_a_receiver_that_waits_is_woken() {
    for value in [Some(7), None] {
        let (sender, mut receiver) = oneshot();
        let (first_calls, first) = Calls::waker();
        let (calls, waker) = Calls::waker();
        assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&first)).is_pending());
        assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker)).is_pending());
        match value {
            Some(value) => sender.send(value),
            None => drop(sender),
        }
        assert!(calls.count() > 0, "the receiver waits for {value:?}, and is not woken");
        assert_eq!(first_calls.count(), 0, "the task that polled first no longer has the receiver");
        assert_eq!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker)), Poll::Ready(value));
    }
}

#[test]
fn exercise_1_the_waker_is_called_without_the_lock() {
    ends("the waker polls the receiver, and is called while its lock is held", || {
        let (sender, receiver) = oneshot();
        let receiver = PolledByWaker::begin(receiver);
        sender.send(7);
        assert_eq!(receiver.output(), Some(Some(7)));
    });
}

#[test]
fn exercise_1_a_sender_that_goes_is_noticed() {
    let received = ends("the sender was dropped, but the receiver waits forever", || {
        let (sender, receiver) = oneshot::<u32>();
        let thread = thread::spawn(move || drop(sender));
        let received = block_on(receiver);
        thread.join().expect("it drops the sender");
        received
    });
    assert_eq!(received, None);
}

#[test]
fn exercise_2_an_outcome_in_the_gap_is_not_missed() {
    ends("the lock is held during the pause, and the outcome cannot come", || {
        let slot = Slot::default();
        let (calls, waker) = Calls::waker();
        let mut cx = Context::from_waker(&waker);
        let polled = slot.poll(&mut cx, || slot.put(7));
        let noticed = polled.is_ready() || calls.count() > 0;
        assert!(noticed, "the outcome came during the poll: it was not seen, and the task will not be woken");
        if polled.is_pending() {
            assert_eq!(slot.poll(&mut cx, || {}), Poll::Ready(7));
        }
    });
}
