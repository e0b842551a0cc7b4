//! The locks and channels under the model checker, which tries every order of the threads' steps.
//!
//!     bash .ci/models sync
//!
//! After a lost wake a thread waits for ever, which loom reports as a deadlock. Each model says what it
//! proves, and which seeded faults it finds: `.ci/seeded-faults` turns them on.
#![cfg(loom)]

use std::sync::Arc;
use std::task::{Poll, Waker};

use executor::sync::{
    Barrier, Mutex, Notify, RwLock, Semaphore, TryAcquireError, broadcast, mpsc, oneshot, watch,
};
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

/// With one permit, one thread at a time is inside, and sees what the one before it wrote. Finds
/// `free_permits_overlooked`.
#[test]
fn semaphore_excludes_and_publishes() {
    check(|| {
        let shared = Arc::new((Semaphore::new(1), Cell::new(0)));
        let add = |shared: &(Semaphore, Cell<u32>)| {
            let _permit = block_on(shared.0.acquire()).unwrap();
            shared.1.set(shared.1.get() + 1);
        };
        let threads = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || add(&shared))
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(shared.0.try_acquire().is_ok(), "free at the end");
        assert_eq!(shared.1.get(), 2);
    });
}

/// One waits for two permits and another for one, while one comes after the other: all are served. Finds
/// `free_permits_overlooked`, `permits_given_too_early`, `one_waiter_served`.
#[test]
fn semaphore_serves_many_and_few() {
    check(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let inside = Arc::new(loom::sync::atomic::AtomicU32::new(0));
        let threads = [2, 1].map(|wants| {
            let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
            thread::spawn(move || {
                let permits = block_on(semaphore.acquire_many(wants)).unwrap();
                let others = inside.fetch_add(wants, std::sync::atomic::Ordering::SeqCst);
                assert!(others + wants <= 3, "there are only three");
                permits.forget();
            })
        });
        semaphore.add_permits(1);
        semaphore.add_permits(2);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(semaphore.available_permits(), 0);
    });
}

/// The first waiter wants too many, and gives up, or has its permits and is dropped: the next is served. Finds
/// `first_leaves_silently`, `dropped_with_permits`.
#[test]
fn semaphore_cancelled_waiter_passes_it_on() {
    check(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let impatient = thread::spawn({
            let semaphore = Arc::clone(&semaphore);
            move || drop(poll(&mut semaphore.acquire_many(2)))
        });
        let patient = thread::spawn({
            let semaphore = Arc::clone(&semaphore);
            move || block_on(semaphore.acquire()).unwrap().forget()
        });
        semaphore.add_permits(1);
        impatient.join().unwrap();
        patient.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
        assert!(semaphore.try_acquire().is_ok(), "nobody waits");
    });
}

/// Two threads write, and each gives a permit. The one that waits for both sees what they wrote. Finds
/// `permits_given_too_early`.
#[test]
fn semaphore_shows_what_all_givers_wrote() {
    check(|| {
        let shared = Arc::new((Semaphore::new(0), [Cell::new(0), Cell::new(0)]));
        let giving = [0, 1].map(|giver| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.1[giver].set(1);
                shared.0.add_permits(1);
            })
        });
        block_on(shared.0.acquire_many(2)).unwrap().forget();
        assert_eq!([shared.1[0].get(), shared.1[1].get()], [1, 1]);
        giving.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(shared.0.available_permits(), 0);
    });
}

/// The last waiter gives up while a permit is given back. A thread that finds the permit free meanwhile, or at the
/// end, sees what was written. Finds `dropped_with_permits`.
#[test]
fn semaphore_is_free_after_the_last_waiter_gave_up() {
    check(|| {
        let shared = Arc::new((Semaphore::new(0), Cell::new(0)));
        let impatient = thread::spawn({
            let shared = Arc::clone(&shared);
            move || drop(poll(&mut shared.0.acquire()))
        });
        let trying = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                if shared.0.try_acquire().is_ok() {
                    assert_eq!(shared.1.get(), 1);
                }
            }
        });
        shared.1.set(1);
        shared.0.add_permits(1);
        impatient.join().unwrap();
        trying.join().unwrap();
        assert!(shared.0.try_acquire().is_ok(), "nothing is left over");
    });
}

