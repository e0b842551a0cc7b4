//! A receiver sees the newest value, and is told of each change that it has not seen.

use std::task::{Poll, Waker};
use std::thread;

use executor::sync::watch::{self, SendError};
use futures_lite::future::block_on;

use crate::support::{Count, comes_to_an_end, poll};

#[test]
fn several_sends_are_one_change() {
    let (sender, mut receiver) = watch::channel(0);
    assert!(poll(&mut Box::pin(receiver.changed()), Waker::noop()).is_pending(), "the first value is seen");
    (1..=3).for_each(|value| sender.send(value).unwrap());
    assert_eq!(receiver.has_changed(), Ok(true));
    assert!(block_on(receiver.changed()).is_ok());
    assert_eq!(*receiver.borrow(), 3);
    assert!(poll(&mut Box::pin(receiver.changed()), Waker::noop()).is_pending());
}

#[test]
fn a_change_wakes_all_receivers() {
    let (sender, mut first) = watch::channel("old");
    let mut second = sender.subscribe();
    let (woken, waker) = Count::new();
    {
        let (mut first, mut second) = (Box::pin(first.changed()), Box::pin(second.changed()));
        assert!(poll(&mut first, &waker).is_pending() && poll(&mut second, &waker).is_pending());
        sender.send("new").unwrap();
        assert_eq!(woken.wakes(), 2);
        assert!(poll(&mut first, &waker).is_ready());
    }
    assert!(second.has_changed().unwrap(), "its future was dropped before it was polled");
    assert_eq!((*first.borrow(), *second.borrow_and_update()), ("new", "new"));
    assert!(!second.has_changed().unwrap());
}

#[test]
fn the_last_value_is_seen_before_the_end() {
    let (sender, mut receiver) = watch::channel(0);
    sender.send(1).unwrap();
    drop(sender);
    assert!(receiver.has_changed().is_err());
    assert!(block_on(receiver.changed()).is_ok());
    assert!(block_on(receiver.changed()).is_err());
    assert_eq!(*receiver.borrow(), 1);
}

#[test]
fn the_last_sender_wakes_the_receivers() {
    let (sender, mut receiver) = watch::channel(0);
    let other = sender.clone();
    let (woken, waker) = Count::new();
    let mut changed = Box::pin(receiver.changed());
    assert!(poll(&mut changed, &waker).is_pending());
    drop(sender);
    assert_eq!(woken.wakes(), 0);
    drop(other);
    assert_eq!(woken.wakes(), 1);
    assert!(matches!(poll(&mut changed, &waker), Poll::Ready(Err(_))));
}

#[test]
fn a_send_without_a_receiver_gives_the_value_back() {
    let (sender, receiver) = watch::channel(1);
    let (woken, waker) = Count::new();
    let mut closed = Box::pin(sender.closed());
    assert!(poll(&mut closed, &waker).is_pending());
    let second = receiver.clone();
    drop(receiver);
    assert_eq!((woken.wakes(), sender.receiver_count()), (0, 1));
    drop(second);
    assert_eq!(woken.wakes(), 1);
    assert!(poll(&mut closed, &waker).is_ready());
    assert_eq!(sender.send(2), Err(SendError(2)));
    assert_eq!(*sender.borrow(), 1);
    assert_eq!(sender.send_replace(3), 1);
    assert_eq!(*sender.subscribe().borrow(), 3);
}

#[test]
fn a_change_that_changes_nothing_wakes_nobody() {
    let (sender, receiver) = watch::channel(1);
    assert!(!sender.send_if_modified(|_| false));
    assert_eq!(receiver.has_changed(), Ok(false));
    let sending = sender.clone();
    let panicked =
        thread::spawn(move || sending.send_modify(|_| std::panic::resume_unwind(Box::new("change"))));
    assert!(panicked.join().is_err());
    assert_eq!((receiver.has_changed(), *receiver.borrow()), (Ok(false), 1));
    sender.send(2).unwrap();
    assert_eq!(*receiver.borrow(), 2);
}

#[test]
fn a_receiver_sees_growing_values_and_the_last() {
    comes_to_an_end(|| {
        let (sender, receiver) = watch::channel(0);
        let threads = [(); 3].map(|()| {
            let mut receiver = receiver.clone();
            thread::spawn(move || {
                let mut last = 0;
                while block_on(receiver.changed()).is_ok() {
                    let now = *receiver.borrow_and_update();
                    assert!(now >= last);
                    last = now;
                }
                last
            })
        });
        (1..=20_000).for_each(|value| sender.send(value).unwrap());
        drop(sender);
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 20_000);
        }
    });
}

/// What `wait_for` returns is what it has looked at, whatever is sent meanwhile.
#[test]
fn a_wanted_value_is_returned_as_it_was_found() {
    comes_to_an_end(|| {
        let (sender, receiver) = watch::channel(0_u32);
        let threads = [(); 2].map(|()| {
            let mut receiver = receiver.clone();
            thread::spawn(move || {
                let mut found = 0;
                while let Ok(value) = block_on(receiver.wait_for(|value| value % 2 == 1)) {
                    assert_eq!(*value % 2, 1);
                    let at = *value;
                    drop(value);
                    if at == 20_001 {
                        return found;
                    }
                    found += 1;
                }
                panic!("the last value is wanted")
            })
        });
        (1..=20_001).for_each(|value| sender.send(value).unwrap());
        threads.into_iter().for_each(|thread| _ = thread.join().unwrap());
    });
}

#[test]
fn a_wait_for_a_value_ends_with_the_senders() {
    let (sender, mut receiver) = watch::channel(1);
    sender.send(2).unwrap();
    drop(sender);
    assert!(block_on(receiver.wait_for(|value| *value == 2)).is_ok(), "the last value is looked at");
    assert!(block_on(receiver.wait_for(|value| *value == 3)).is_err());
}
