//! The mutex and the channels under the model checker, which tries every order of the threads' steps.
//!
//!     bash .ci/models sync
//!
//! After a lost wake a thread waits for ever, which loom reports as a deadlock. Each model says what it
//! proves, and which seeded faults it finds: `.ci/seeded-faults` turns them on.
#![cfg(loom)]

use std::sync::Arc;
use std::task::{Poll, Waker};

use executor::sync::{Mutex, broadcast, mpsc, oneshot};
use loom::cell::Cell;
use loom::thread;
use reactor::shim;
use reactor::shim::model::{block_on, check, poll_once as poll};
use reactor::wait_list::{Removed, WaitList};

/// Each waker reaches exactly one thread, the one that pops it or the waiter that leaves, even where the
/// thread that pops puts another waiter in its place. Finds `stale_key`.
#[test]
fn wait_list_gives_each_waker_to_one() {
    check(|| {
        let list = Arc::new(shim::Mutex::new(WaitList::new()));
        let key = shim::lock(&list).insert(Waker::noop().clone());
        let popping = thread::spawn({
            let list = Arc::clone(&list);
            move || {
                let mut list = shim::lock(&list);
                let popped = list.pop().is_some();
                let _successor = list.insert(Waker::noop().clone());
                popped
            }
        });
        let left = matches!(shim::lock(&list).remove(key), Removed::Waiting(_));
        let popped = popping.join().unwrap();
        assert!(left ^ popped);
        assert_eq!(shim::lock(&list).len(), 1, "the successor stays");
    });
}

/// One thread at a time has the lock, and sees what the one before it wrote. Finds `no_second_look`.
#[test]
fn mutex_excludes_and_publishes() {
    check(|| {
        // The checker's own cell is the value: it finds two accesses that overlap or are not ordered.
        let mutex = Arc::new(Mutex::new(Cell::new(0)));
        let add = |mutex: &Mutex<Cell<u32>>| {
            let count = block_on(mutex.lock());
            count.set(count.get() + 1);
        };
        let threads = [(); 2].map(|()| {
            let mutex = Arc::clone(&mutex);
            thread::spawn(move || add(&mutex))
        });
        add(&mutex);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(mutex.try_lock().expect("free at the end").get(), 3);
    });
}

/// Two waiters both get the lock, whenever it is released. Finds `no_second_look`,
/// `busy_so_nobody_is_woken`.
#[test]
fn mutex_hands_over_to_all_waiters() {
    check(|| {
        let mutex = Arc::new(Mutex::new(()));
        let held = mutex.try_lock().expect("free");
        let threads = [(); 2].map(|()| {
            let mutex = Arc::clone(&mutex);
            thread::spawn(move || drop(block_on(mutex.lock())))
        });
        drop(held);
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(mutex.try_lock().is_some(), "free at the end");
    });
}

/// A waiter that gives up, before or after the lock was handed to it, passes it to the next. Finds
/// `cancelled_keeps_lock`, `waiters_forgotten`.
#[test]
fn mutex_cancelled_waiter_passes_it_on() {
    check(|| {
        let mutex = Arc::new(Mutex::new(()));
        let held = mutex.try_lock().expect("free");
        let impatient = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || drop(poll(&mut mutex.lock()))
        });
        let patient = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || drop(block_on(mutex.lock()))
        });
        drop(held);
        impatient.join().unwrap();
        patient.join().unwrap();
        assert!(mutex.try_lock().is_some(), "free at the end");
    });
}

/// The last waiter gives up while the lock is released. A thread that finds the lock free meanwhile, or at
/// the end, sees what was written under it. Finds `cancelled_keeps_lock`.
#[test]
fn mutex_is_free_after_the_last_waiter_gave_up() {
    check(|| {
        let mutex = Arc::new(Mutex::new(Cell::new(0)));
        let held = mutex.try_lock().expect("free");
        let impatient = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || drop(poll(&mut mutex.lock()))
        });
        let trying = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || {
                if let Some(count) = mutex.try_lock() {
                    assert_eq!(count.get(), 1);
                }
            }
        });
        held.set(1);
        drop(held);
        impatient.join().unwrap();
        trying.join().unwrap();
        assert!(mutex.try_lock().is_some(), "neither bit is left over");
    });
}