/// A close while one waits and a permit comes: the waiter has it, or gets the error, and no permit is lost. A thread
/// that sees the close sees what was written before it. Finds `close_wakes_no_waiter`.
#[test]
fn semaphore_close_against_a_release() {
    check(|| {
        let shared = Arc::new((Semaphore::new(0), Cell::new(0)));
        let waiting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || block_on(shared.0.acquire()).map(executor::sync::SemaphorePermit::forget).is_ok()
        });
        let closing = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.set(1);
                shared.0.close();
            }
        });
        shared.0.add_permits(1);
        match shared.0.try_acquire() {
            Err(TryAcquireError::Closed) => assert_eq!(shared.1.get(), 1),
            permit => drop(permit),
        }
        let acquired = waiting.join().unwrap();
        closing.join().unwrap();
        assert_eq!(shared.0.available_permits(), usize::from(!acquired));
    });
}

/// A writer excludes a reader, and the reader sees what it wrote. Finds `writer_beside_readers`.
#[test]
fn rwlock_excludes_and_publishes() {
    check(|| {
        let lock = Arc::new(RwLock::new(Cell::new(0)));
        let writing = thread::spawn({
            let lock = Arc::clone(&lock);
            move || {
                let value = block_on(lock.write());
                value.set(value.get() + 1);
                value.set(value.get() + 1);
            }
        });
        let seen = block_on(lock.read()).get();
        assert!(seen == 0 || seen == 2);
        writing.join().unwrap();
        assert_eq!(lock.try_read().expect("free at the end").get(), 2);
    });
}

/// A notice for one, before or after the wait begins, is not lost. Finds `notice_not_stored`.
#[test]
fn notify_one_is_not_missed() {
    check(|| {
        let notify = Arc::new(Notify::new());
        let notifying = thread::spawn({
            let notify = Arc::clone(&notify);
            move || notify.notify_one()
        });
        block_on(notify.notified());
        notifying.join().unwrap();
    });
}

/// A notice that was given to a waiter that gives up reaches the other. Finds `chosen_keeps_the_notice`.
#[test]
fn notify_of_a_waiter_that_gives_up_goes_on() {
    check(|| {
        let notify = Arc::new(Notify::new());
        let impatient = thread::spawn({
            let notify = Arc::clone(&notify);
            move || {
                let mut notified = notify.notified();
                poll(&mut notified).is_ready()
            }
        });
        let notifying = thread::spawn({
            let notify = Arc::clone(&notify);
            move || notify.notify_one()
        });
        let taken = impatient.join().unwrap();
        notifying.join().unwrap();
        if !taken {
            block_on(notify.notified());
        }
    });
}

/// A future that has found its notice, and is dropped before a poll was ready, passes it on. Finds
/// `chosen_keeps_the_notice`.
#[test]
fn notify_of_an_enabled_waiter_that_is_dropped_goes_on() {
    check(|| {
        let notify = Arc::new(Notify::new());
        let looking = thread::spawn({
            let notify = Arc::clone(&notify);
            move || _ = notify.notified().enable()
        });
        let notifying = thread::spawn({
            let notify = Arc::clone(&notify);
            move || notify.notify_one()
        });
        block_on(notify.notified());
        looking.join().unwrap();
        notifying.join().unwrap();
    });
}

/// A task that makes the future, looks, and then waits, misses no notice for all. Finds `round_stays`.
#[test]
fn notify_waiters_after_the_look_is_not_missed() {
    check(|| {
        let shared = Arc::new((Notify::new(), loom::sync::atomic::AtomicBool::new(false)));
        let setting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.store(true, std::sync::atomic::Ordering::Release);
                shared.0.notify_waiters();
            }
        });
        let notified = shared.0.notified();
        if !shared.1.load(std::sync::atomic::Ordering::Acquire) {
            block_on(notified);
        }
        setting.join().unwrap();
    });
}

/// A value that is sent while a receiver looks is seen, and so is the end. Finds `watch_closes_silently`.
#[test]
fn watch_change_and_end_are_seen() {
    check(|| {
        let (sender, mut receiver) = watch::channel(0);
        let sending = thread::spawn(move || sender.send(1).is_ok());
        let mut last = *receiver.borrow_and_update();
        while block_on(receiver.changed()).is_ok() {
            let now = *receiver.borrow_and_update();
            assert!(now > last, "a change is a newer value");
            last = now;
        }
        assert!(sending.join().unwrap());
        assert_eq!(last, 1);
    });
}

/// The last of two tasks opens the barrier for the other, and one of them leads. Finds `leader_wakes_nobody`.
#[test]
fn barrier_opens_for_all() {
    check(|| {
        let barrier = Arc::new(Barrier::new(2));
        let other = thread::spawn({
            let barrier = Arc::clone(&barrier);
            move || block_on(barrier.wait()).is_leader()
        });
        let leads = block_on(barrier.wait()).is_leader();
        assert!(leads ^ other.join().unwrap());
    });
}
