//! A waker is user code, and so is its clone: it may use the channel or lock that keeps it. Only a poll that
//! must wait clones it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};

use executor::sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use futures_lite::StreamExt;

use crate::support::{Count, comes_to_an_end, hooked, poll};

#[test]
fn in_a_receive() {
    comes_to_an_end(|| {
        let (sender, mut receiver) = mpsc::channel(8);
        let sending = hooked({
            let sender = sender.clone();
            move || _ = sender.try_send(1)
        });
        let mut recv = receiver.recv();
        assert!(poll(&mut recv, Waker::noop()).is_pending());
        assert_eq!(poll(&mut recv, &sending), Poll::Ready(Some(1)), "the waker's clone sent a value");
        drop(recv);
        while receiver.try_recv().is_ok() {}
        let mut next = receiver.next();
        assert_eq!(poll(&mut next, &sending), Poll::Ready(Some(1)), "the waker's clone sent a value");
    });
}

/// A waker whose clone takes no value is stored, replaced, woken and dropped.
#[test]
fn in_a_receive_that_goes_on_waiting() {
    comes_to_an_end(|| {
        let (sender, mut receiver) = mpsc::channel(8);
        let looking = || {
            let sender = sender.clone();
            hooked(move || _ = sender.is_closed())
        };
        let mut recv = receiver.recv();
        assert!(poll(&mut recv, &looking()).is_pending());
        assert!(poll(&mut recv, &looking()).is_pending());
        assert_eq!(sender.try_send(1), Ok(()));
        assert_eq!(poll(&mut recv, Waker::noop()), Poll::Ready(Some(1)));
        drop(recv);
        assert!(poll(&mut receiver.next(), &looking()).is_pending());
        drop(receiver.recv());
    });
}

#[test]
fn in_a_send_to_a_full_channel() {
    comes_to_an_end(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        sender.try_send(0).expect("room");
        let looking = || {
            let sender = sender.clone();
            hooked(move || _ = sender.is_closed())
        };
        let mut send = sender.send(1);
        assert!(poll(&mut send, &looking()).is_pending());
        assert!(poll(&mut send, &looking()).is_pending());
        assert_eq!(receiver.try_recv(), Ok(0));
        assert_eq!(poll(&mut send, Waker::noop()), Poll::Ready(Ok(())));
        let mut given_up = sender.send(2);
        assert!(poll(&mut given_up, &looking()).is_pending());
        drop(given_up);
        let mut refused = sender.send(3);
        assert!(poll(&mut refused, &looking()).is_pending());
        drop(receiver);
        assert!(matches!(poll(&mut refused, &looking()), Poll::Ready(Err(_))));
    });
}

/// The clone makes room: the send is ready, or is woken.
#[test]
fn in_a_send_that_makes_its_own_room() {
    comes_to_an_end(|| {
        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(0).expect("room");
        let receiver = Arc::new(std::sync::Mutex::new(receiver));
        let taking = hooked({
            let receiver = Arc::clone(&receiver);
            move || _ = receiver.lock().unwrap().try_recv()
        });
        let mut send = sender.send(1);
        assert_eq!(poll(&mut send, &taking), Poll::Ready(Ok(())), "the waker's clone made room");
    });
}

#[test]
fn in_a_oneshot() {
    comes_to_an_end(|| {
        let (sender, mut receiver) = oneshot::channel::<u8>();
        let sender = Arc::new(sender);
        let looking = || {
            let sender = Arc::downgrade(&sender);
            hooked(move || {
                if let Some(sender) = sender.upgrade() {
                    assert!(!sender.is_closed());
                }
            })
        };
        assert!(poll(&mut receiver, &looking()).is_pending());
        assert!(poll(&mut receiver, &looking()).is_pending());

        let (sender, mut receiver) = oneshot::channel();
        let sender = std::sync::Mutex::new(Some(sender));
        let sending = hooked(move || {
            let sender = sender.lock().unwrap().take();
            if let Some(sender) = sender {
                assert_eq!(sender.send(7), Ok(()));
            }
        });
        assert_eq!(poll(&mut receiver, &sending), Poll::Ready(Ok(7)), "the waker's clone has sent the value");
    });
}

#[test]
fn in_a_broadcast() {
    comes_to_an_end(|| {
        let (sender, mut receiver) = broadcast::channel(8);
        let sending = hooked({
            let sender = sender.clone();
            move || _ = sender.send(1)
        });
        let mut recv = receiver.recv();
        assert_eq!(poll(&mut recv, &sending), Poll::Ready(Ok(1)), "the waker's clone sent a value");
        drop((recv, sending));
        while receiver.try_recv().is_ok() {}
        let looking = || {
            let sender = sender.clone();
            hooked(move || _ = sender.receiver_count())
        };
        let mut recv = receiver.recv();
        assert!(poll(&mut recv, &looking()).is_pending());
        assert!(poll(&mut recv, &looking()).is_pending());
        assert_eq!(sender.send(2), Ok(1));
        assert_eq!(poll(&mut recv, &looking()), Poll::Ready(Ok(2)));
    });
}

