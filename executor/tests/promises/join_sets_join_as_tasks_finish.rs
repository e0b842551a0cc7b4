//! A set returns its tasks in the order in which they finish, each once, and leaves none behind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Poll, Waker};

use executor::pool::Pool;
use executor::sync::{mpsc, oneshot};
use executor::task::{self, Builder, JoinSet, block_on};

use crate::support::{Count, Drops, Gate, ends, eventually, poll, quiet_panic};

#[test]
fn the_order_is_that_of_the_ends() {
    ends(|| {
        let (mut set, mut gates) = (JoinSet::new(), Vec::new());
        for number in 0..5 {
            let (open, gate) = oneshot::channel::<()>();
            gates.push(Some(open));
            set.spawn(async move {
                gate.await.expect("the gate is opened");
                number
            });
        }
        assert!(set.try_join_next().is_none());
        for number in [3, 0, 4, 1, 2] {
            gates[number].take().expect("once").send(()).expect("it waits");
            let joined = block_on(set.join_next()).expect("four more at most").expect("no panic");
            assert_eq!(joined, number);
        }
        assert!(set.is_empty() && block_on(set.join_next()).is_none());
    });
}

/// Slots are used again, and tasks may be added between two joins, or while one is waited for.
#[test]
fn each_is_joined_once() {
    ends(|| {
        let mut set = JoinSet::new();
        let mut seen = vec![0; 3000];
        let note = |seen: &mut Vec<u32>, joined: Option<Result<usize, task::JoinError>>| {
            joined.map(|number| seen[number.expect("no panic")] += 1)
        };
        for number in 0..3000 {
            match number % 3 {
                0 => set.spawn(async move { number }),
                1 => set.spawn_local(async move {
                    task::yield_now().await;
                    number
                }),
                _ => set.insert(Builder::new().name("named").spawn(async move { number })),
            };
            if number % 7 == 0 {
                note(&mut seen, set.try_join_next());
            }
            if number % 501 == 500 {
                block_on(async { while note(&mut seen, set.join_next().await).is_some() {} });
                assert!(set.is_empty());
            }
        }
        block_on(async { while note(&mut seen, set.join_next().await).is_some() {} });
        assert!(seen.iter().all(|times| *times == 1));
    });
}

#[test]
fn panics_and_cancellations_are_outcomes() {
    ends(|| {
        let mut set = JoinSet::new();
        set.spawn(async { quiet_panic("out of tea") });
        let abort = set.spawn(std::future::pending::<()>());
        let first = block_on(set.join_next()).expect("two").expect_err("it panics");
        assert!(first.is_panic());
        assert!(!abort.is_finished());
        abort.abort();
        assert!(block_on(set.join_next()).expect("one").expect_err("it is aborted").is_cancelled());
        assert!(abort.is_finished() && set.is_empty());
    });
}

#[test]
fn a_dropped_set_aborts_and_a_detached_one_does_not() {
    ends(|| {
        let drops = Drops::new();
        let mut set = JoinSet::new();
        for _ in 0..10 {
            let token = drops.token();
            set.spawn(async move {
                std::future::pending::<()>().await;
                drop(token);
            });
        }
        drop(set);
        eventually("the futures are dropped", || drops.count() == 10);

        let (sender, mut receiver) = mpsc::channel(10);
        let gates: Vec<Gate> = (0..10).map(|_| Gate::new()).collect();
        let mut set = JoinSet::new();
        for (number, gate) in gates.iter().enumerate() {
            let (sender, passed) = (sender.clone(), gate.pass());
            set.spawn(async move {
                passed.await;
                sender.try_send(number).expect("room");
            });
        }
        drop(sender);
        set.detach_all();
        assert!(set.is_empty() && block_on(set.join_next()).is_none());
        set.spawn(async {}); // The old tasks end while the set has a new one.
        gates.iter().for_each(Gate::open);
        let mut all = Vec::new();
        while let Some(number) = block_on(receiver.recv()) {
            all.push(number);
        }
        all.sort_unstable();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
        assert!(block_on(set.join_next()).expect("the new one").is_ok());
        assert!(block_on(set.join_next()).is_none(), "no old one");
    });
}

/// `shutdown` returns when the futures are dropped, on whatever thread they are.
#[test]
fn shutdown_waits_for_the_drops() {
    ends(|| {
        let drops = Drops::new();
        let pool = Pool::new(2).expect("threads start");
        let mut set = JoinSet::new();
        for index in 0..30 {
            let token = drops.token();
            let future = async move {
                std::future::pending::<()>().await;
                drop(token);
            };
            match index % 3 {
                0 => set.spawn(future),
                1 => set.spawn_on(future, &pool),
                _ => set.spawn_local(future),
            };
        }
        block_on(async {
            task::yield_now().await;
            set.abort_all();
            assert_eq!(set.len(), 30, "aborted tasks are joined as others are");
            set.shutdown().await;
        });
        assert!(set.is_empty());
        assert_eq!(drops.count(), 30);
    });
}

/// A dropped `join_next` leaves no waker behind, and one that is polled by another task wakes that one.
#[test]
fn the_last_poll_is_woken() {
    ends(|| {
        let gate = Gate::new();
        let mut set = JoinSet::new();
        set.spawn(gate.pass());
        let ((first, one), (second, two)) = (Count::new(), Count::new());
        assert!(poll(&mut set.join_next(), &one).is_pending());
        assert_eq!(Arc::strong_count(&first), 2, "only ours");
        let mut join = set.join_next();
        assert!(poll(&mut join, &one).is_pending() && poll(&mut join, &two).is_pending());
        gate.open();
        eventually("the last one is woken", || second.wakes() == 1);
        assert_eq!(first.wakes(), 0);
        assert!(matches!(poll(&mut join, &two), Poll::Ready(Some(Ok(())))));
        drop(join);
        assert!(matches!(poll(&mut set.join_next(), Waker::noop()), Poll::Ready(None)));
    });
}

/// And the set stays as it was.
#[test]
fn a_handle_without_an_outcome_is_refused() {
    let mut handle = task::spawn_local(async {});
    block_on(&mut handle);
    let mut set = JoinSet::new();
    let refused = catch_unwind(AssertUnwindSafe(|| set.insert(handle))).expect_err("it panics");
    let message = refused.downcast_ref::<&str>().expect("a text");
    assert_eq!(*message, "a JoinHandle was polled after it was ready");
    assert!(set.is_empty() && block_on(set.join_next()).is_none());
}
