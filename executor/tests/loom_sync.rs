//! The lock and the channels under the model checker: every order in which threads can meet.
//!
//!     RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=2 cargo test -p executor --release --test loom_sync
//!
//! A wake that is lost leaves a thread parked for ever, which loom reports as a deadlock. Each model
//! says what it proves. Some say which seeded fault they find: build with `--cfg mutant="name"` as
//! well, and that model must fail.
#![cfg(loom)]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use executor::sync::{Mutex, broadcast, mpsc, oneshot};
use loom::cell::Cell;
use loom::thread::{self, Thread};
use reactor::shim;
use reactor::wait_list::{Removed, WaitList};

/// Checks a model, at two preemptions unless the environment says otherwise, and says how many
/// executions that took.
fn check(name: &str, model: impl Fn() + Send + Sync + 'static) {
    let executions = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&executions);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    eprintln!("{name}: {} executions", executions.load(Ordering::Relaxed));
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker: Waker = Arc::new(Unpark(thread::current())).into();
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

/// Polls once, for whoever gives up after that.
fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A notice reaches exactly one: the one who pops it, or the one who leaves.
#[test]
fn wait_list_gives_each_waker_to_one() {
    check("wait_list_gives_each_waker_to_one", || {
        let list = Arc::new(shim::Mutex::new(WaitList::new()));
        let key = shim::lock(&list).insert(Waker::noop());
        let popping = thread::spawn({
            let list = Arc::clone(&list);
            move || shim::lock(&list).pop().is_some()
        });
        let left = matches!(shim::lock(&list).remove(key), Removed::Waiting(_));
        let popped = popping.join().unwrap();
        assert!(left ^ popped);
        assert!(shim::lock(&list).is_empty());
    });
}

/// One at a time, and each sees what the one before left. Finds `unlock_relaxed`.
#[test]
fn mutex_excludes_and_publishes() {
    check("mutex_excludes_and_publishes", || {
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

/// Two who wait are both served, whenever the lock is given up. Finds `no_second_look`.
#[test]
fn mutex_hands_over_to_all_who_wait() {
    check("mutex_hands_over_to_all_who_wait", || {
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

/// A waiter that gives up, before or after the lock was handed to it, leaves it to the next. Finds
/// `cancelled_keeps_lock`.
#[test]
fn mutex_cancelled_waiter_passes_it_on() {
    check("mutex_cancelled_waiter_passes_it_on", || {
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

/// The last waiter to give up races the unlock, and the lock is free and fast after that.
#[test]
fn mutex_is_free_after_the_last_waiter_gave_up() {
    check("mutex_is_free_after_the_last_waiter_gave_up", || {
        let mutex = Arc::new(Mutex::new(()));
        let holding = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || drop(mutex.try_lock())
        });
        drop(poll(&mut mutex.lock()));
        holding.join().unwrap();
        assert!(mutex.try_lock().is_some(), "neither bit is left over");
    });
}

/// An answer wakes the one who waits for it.
#[test]
fn oneshot_send_wakes() {
    check("oneshot_send_wakes", || {
        let (sender, receiver) = oneshot::channel();
        let answering = thread::spawn(move || sender.send(7));
        assert_eq!(block_on(receiver), Ok(7));
        assert_eq!(answering.join().unwrap(), Ok(()));
    });
}

/// So does the end of the sender. Finds `silent_close`.
#[test]
fn oneshot_close_wakes() {
    check("oneshot_close_wakes", || {
        let (sender, receiver) = oneshot::channel::<u8>();
        let leaving = thread::spawn(move || drop(sender));
        assert_eq!(block_on(receiver), Err(oneshot::RecvError));
        leaving.join().unwrap();
    });
}

/// A send against the receiver's end: the value comes back or is freed, and never stays.
#[test]
fn oneshot_send_against_drop_keeps_nothing() {
    check("oneshot_send_against_drop_keeps_nothing", || {
        let value = Arc::new(());
        let (sender, mut receiver) = oneshot::channel();
        let sending = thread::spawn({
            let value = Arc::clone(&value);
            move || drop(sender.send(value))
        });
        drop(poll(&mut receiver));
        drop(receiver);
        sending.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

/// Two senders through one place: both values arrive, nobody is left waiting. Finds
/// `listed_too_late`.
#[test]
fn mpsc_two_senders_through_one_place() {
    check("mpsc_two_senders_through_one_place", || {
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

/// A send that is given up, before or after room was promised to it, leaves the room to the next;
/// and it has sent its value exactly if it said so. Finds `promise_kept`.
#[test]
fn mpsc_cancelled_send_passes_its_room_on() {
    check("mpsc_cancelled_send_passes_its_room_on", || {
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

/// The receiver's end against a sender that waits: the sender is woken, gets its value back, and
/// the queue is freed.
#[test]
fn mpsc_receiver_drop_wakes_and_frees() {
    check("mpsc_receiver_drop_wakes_and_frees", || {
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

/// The last of two senders to go, whichever it is, ends the receiver's wait.
#[test]
fn mpsc_last_sender_ends_the_wait() {
    check("mpsc_last_sender_ends_the_wait", || {
        let (sender, mut receiver) = mpsc::channel::<u8>(1);
        let other = sender.clone();
        let threads = [sender, other].map(|sender| thread::spawn(move || drop(sender)));
        assert_eq!(block_on(receiver.recv()), None);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// A receive that is given up against a send: the value waits for the next receive.
#[test]
fn mpsc_cancelled_receive_loses_nothing() {
    check("mpsc_cancelled_receive_loses_nothing", || {
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

/// One send reaches both who wait. Finds `look_then_list`.
#[test]
fn broadcast_reaches_all_who_wait() {
    check("broadcast_reaches_all_who_wait", || {
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

/// Sends that overtake a reader: what it got and what it missed add up, then the channel is closed,
/// and keeps nothing. Finds `evicted_readers_forgotten`.
#[test]
fn broadcast_lag_adds_up_until_close() {
    check("broadcast_lag_adds_up_until_close", || {
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

/// A subscription against a send and the close: it gets the value or it does not, and ends.
#[test]
fn broadcast_subscriber_never_hangs() {
    check("broadcast_subscriber_never_hangs", || {
        let (sender, first) = broadcast::channel(1);
        let sending = thread::spawn(move || sender.send(1).is_ok());
        let mut late = first.resubscribe();
        drop(first);
        let answer = block_on(late.recv());
        if answer == Ok(1) {
            assert_eq!(block_on(late.recv()), Err(broadcast::RecvError::Closed));
        } else {
            assert_eq!(answer, Err(broadcast::RecvError::Closed));
        }
        assert!(sending.join().unwrap(), "there was a receiver at any time");
    });
}

/// A receiver that leaves against a send and another's read: nothing is kept for who is gone.
#[test]
fn broadcast_leaver_keeps_nothing() {
    check("broadcast_leaver_keeps_nothing", || {
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

/// A receive that is given up against a send: its place is gone, the value is still there.
#[test]
fn broadcast_cancelled_receive_loses_nothing() {
    check("broadcast_cancelled_receive_loses_nothing", || {
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