#[test]
fn in_a_lock() {
    comes_to_an_end(|| {
        let mutex = Arc::new(Mutex::new(()));
        let waiting = || {
            let mutex = Arc::clone(&mutex);
            hooked(move || {
                // It waits for the lock for a moment.
                let _ = poll(&mut mutex.lock(), Waker::noop());
            })
        };
        let held = mutex.try_lock().expect("free");
        let (mut one, mut two) = (mutex.lock(), mutex.lock());
        assert!(poll(&mut one, &waiting()).is_pending());
        assert!(poll(&mut one, &waiting()).is_pending());
        assert!(poll(&mut two, &waiting()).is_pending());
        drop(held);
        drop(two);
        assert!(poll(&mut one, Waker::noop()).is_ready());
    });
}

/// The clone releases the lock: the task that was about to wait gets it.
#[test]
fn in_a_lock_that_it_gives_up() {
    comes_to_an_end(|| {
        static MUTEX: Mutex<()> = Mutex::new(());
        let held = std::sync::Mutex::new(MUTEX.try_lock());
        let unlocking = hooked(move || drop(held.lock().unwrap().take()));
        assert!(poll(&mut MUTEX.lock(), &unlocking).is_ready(), "the waker's clone released it");
        assert!(MUTEX.try_lock().is_some(), "free at the end");
    });
}

#[test]
fn in_a_semaphore() {
    comes_to_an_end(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let waiting = || {
            let semaphore = Arc::clone(&semaphore);
            hooked(move || {
                // It waits for a moment.
                let _ = poll(&mut semaphore.acquire_many(2), Waker::noop());
            })
        };
        let (mut one, mut two, mut three) =
            (semaphore.acquire_many(2), semaphore.acquire(), semaphore.acquire());
        assert!(poll(&mut one, &waiting()).is_pending());
        assert!(poll(&mut one, &waiting()).is_pending());
        assert!(poll(&mut two, &waiting()).is_pending());
        assert!(poll(&mut three, &waiting()).is_pending());
        drop(one);
        assert!(poll(&mut two, Waker::noop()).is_ready(), "the first has left");
        semaphore.close();
        assert!(matches!(poll(&mut three, &waiting()), Poll::Ready(_)));

        let lock = Arc::new(RwLock::new(()));
        let waiting = || {
            let lock = Arc::clone(&lock);
            hooked(move || drop(poll(&mut Box::pin(lock.write()), Waker::noop())))
        };
        let writing = lock.try_write().expect("free");
        let (mut one, mut two) = (Box::pin(lock.read()), Box::pin(lock.read()));
        assert!(poll(&mut one, &waiting()).is_pending());
        assert!(poll(&mut two, &waiting()).is_pending());
        drop(writing);
        drop(two);
        assert!(poll(&mut one, Waker::noop()).is_ready());
    });
}

/// The clone gives a permit back: the task that was about to wait gets it.
#[test]
fn in_a_semaphore_that_it_gives_up() {
    comes_to_an_end(|| {
        static SEMAPHORE: Semaphore = Semaphore::new(1);
        let held = std::sync::Mutex::new(SEMAPHORE.try_acquire().ok());
        let releasing = hooked(move || drop(held.lock().unwrap().take()));
        assert!(poll(&mut SEMAPHORE.acquire(), &releasing).is_ready(), "the waker's clone gave it back");
        assert_eq!(SEMAPHORE.available_permits(), 1);
    });
}

#[test]
fn in_a_wait_for_a_notice_or_for_others() {
    comes_to_an_end(|| {
        let notify = Arc::new(Notify::new());
        let notifying = || {
            let notify = Arc::clone(&notify);
            hooked(move || notify.notify_one())
        };
        assert!(poll(&mut notify.notified(), &notifying()).is_ready(), "the waker's clone notified it");
        let looking = || {
            let notify = Arc::clone(&notify);
            hooked(move || drop(notify.notified()))
        };
        assert!(poll(&mut notify.notified(), Waker::noop()).is_ready(), "its drop notified, too");
        let (mut one, mut two) = (notify.notified(), notify.notified());
        assert!(poll(&mut one, &looking()).is_pending() && poll(&mut two, &looking()).is_pending());
        assert!(poll(&mut one, &looking()).is_pending(), "the waker is replaced");
        notify.notify_one();
        drop(one);
        assert!(poll(&mut two, &looking()).is_ready());

        let barrier = Arc::new(Barrier::new(3));
        let arriving = || {
            let barrier = Arc::clone(&barrier);
            hooked(move || _ = poll(&mut barrier.wait(), Waker::noop()))
        };
        let (mut one, mut two) = (barrier.wait(), barrier.wait());
        assert!(poll(&mut one, &arriving()).is_pending());
        assert!(poll(&mut one, &arriving()).is_pending());
        // With two in the list, the waker's drop would be the third: it runs when the two are woken or replaced.
        assert!(poll(&mut two, Waker::noop()).is_pending());
        drop(one);
        drop(two);
    });
}

