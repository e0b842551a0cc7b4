//! A loop over a channel that is always ready gives way after its poll's budget, and loses nothing.

use std::future::pending;

use executor::future::{join, select};
use executor::sync::{Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use reactor::budget;

use crate::support::{Count, poll};

/// Runs `operation` inside a poll until it gives way, and returns how often it was ready. An empty budget
/// grants an operation now and then; those are charged too, and are not counted here.
fn ready_in_one_poll(mut operation: impl FnMut(&std::task::Waker) -> bool) -> u32 {
    let (woken, waker) = Count::new();
    budget::start();
    let ready = (0..10 * budget::PER_POLL).take_while(|_| operation(&waker)).count();
    budget::end();
    assert_eq!(woken.wakes(), 1, "it gives way, and is woken to go on");
    let ready = u32::try_from(ready).expect("small");
    assert!(ready < 2 * budget::PER_POLL, "{ready} in one poll");
    ready.min(budget::PER_POLL)
}

#[test]
fn every_operation_is_charged() {
    let mutex = Mutex::new(());
    let locks = ready_in_one_poll(|waker| poll(&mut mutex.lock(), waker).is_ready());
    assert_eq!(locks, budget::PER_POLL);

    let (sender, mut receiver) = mpsc::channel(10_000);
    let sends = ready_in_one_poll(|waker| poll(&mut sender.send(1), waker).is_ready());
    assert_eq!(sends, budget::PER_POLL);
    for _ in 0..1000 {
        sender.try_send(1).expect("room");
    }
    let receives = ready_in_one_poll(|waker| poll(&mut receiver.recv(), waker).is_ready());
    assert_eq!(receives, budget::PER_POLL);
    drop(receiver);
    let refusals = ready_in_one_poll(|waker| poll(&mut sender.send(1), waker).is_ready());
    assert_eq!(refusals, budget::PER_POLL, "the receiver has gone");
    let (_, mut receiver) = mpsc::channel::<()>(1);
    let ends = ready_in_one_poll(|waker| poll(&mut receiver.recv(), waker).is_ready());
    assert_eq!(ends, budget::PER_POLL, "the senders have gone");

    let (sender, mut receiver) = mpsc::channel(10_000);
    let reserves = ready_in_one_poll(|waker| poll(&mut sender.reserve(), waker).is_ready());
    assert_eq!(reserves, budget::PER_POLL, "though the permits are dropped");
    let none = ready_in_one_poll(|waker| poll(&mut receiver.recv_many(&mut Vec::new(), 0), waker).is_ready());
    assert_eq!(none, budget::PER_POLL, "nothing is asked for");
    for _ in 0..1000 {
        sender.try_send(1).expect("room");
    }
    let mut buffer = Vec::new();
    let calls = ready_in_one_poll(|waker| poll(&mut receiver.recv_many(&mut buffer, 10), waker).is_ready());
    assert_eq!(calls, budget::PER_POLL / 10 + 1, "each value is charged");
    receiver.close();
    let closed = ready_in_one_poll(|waker| poll(&mut sender.closed(), waker).is_ready());
    assert_eq!(closed, budget::PER_POLL);
    let refusals = ready_in_one_poll(|waker| poll(&mut sender.reserve(), waker).is_ready());
    assert_eq!(refusals, budget::PER_POLL, "the channel is closed");
    let (mut sender, receiver) = oneshot::channel::<()>();
    drop(receiver);
    let closed = ready_in_one_poll(|waker| poll(&mut sender.closed(), waker).is_ready());
    assert_eq!(closed, budget::PER_POLL);
    let (sender, _) = broadcast::channel::<()>(1);
    let closed = ready_in_one_poll(|waker| poll(&mut sender.closed(), waker).is_ready());
    assert_eq!(closed, budget::PER_POLL);

    let (sender, mut receiver) = broadcast::channel(10_000);
    for _ in 0..1000 {
        sender.send(1).expect("a receiver");
    }
    let receives = ready_in_one_poll(|waker| poll(&mut receiver.recv(), waker).is_ready());
    assert_eq!(receives, budget::PER_POLL);
    assert!(sender.len() > 1000 - 2 * budget::PER_POLL as usize, "the others are there");

    let received = ready_in_one_poll(|waker| {
        let (sender, mut receiver) = oneshot::channel();
        sender.send(1).expect("it is there");
        poll(&mut receiver, waker).is_ready()
    });
    assert_eq!(received, budget::PER_POLL);
}

/// A join or a select is charged for the operations of its branches, and for nothing else.
#[test]
fn branches_are_charged_for_what_they_do() {
    let (one, other) = (Mutex::new(()), Mutex::new(()));
    let selects = ready_in_one_poll(|waker| {
        poll(&mut Box::pin(select((one.lock(), pending::<()>()))), waker).is_ready()
    });
    assert_eq!(selects, budget::PER_POLL);

    let (_, waker) = Count::new();
    budget::start();
    let both = || poll(&mut Box::pin(join((one.lock(), other.lock()))), &waker).is_ready();
    let joins = (0..10 * budget::PER_POLL).take_while(|_| both()).count();
    budget::end();
    assert!((64..96).contains(&joins), "two operations each: {joins}");
}

#[test]
fn joins_of_a_set_are_charged() {
    let mut set = executor::task::JoinSet::new();
    let ends = ready_in_one_poll(|waker| poll(&mut set.join_next(), waker).is_ready());
    assert_eq!(ends, budget::PER_POLL, "it is empty");
    let begun = std::rc::Rc::new(std::cell::Cell::new(0));
    for number in 1..=1000 {
        let begun = std::rc::Rc::clone(&begun);
        set.spawn_local(async move { begun.set(number) });
    }
    executor::task::block_on(async {
        while begun.get() < 1000 {
            executor::task::yield_now().await;
        }
    });
    let joins = ready_in_one_poll(|waker| poll(&mut set.join_next(), waker).is_ready());
    assert_eq!(joins, budget::PER_POLL);
    assert!(set.len() > 1000 - 2 * budget::PER_POLL as usize, "the others are there");
}

/// A future that is made for one poll. Most of the locks' futures are no `Unpin`.
fn is_ready(future: impl Future, waker: &std::task::Waker) -> bool {
    poll(&mut Box::pin(future), waker).is_ready()
}

#[test]
fn every_lock_is_charged() {
    let charged = |what: &str, operation: &mut dyn FnMut(&std::task::Waker) -> bool| {
        assert_eq!(ready_in_one_poll(operation), budget::PER_POLL, "{what}");
    };
    let mutex = std::sync::Arc::new(Mutex::new(()));
    charged("lock_owned", &mut |waker| is_ready(mutex.clone().lock_owned(), waker));
    let semaphore = std::sync::Arc::new(Semaphore::new(3));
    charged("acquire", &mut |waker| is_ready(semaphore.acquire(), waker));
    charged("acquire_many", &mut |waker| is_ready(semaphore.acquire_many(2), waker));
    charged("acquire_owned", &mut |waker| is_ready(semaphore.clone().acquire_owned(), waker));
    semaphore.close();
    charged("acquire of a closed semaphore", &mut |waker| is_ready(semaphore.acquire(), waker));
    let lock = std::sync::Arc::new(RwLock::new(()));
    charged("read", &mut |waker| is_ready(lock.read(), waker));
    charged("write", &mut |waker| is_ready(lock.write(), waker));
    charged("read_owned", &mut |waker| is_ready(lock.clone().read_owned(), waker));
    charged("write_owned", &mut |waker| is_ready(lock.clone().write_owned(), waker));
    let notify = Notify::new();
    charged("notified, by a permit", &mut |waker| {
        notify.notify_one();
        is_ready(notify.notified(), waker)
    });
    let mut notified = notify.notified();
    notify.notify_waiters();
    charged("notified, by a round, again and again", &mut |waker| poll(&mut notified, waker).is_ready());
    let barrier = Barrier::new(1);
    charged("wait", &mut |waker| is_ready(barrier.wait(), waker));
    let cell = OnceCell::new();
    charged("get_or_init", &mut |waker| is_ready(cell.get_or_init(async || 7), waker));
    let empty = OnceCell::<u8>::new();
    charged("get_or_try_init", &mut |waker| is_ready(empty.get_or_try_init(async || Err(())), waker));
}

#[test]
fn every_watch_is_charged() {
    let charged = |what: &str, operation: &mut dyn FnMut(&std::task::Waker) -> bool| {
        assert_eq!(ready_in_one_poll(operation), budget::PER_POLL, "{what}");
    };
    let (sender, mut receiver) = watch::channel(0);
    charged("changed", &mut |waker| {
        sender.send_modify(|value| *value += 1);
        is_ready(receiver.changed(), waker)
    });
    charged("wait_for", &mut |waker| is_ready(receiver.wait_for(|_| true), waker));
    drop(receiver);
    charged("closed", &mut |waker| is_ready(sender.closed(), waker));
    let mut receiver = sender.subscribe();
    drop(sender);
    charged("changed, at the end", &mut |waker| is_ready(receiver.changed(), waker));
}

/// Errors are charged as values are, even those that are returned again each time.
#[test]
fn a_send_that_was_done_is_charged() {
    let (sender, _receiver) = mpsc::channel(1);
    let mut sending = sender.send(1);
    let again = ready_in_one_poll(|waker| poll(&mut sending, waker).is_ready());
    assert_eq!(again, budget::PER_POLL);
}

/// An empty budget grants one in sixteen operations.
#[test]
fn one_that_polls_repeatedly_is_granted_a_few_operations() {
    let mutex = Mutex::new(());
    let (_, waker) = Count::new();
    let lock = || poll(&mut mutex.lock(), &waker).is_ready();
    budget::start();
    assert!((0..budget::PER_POLL).all(|_| lock()));
    let granted = (0..1600).filter(|_| lock()).count();
    budget::end();
    assert!((50..200).contains(&granted), "{granted} of 1600");
}
