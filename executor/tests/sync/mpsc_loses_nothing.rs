//! Every value that is sent is received once, in its sender's order. Every other value is returned.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::thread;

use executor::sync::mpsc::{self, SendError, TryRecvError, TrySendError};
use futures_lite::StreamExt;
use futures_lite::future::block_on;

use crate::support::{Count, comes_to_an_end, poll};

/// Four senders drop some of their sends after one poll. `poll` has returned whether the value was sent.
#[test]
fn sends_that_are_given_up_lose_nothing() {
    const EACH: usize = 3000;
    for capacity in [1, 3] {
        comes_to_an_end(move || {
            let (sender, mut receiver) = mpsc::channel(capacity);
            let threads: Vec<_> = (0..4)
                .map(|name| {
                    let sender = sender.clone();
                    thread::spawn(move || {
                        let mut sent = Vec::new();
                        for number in 0..EACH {
                            if number % 3 == 0 {
                                let mut send = sender.send((name, number));
                                if poll(&mut send, Waker::noop()).is_ready() {
                                    sent.push(number);
                                }
                            } else {
                                block_on(sender.send((name, number))).expect("it is there");
                                sent.push(number);
                            }
                        }
                        sent
                    })
                })
                .collect();
            drop(sender);
            let mut received = vec![Vec::new(); 4];
            while let Some((name, number)) = block_on(receiver.recv()) {
                let name: usize = name;
                received[name].push(number);
            }
            for (thread, received) in threads.into_iter().zip(received) {
                assert_eq!(thread.join().expect("no panic"), received);
            }
        });
    }
}

#[test]
fn receives_that_are_given_up_lose_nothing() {
    comes_to_an_end(|| {
        const ALL: usize = 5000;
        let (sender, mut receiver) = mpsc::channel(2);
        let sending = thread::spawn(move || {
            for number in 0..ALL {
                block_on(sender.send(number)).expect("it is there");
            }
        });
        let mut received = Vec::new();
        loop {
            if let Poll::Ready(value) = poll(&mut receiver.recv(), Waker::noop()) {
                received.extend(value);
            }
            match block_on(receiver.recv()) {
                Some(value) => received.push(value),
                None => break,
            }
        }
        sending.join().expect("no panic");
        assert!(received.into_iter().eq(0..ALL));
    });
}

#[test]
fn it_holds_its_capacity_and_senders_wait_in_order() {
    let (sender, mut receiver) = mpsc::channel(2);
    let other = sender.clone();
    sender.try_send(1).expect("room");
    assert_eq!(poll(&mut other.send(2), Waker::noop()), Poll::Ready(Ok(())));
    assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
    let mut third = sender.send(3);
    let mut fourth = other.send(4);
    assert!(poll(&mut third, Waker::noop()).is_pending());
    assert!(poll(&mut fourth, Waker::noop()).is_pending());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(poll(&mut fourth, Waker::noop()).is_pending(), "not its turn");
    assert!(poll(&mut third, Waker::noop()).is_ready());
    assert_eq!(receiver.try_recv(), Ok(2));
    assert!(poll(&mut fourth, Waker::noop()).is_ready());
    assert_eq!(receiver.try_recv(), Ok(3));
    assert_eq!(receiver.try_recv(), Ok(4));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn the_last_sender_to_go_ends_it_after_what_is_queued() {
    let (sender, mut receiver) = mpsc::channel(4);
    let other = sender.clone();
    other.try_send("last").expect("room");
    drop(sender);
    drop(other);
    assert_eq!(block_on(receiver.next()), Some("last"));
    assert_eq!(block_on(receiver.next()), None);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));

    let (sender, mut receiver) = mpsc::channel::<()>(4);
    let (woken, waker) = Count::new();
    let mut recv = receiver.recv();
    assert!(poll(&mut recv, &waker).is_pending());
    drop(sender.clone());
    assert_eq!(woken.wakes(), 0);
    drop(sender);
    assert_eq!(woken.wakes(), 1);
    assert_eq!(poll(&mut recv, &waker), Poll::Ready(None));
}

#[test]
fn a_receiver_that_goes_frees_the_queue_and_wakes_the_senders() {
    let value = Arc::new(());
    let (sender, receiver) = mpsc::channel(2);
    sender.try_send(Arc::clone(&value)).expect("room");
    sender.try_send(Arc::clone(&value)).expect("room");
    let (woken, waker) = Count::new();
    let mut waiting = sender.send(Arc::clone(&value));
    assert!(poll(&mut waiting, &waker).is_pending());
    assert_eq!(Arc::strong_count(&value), 4);
    drop(receiver);
    assert_eq!(Arc::strong_count(&value), 2, "only the value of the waiting send");
    assert_eq!(woken.wakes(), 1);
    let Poll::Ready(Err(SendError(back))) = poll(&mut waiting, &waker) else {
        panic!("the receiver is gone");
    };
    assert!(Arc::ptr_eq(&back, &value));
    assert!(sender.is_closed());
    assert!(matches!(sender.try_send(back), Err(TrySendError::Closed(_))));
}

/// A send that is polled again after it was ready has no value to send, and takes no room.
#[test]
fn a_send_that_was_ready_takes_no_more_room() {
    let (sender, mut receiver) = mpsc::channel(1);
    let (woken, waker) = Count::new();
    let mut first = Box::pin(sender.send(1));
    assert!(poll(&mut first, &waker).is_ready());
    assert!(poll(&mut first, &waker).is_ready());
    let mut second = Box::pin(sender.send(2));
    assert!(poll(&mut second, &waker).is_pending());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(woken.wakes(), 1, "there is room");
    assert!(poll(&mut second, &waker).is_ready());
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn a_hundred_pushes_wake_once() {
    let (sender, mut receiver) = mpsc::channel(100);
    let (woken, waker) = Count::new();
    assert!(poll(&mut receiver.next(), &waker).is_pending());
    for number in 0..100 {
        sender.try_send(number).expect("room");
    }
    assert_eq!(woken.wakes(), 1);
}

/// The wake comes from another thread each time: a lost one would hang this test.
#[test]
fn ping_pong_never_loses_a_wake() {
    comes_to_an_end(|| {
        let (ping, mut pinged) = mpsc::channel(1);
        let (pong, mut ponged) = mpsc::channel(1);
        let rounds = Arc::new(AtomicUsize::new(0));
        let sending = thread::spawn({
            let rounds = Arc::clone(&rounds);
            move || {
                while let Some(number) = block_on(pinged.recv()) {
                    rounds.fetch_add(1, Ordering::SeqCst);
                    block_on(pong.send(number)).expect("it is there");
                }
            }
        });
        for number in 0..2000 {
            block_on(ping.send(number)).expect("it is there");
            assert_eq!(block_on(ponged.recv()), Some(number));
        }
        drop(ping);
        sending.join().expect("no panic");
        assert_eq!(rounds.load(Ordering::SeqCst), 2000);
    });
}

#[test]
#[should_panic(expected = "capacity")]
fn a_capacity_of_zero_panics() {
    let _ = mpsc::channel::<()>(0);
}