#[test]
fn in_a_watch() {
    comes_to_an_end(|| {
        let (sender, mut receiver) = watch::channel(0);
        let sending = || {
            let sender = sender.clone();
            hooked(move || _ = sender.send(1))
        };
        assert!(poll(&mut Box::pin(receiver.changed()), &sending()).is_ready(), "the waker's clone sent");
        receiver.borrow_and_update();
        let looking = || {
            let sender = sender.clone();
            hooked(move || _ = *sender.borrow())
        };
        let mut changed = Box::pin(receiver.changed());
        assert!(poll(&mut changed, &looking()).is_pending());
        assert!(poll(&mut changed, &looking()).is_pending());
        assert_eq!(sender.send(2), Ok(()));
        assert!(poll(&mut changed, &looking()).is_ready());
        drop(changed);
        let mut closed = Box::pin(sender.closed());
        assert!(poll(&mut closed, &looking()).is_pending());
        drop(receiver);
        assert!(poll(&mut closed, &looking()).is_ready());
    });
}

/// A ready operation clones no waker.
#[test]
fn what_is_ready_clones_no_waker() {
    let clones = Arc::new(AtomicUsize::new(0));
    let counting = hooked({
        let clones = Arc::clone(&clones);
        move || _ = clones.fetch_add(1, Ordering::SeqCst)
    });
    let (sender, mut receiver) = mpsc::channel(1);
    assert!(poll(&mut sender.send(1), &counting).is_ready());
    assert!(poll(&mut receiver.recv(), &counting).is_ready());
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).expect("the receiver is there");
    assert!(poll(&mut receiver, &counting).is_ready());
    let (sender, mut receiver) = broadcast::channel(1);
    sender.send(1).expect("a receiver");
    assert!(poll(&mut receiver.recv(), &counting).is_ready());
    let mutex = Mutex::new(());
    drop(poll(&mut mutex.lock(), &counting));
    let held = mutex.try_lock();
    let mut lock = mutex.lock();
    assert!(poll(&mut lock, Waker::noop()).is_pending());
    drop(held);
    assert!(poll(&mut lock, &counting).is_ready(), "it was handed over");
    let semaphore = Semaphore::new(1);
    drop(poll(&mut semaphore.acquire(), &counting));
    let lock = RwLock::new(());
    drop(poll(&mut Box::pin(lock.read()), &counting));
    let notify = Notify::new();
    notify.notify_one();
    assert!(poll(&mut notify.notified(), &counting).is_ready());
    let (sender, mut receiver) = watch::channel(0);
    sender.send(1).expect("a receiver");
    assert!(poll(&mut Box::pin(receiver.changed()), &counting).is_ready());
    assert!(poll(&mut Barrier::new(1).wait(), &counting).is_ready());
    assert_eq!(clones.load(Ordering::SeqCst), 0);
}

/// Another poll with the same waker clones none either.
#[test]
fn to_wait_on_clones_no_waker() {
    static CLONES: OnceLock<AtomicUsize> = OnceLock::new();
    let clones = CLONES.get_or_init(AtomicUsize::default);
    let counting = hooked(|| _ = clones.fetch_add(1, Ordering::SeqCst));
    let (sender, mut receiver) = mpsc::channel(1);
    let mut recv = receiver.recv();
    assert!(poll(&mut recv, &counting).is_pending());
    let before = clones.load(Ordering::SeqCst);
    assert!(poll(&mut recv, &counting).is_pending());
    assert_eq!(clones.load(Ordering::SeqCst), before);
    drop(recv);
    sender.try_send(1).expect("room");
    let (count, _waker) = Count::new();
    let mut send = sender.send(2);
    assert!(poll(&mut send, &counting).is_pending());
    let before = clones.load(Ordering::SeqCst);
    assert!(poll(&mut send, &counting).is_pending());
    assert_eq!((clones.load(Ordering::SeqCst), count.wakes()), (before, 0));
}