/// A value that is sent wakes the receiver, which gets it. Finds `sent_value_withdrawn`.
#[test]
fn oneshot_send_wakes() {
    check(|| {
        let (sender, receiver) = oneshot::channel();
        let sending = thread::spawn(move || sender.send(7));
        assert_eq!(block_on(receiver), Ok(7));
        assert_eq!(sending.join().unwrap(), Ok(()));
    });
}

/// The drop of the sender wakes the receiver too. Finds `silent_close`.
#[test]
fn oneshot_close_wakes() {
    check(|| {
        let (sender, receiver) = oneshot::channel::<u8>();
        let leaving = thread::spawn(move || drop(sender));
        assert_eq!(block_on(receiver), Err(oneshot::RecvError));
        leaving.join().unwrap();
    });
}

/// A send while the receiver is dropped: the value is received, returned or freed, and the receiver does not
/// take it for the sender's drop. Finds `sent_value_withdrawn`.
#[test]
fn oneshot_send_against_drop_keeps_nothing() {
    check(|| {
        let value = Arc::new(());
        let (sender, mut receiver) = oneshot::channel();
        let sending = thread::spawn({
            let value = Arc::clone(&value);
            move || sender.send(value).is_ok()
        });
        let early = poll(&mut receiver);
        drop(receiver);
        let sent = sending.join().unwrap();
        match early {
            Poll::Ready(received) => assert!(received.is_ok() && sent),
            Poll::Pending => {}
        }
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

/// Two senders, with room for one value: both values arrive, and no sender is left waiting. Finds
/// `listed_too_late`, `room_overlooked`.
#[test]
fn mpsc_two_senders_with_room_for_one() {
    check(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let other = sender.clone();
        let threads = [(sender, 1), (other, 2)]
            .map(|(sender, value)| thread::spawn(move || block_on(sender.send(value)).expect("it is there")));
        let mut sum = 0;
        while let Some(value) = block_on(receiver.recv()) {
            sum += value;
        }
        assert_eq!(sum, 3);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// A send that is dropped, before or after room was promised to it, leaves the room to the next. It has sent its
/// value exactly if it returned so. Finds `promise_kept`.
#[test]
fn mpsc_cancelled_send_passes_its_room_on() {
    check(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        sender.try_send(0).expect("room");
        let (other, last) = (sender.clone(), sender);
        let impatient = thread::spawn(move || poll(&mut other.send(1)).is_ready());
        let patient = thread::spawn(move || block_on(last.send(2)).expect("it is there"));
        let mut received = Vec::new();
        while let Some(value) = block_on(receiver.recv()) {
            received.push(value);
        }
        let sent = impatient.join().unwrap();
        patient.join().unwrap();
        received.sort_unstable();
        let wanted: &[i32] = if sent { &[0, 1, 2] } else { &[0, 2] };
        assert_eq!(received, wanted);
    });
}

/// The receiver is dropped while a sender waits: the sender is woken, gets its value back, and the queue is
/// freed. Finds `waiting_senders_left`, `end_overlooked`.
#[test]
fn mpsc_receiver_drop_wakes_and_frees() {
    check(|| {
        let value = Arc::new(());
        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(Arc::clone(&value)).expect("room");
        let waiting = thread::spawn({
            let value = Arc::clone(&value);
            move || block_on(sender.send(value)).is_err()
        });
        drop(receiver);
        assert!(waiting.join().unwrap());
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

/// The drop of the last of two senders, whichever it is, ends the receiver's wait. Finds
/// `last_sender_is_silent`.
#[test]
fn mpsc_last_sender_ends_the_wait() {
    check(|| {
        let (sender, mut receiver) = mpsc::channel::<u8>(1);
        let other = sender.clone();
        let threads = [sender, other].map(|sender| thread::spawn(move || drop(sender)));
        assert_eq!(block_on(receiver.recv()), None);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// A receive is dropped during a send: the value stays for the next receive. Finds `listed_too_late`.
#[test]
fn mpsc_cancelled_receive_loses_nothing() {
    check(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let sending = thread::spawn(move || sender.try_send(1));
        let early = poll(&mut receiver.recv());
        if early == Poll::Pending {
            assert_eq!(block_on(receiver.recv()), Some(1));
        } else {
            assert_eq!(early, Poll::Ready(Some(1)));
        }
        assert_eq!(sending.join().unwrap(), Ok(()));
    });
}

/// A permit is given back while another sender waits: its room goes to that one. Finds `permit_keeps_room`.
#[test]
fn mpsc_dropped_permit_passes_its_room_on() {
    check(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let other = sender.clone();
        let sending = thread::spawn(move || block_on(other.send(1)).expect("it is there"));
        drop(sender.try_reserve());
        drop(sender);
        assert_eq!(block_on(receiver.recv()), Some(1));
        assert_eq!(block_on(receiver.recv()), None);
        sending.join().unwrap();
    });
}

/// The receiver closes the channel while there is a permit, which is used or dropped meanwhile: what it sends arrives,
/// and then the receiver's wait ends. Finds `last_permit_is_silent`.
#[test]
fn mpsc_close_waits_for_permits() {
    for uses in [true, false] {
        check(move || {
            let (sender, mut receiver) = mpsc::channel(1);
            let reserving = thread::spawn(move || {
                let permit = block_on(sender.reserve()).ok()?;
                if uses {
                    permit.send(7)
                } else {
                    drop(permit)
                }
                Some(sender) // The last sender goes later.
            });
            receiver.close();
            let received = block_on(receiver.recv());
            let reserved = reserving.join().unwrap().is_some();
            assert_eq!(received, (reserved && uses).then_some(7));
            assert_eq!(block_on(receiver.recv()), None);
        });
    }
}

/// The channel is closed while two senders wait, one of them perhaps with a promise: both are told, and nothing is
/// left to wait for. Finds `waiting_senders_left`.
#[test]
fn mpsc_close_withdraws_promises() {
    check(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        sender.try_send(0).expect("room");
        let senders = [sender.clone(), sender];
        let threads = senders.map(|sender| {
            thread::spawn(move || {
                let sent = block_on(sender.send(1)).is_ok();
                (sent, sender)
            })
        });
        assert_eq!(receiver.try_recv(), Ok(0));
        receiver.close();
        let mut received = 0;
        while block_on(receiver.recv()).is_some() {
            received += 1;
        }
        let sent = threads.map(|thread| thread.join().unwrap()).iter().filter(|(sent, _)| *sent).count();
        assert_eq!(received, sent, "what was sent before the close, and nothing else");
    });
}

/// A sender waits for the receiver's end while that ends, and another gives the same wait up. Finds `end_unheard`.
#[test]
fn mpsc_end_is_heard() {
    for closes in [true, false] {
        check(move || {
            let (sender, mut receiver) = mpsc::channel::<u8>(1);
            let other = sender.clone();
            let watching = thread::spawn(move || block_on(sender.closed()));
            let impatient = thread::spawn(move || poll(&mut other.closed()).is_ready());
            if closes {
                receiver.close();
            } else {
                drop(receiver);
            }
            watching.join().unwrap();
            impatient.join().unwrap();
        });
    }
}

/// The sender of a oneshot waits for the receiver's end, by a close or by its drop. Finds `sender_not_told`.
#[test]
fn oneshot_end_is_heard() {
    for closes in [true, false] {
        check(move || {
            let (mut sender, mut receiver) = oneshot::channel::<u8>();
            let watching = thread::spawn(move || block_on(sender.closed()));
            if closes {
                receiver.close();
            } else {
                drop(receiver);
            }
            watching.join().unwrap();
        });
    }
}

/// A value is sent while the receiver closes the channel: it is received, or comes back. Finds
/// `sent_value_withdrawn`.
#[test]
fn oneshot_close_against_send() {
    check(|| {
        let (sender, mut receiver) = oneshot::channel();
        let sending = thread::spawn(move || sender.send(7));
        receiver.close();
        let received = block_on(receiver);
        let sent = sending.join().unwrap();
        assert_eq!((received.is_ok(), sent.is_ok()), (sent.is_ok(), received.is_ok()));
    });
}

/// A sender waits until two receivers are gone. Finds `last_receiver_is_silent`.
#[test]
fn broadcast_end_is_heard() {
    check(|| {
        let (sender, first) = broadcast::channel::<u8>(1);
        let second = sender.subscribe();
        let leaving = thread::spawn(move || drop(first));
        let watching = thread::spawn(move || block_on(sender.closed()));
        drop(second);
        leaving.join().unwrap();
        watching.join().unwrap();
    });
}

/// One send reaches both waiting receivers. Finds `look_then_list`.
#[test]
fn broadcast_reaches_all_waiting_receivers() {
    check(|| {
        let (sender, mut first) = broadcast::channel(1);
        let mut second = sender.subscribe();
        let reading = thread::spawn(move || block_on(second.recv()));
        let sending = thread::spawn(move || {
            assert_eq!(sender.send(1), Ok(2));
            sender
        });
        assert_eq!(block_on(first.recv()), Ok(1));
        assert_eq!(reading.join().unwrap(), Ok(1));
        assert!(sending.join().unwrap().is_empty(), "both have read it");
    });
}

/// Sends overtake a receiver: what it got and what it missed add up. Then the channel is closed, and keeps
/// nothing. Finds `evicted_readers_forgotten`.
#[test]
fn broadcast_lag_adds_up_until_close() {
    check(|| {
        let kept = Arc::new(());
        let (sender, mut receiver) = broadcast::channel(1);
        let sending = thread::spawn({
            let kept = Arc::clone(&kept);
            move || {
                for number in 0..3 {
                    assert!(sender.send((number, Arc::clone(&kept))) == Ok(1));
                }
            }
        });
        let mut next = 0;
        loop {
            match block_on(receiver.recv()) {
                Ok((number, _)) => {
                    assert_eq!(number, next);
                    next += 1;
                }
                Err(broadcast::RecvError::Lagged(missed)) => next += missed,
                Err(broadcast::RecvError::Closed) => break,
            }
        }
        assert_eq!(next, 3, "the last value is never eaten by the close");
        sending.join().unwrap();
        assert_eq!(Arc::strong_count(&kept), 1, "all has been read");
    });
}

/// A subscription during a send and the close: it gets the value or does not, and ends. Finds
/// `close_wakes_no_receiver`.
#[test]
fn broadcast_subscriber_never_hangs() {
    check(|| {
        let (sender, first) = broadcast::channel(1);
        let sending = thread::spawn(move || sender.send(1).is_ok());
        let mut late = first.resubscribe();
        drop(first);
        let received = block_on(late.recv());
        if received == Ok(1) {
            assert_eq!(block_on(late.recv()), Err(broadcast::RecvError::Closed));
        } else {
            assert_eq!(received, Err(broadcast::RecvError::Closed));
        }
        assert!(sending.join().unwrap(), "there was a receiver at any time");
    });
}

/// A receiver is dropped during a send and another's receive: nothing is kept for it. Finds
/// `leaver_keeps`.
#[test]
fn broadcast_leaver_keeps_nothing() {
    check(|| {
        let value = Arc::new(());
        let (sender, mut reader) = broadcast::channel(2);
        let leaver = sender.subscribe();
        let leaving = thread::spawn(move || drop(leaver));
        let sending = thread::spawn({
            let value = Arc::clone(&value);
            move || {
                assert!(sender.send(value).is_ok());
                sender
            }
        });
        assert!(block_on(reader.recv()).is_ok());
        leaving.join().unwrap();
        let sender = sending.join().unwrap();
        assert_eq!((sender.len(), sender.receiver_count()), (0, 1));
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

/// A receive is dropped during a send: it leaves the wait list, and the value is still there. Finds
/// `look_then_list`.
#[test]
fn broadcast_cancelled_receive_loses_nothing() {
    check(|| {
        let (sender, mut receiver) = broadcast::channel(1);
        let sending = thread::spawn(move || sender.send(1));
        let early = poll(&mut receiver.recv());
        if early.is_pending() {
            assert_eq!(block_on(receiver.recv()), Ok(1));
        } else {
            assert_eq!(early, Poll::Ready(Ok(1)));
        }
        assert_eq!(block_on(receiver.recv()), Err(broadcast::RecvError::Closed));
        assert_eq!(sending.join().unwrap(), Ok(1));
    });
}

/// Two waiters give up at once, before or after the lock was handed to them, and one stays: it gets the lock.
/// Finds `cancelled_keeps_lock`.
#[test]
fn mutex_two_give_up_and_one_stays() {
    check(|| {
        let mutex = Arc::new(Mutex::new(()));
        let held = mutex.try_lock().expect("free");
        let impatient = [(); 2].map(|()| {
            let mutex = Arc::clone(&mutex);
            thread::spawn(move || drop(poll(&mut mutex.lock())))
        });
        let patient = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || drop(block_on(mutex.lock()))
        });
        drop(held);
        for thread in impatient {
            thread.join().unwrap();
        }
        patient.join().unwrap();
        assert!(mutex.try_lock().is_some(), "free at the end");
    });
}

/// `try_lock` never takes a lock that was handed to a waiter, and its unlock publishes as well. Finds
/// `no_second_look`.
#[test]
fn mutex_is_not_taken_from_a_waiter() {
    check(|| {
        let mutex = Arc::new(Mutex::new(Cell::new(0)));
        let held = mutex.try_lock().expect("free");
        let waiting = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || {
                let count = block_on(mutex.lock());
                count.set(count.get() + 1);
            }
        });
        let trying = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || match mutex.try_lock() {
                Some(count) => {
                    count.set(count.get() + 1);
                    1
                }
                None => 0,
            }
        });
        held.set(held.get() + 1);
        drop(held);
        waiting.join().unwrap();
        let tried = trying.join().unwrap();
        assert_eq!(mutex.try_lock().expect("free at the end").get(), 2 + tried);
    });
}

/// Two senders of two values each, with room for one: all arrive, each sender's in its order. Finds
/// `listed_too_late`.
#[test]
fn mpsc_keeps_each_senders_order() {
    check(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let other = sender.clone();
        let threads = [(sender, 10), (other, 20)].map(|(sender, first)| {
            thread::spawn(move || {
                block_on(sender.send(first)).expect("it is there");
                block_on(sender.send(first + 1)).expect("it is there");
            })
        });
        let mut received = Vec::new();
        while let Some(value) = block_on(receiver.recv()) {
            received.push(value);
        }
        for thread in threads {
            thread.join().unwrap();
        }
        let of =
            |first| received.iter().copied().filter(move |value| value / 10 == first).collect::<Vec<_>>();
        assert_eq!((of(1), of(2)), (vec![10, 11], vec![20, 21]));
    });
}

/// The receiver is dropped while two senders wait for room and a third value is queued: every value is freed,
/// and both senders are woken with an error. Finds `waiting_senders_left`.
#[test]
fn mpsc_receiver_drop_wakes_every_sender() {
    check(|| {
        let value = Arc::new(());
        let (sender, receiver) = mpsc::channel(1);
        let other = sender.clone();
        let threads = [sender, other].map(|sender| {
            let value = Arc::clone(&value);
            thread::spawn(move || {
                // The first may still find room.
                let _ = block_on(sender.send(Arc::clone(&value)));
                let result = block_on(sender.send(Arc::clone(&value)));
                let again = block_on(sender.send(value));
                assert!(again.is_err() || result.is_ok(), "once gone it stays gone");
            })
        });
        drop(receiver);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

/// Two senders and two receivers: both receivers get both values, in the same order. Finds `look_then_list`.
#[test]
fn broadcast_has_one_order_for_all() {
    check(|| {
        let (sender, first) = broadcast::channel(2);
        let (other, second) = (sender.clone(), sender.subscribe());
        let senders = [(sender, 1), (other, 2)]
            .map(|(sender, value)| thread::spawn(move || assert!(sender.send(value).is_ok())));
        let read = |mut receiver: broadcast::Receiver<i32>| {
            let mut values = Vec::new();
            while let Ok(value) = block_on(receiver.recv()) {
                values.push(value);
            }
            values
        };
        let reading = thread::spawn(move || read(second));
        let ours = read(first);
        assert_eq!(reading.join().unwrap(), ours);
        assert_eq!(ours.iter().sum::<i32>(), 3);
        for thread in senders {
            thread.join().unwrap();
        }
    });
}
