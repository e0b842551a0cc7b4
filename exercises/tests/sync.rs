//! Exercises of the chapter "Locks and channels": `stubs/sync.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/sync.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/sync.rs")]
mod sync;

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use exercises::{Calls, PolledByWaker, ends};
use futures_lite::future::{block_on, poll_once};
use sync::{Notify, Receiver, Semaphore, watch};

#[test]
fn exercise_1_permits_go_to_those_who_wait_in_their_order() {
    let semaphore = Semaphore::new(1);
    block_on(semaphore.acquire());
    let mut first = pin!(semaphore.acquire());
    let mut second = pin!(semaphore.acquire());
    assert_eq!(block_on(poll_once(first.as_mut())), None);
    assert_eq!(block_on(poll_once(second.as_mut())), None);
    semaphore.release();
    assert_eq!(block_on(poll_once(second)), None, "it came later");
    assert_eq!(block_on(poll_once(first)), Some(()));
}

#[test]
fn exercise_1_who_gives_up_passes_the_permit_on() {
    ends("the waiter that gives up waits for a lock that it holds", || {
        let semaphore = Semaphore::new(1);
        block_on(semaphore.acquire());
        let (first_calls, first_waker) = Calls::waker();
        let (second_calls, second_waker) = Calls::waker();
        let mut first = Box::pin(semaphore.acquire());
        let mut second = pin!(semaphore.acquire());
        assert!(first.as_mut().poll(&mut Context::from_waker(&first_waker)).is_pending());
        assert!(second.as_mut().poll(&mut Context::from_waker(&second_waker)).is_pending());
        semaphore.release();
        assert_eq!(first_calls.count(), 1, "the first waiter is woken");
        drop(first); // For example by a timeout: it was woken, but is never polled again.
        assert_eq!(second_calls.count(), 1, "the permit is lost: the second waits forever");
        assert_eq!(second.as_mut().poll(&mut Context::from_waker(&second_waker)), Poll::Ready(()));
        assert_eq!(semaphore.free(), 0, "there is one permit, and the second holds it");
    });
}

#[test]
fn exercise_1_who_has_its_permit_gives_none_back_when_dropped() {
    let semaphore = Semaphore::new(1);
    block_on(semaphore.acquire());
    let mut waiting = Box::pin(semaphore.acquire());
    assert_eq!(block_on(poll_once(waiting.as_mut())), None);
    semaphore.release();
    assert_eq!(block_on(poll_once(waiting.as_mut())), Some(()));
    drop(waiting);
    assert_eq!(semaphore.free(), 0, "the permit is held, until `release` gives it back");
}

#[test]
fn exercise_1_who_leaves_the_line_takes_nothing() {
    let semaphore = Semaphore::new(0);
    let mut waiting = Box::pin(semaphore.acquire());
    assert_eq!(block_on(poll_once(waiting.as_mut())), None);
    drop(waiting);
    assert_eq!(semaphore.free(), 0, "it had no permit to give back");
    semaphore.release();
    assert_eq!(semaphore.free(), 1);
}

#[test]
fn exercise_2_the_newest_value_and_no_other() {
    let (sender, mut receiver) = watch(0);
    assert_eq!(receiver.borrow(), 0);
    assert_eq!(block_on(poll_once(receiver.changed())), None, "nothing was sent yet");
    sender.send(1);
    sender.send(2);
    assert_eq!(block_on(receiver.changed()), 2, "1 is skipped");
    assert_eq!(block_on(poll_once(receiver.changed())), None, "2 was seen");
    assert_eq!(receiver.borrow(), 2);
}

#[test]
fn exercise_2_who_waits_is_woken() {
    let (sender, mut receiver) = watch("old");
    let (first_calls, first) = Calls::waker();
    let (calls, waker) = Calls::waker();
    let mut changed = Box::pin(receiver.changed());
    let mut poll = |waker| Pin::new(&mut changed).poll(&mut Context::from_waker(waker));
    assert!(poll(&first).is_pending());
    assert!(poll(&waker).is_pending());
    sender.send("new");
    assert_eq!((first_calls.count(), calls.count()), (0, 1), "the task that polled last is woken");
    assert_eq!(poll(&waker), Poll::Ready("new"));
}

#[test]
fn exercise_2_the_waker_is_called_without_the_lock() {
    ends("the waker polls the receiver, and is called while its lock is held", || {
        let (sender, mut receiver) = watch(0);
        let changed = PolledByWaker::begin(Box::pin(async move { receiver.changed().await }));
        sender.send(1);
        assert_eq!(changed.output(), Some(1));
    });
}

/// Looks at the value that has replaced it, when it is dropped.
#[derive(Clone)]
struct Looks(Arc<Mutex<Option<Receiver<Looks>>>>);

impl Drop for Looks {
    fn drop(&mut self) {
        if let Some(receiver) = self.0.try_lock().ok().and_then(|mut receiver| receiver.take()) {
            receiver.borrow();
        }
    }
}

#[test]
fn exercise_2_the_old_value_is_dropped_without_the_lock() {
    ends("the old value looks at the new one, and is dropped while the lock is held", || {
        let receiver = Arc::new(Mutex::new(None));
        let looks = Looks(receiver.clone());
        let (sender, looked_at) = watch(looks.clone());
        *receiver.lock().unwrap() = Some(looked_at);
        sender.send(Looks(Arc::default()));
        assert!(receiver.lock().unwrap().is_none(), "the old value was dropped");
        drop(looks);
    });
}

#[test]
fn exercise_3_a_notice_before_the_wait_is_not_lost() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    assert_eq!(block_on(poll_once(notify.notified())), Some(()), "it was notified before it began to wait");
    assert_eq!(block_on(poll_once(notify.notified())), None, "one notice is stored, and no more");
}

#[test]
fn exercise_3_who_waits_is_woken_and_nothing_is_stored() {
    let notify = Notify::new();
    let (calls, waker) = Calls::waker();
    let mut notified = Box::pin(notify.notified());
    let mut poll = || Pin::new(&mut notified).poll(&mut Context::from_waker(&waker));
    assert!(poll().is_pending());
    notify.notify_one();
    assert_eq!(calls.count(), 1);
    assert_eq!(poll(), Poll::Ready(()));
    assert_eq!(block_on(poll_once(notify.notified())), None, "the first has taken it");
}
