//! Exercises of the chapter "04 spawn_blocking": `stubs/04_spawn_blocking.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/04_spawn_blocking.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/04_spawn_blocking.rs")]
mod ch04_spawn_blocking;

use std::task::{Context, Poll};
use std::thread;

use ch04_spawn_blocking::{Slot, oneshot};
use exercises::{Calls, ends};
use futures_lite::future::block_on;

#[test]
fn exercise_1_the_value_comes_over() {
    let received = ends("the value was sent, and the receiver sleeps", || {
        let (sender, receiver) = oneshot();
        let thread = thread::spawn(move || sender.send("hello"));
        let received = block_on(receiver);
        thread.join().expect("it sends");
        received
    });
    assert_eq!(received, Some("hello"));
    let (sender, receiver) = oneshot();
    sender.send(7);
    assert_eq!(block_on(receiver), Some(7), "it was sent before anybody asked");
}

#[test]
fn exercise_1_a_sender_that_goes_is_noticed() {
    let received = ends("the sender has gone, and the receiver waits for ever", || {
        let (sender, receiver) = oneshot::<u32>();
        let thread = thread::spawn(move || drop(sender));
        let received = block_on(receiver);
        thread.join().expect("it goes");
        received
    });
    assert_eq!(received, None);
}

#[test]
fn exercise_2_an_outcome_in_the_gap_is_not_missed() {
    let slot = Slot::default();
    let (calls, waker) = Calls::waker();
    let mut cx = Context::from_waker(&waker);
    let answer = slot.poll(&mut cx, || slot.put(7));
    let heard = answer.is_ready() || calls.count() > 0;
    assert!(heard, "the outcome came during the poll: it was not seen, and nobody will be woken");
    if answer.is_pending() {
        assert_eq!(slot.poll(&mut cx, || {}), Poll::Ready(7));
    }
}
