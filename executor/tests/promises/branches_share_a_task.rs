//! Branches of a join or a select: each gets its turn, and each is dropped once, as soon as it is not needed.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, ready};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use executor::future::{Selected::*, join, poll_fn, select, try_join};
use executor::sync::{mpsc, oneshot};
use executor::task::{self, JoinError, block_on, spawn, spawn_local, yield_now};
use reactor::time::sleep;

use crate::support::{Count, Drops, Gate, quiet_panic};

/// Ready at this poll, counted from 1, and never again.
fn ready_at<T>(polls: usize, output: T) -> impl Future<Output = T> {
    let (mut output, mut left) = (Some(output), polls);
    poll_fn(move |cx| {
        left -= 1;
        if left > 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(output.take().expect("it is not polled again"))
    })
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn outputs_are_in_the_order_of_the_tuple() {
    block_on(async {
        assert_eq!(join((ready_at(3, 'a'), ready_at(1, 2))).await, ('a', 2));
        let three = try_join((ready_at(2, Ok(1)), ready_at(3, Ok("b")), ready_at(1, Ok::<_, ()>(3.0)))).await;
        assert_eq!(three, Ok((1, "b", 3.0)));
        let at = ready_at::<usize>;
        let eight = (at(8, 0), at(7, 1), at(6, 2), at(5, 3), at(4, 4), at(3, 5), at(2, 6), at(1, 7));
        assert_eq!(join(eight).await, (0, 1, 2, 3, 4, 5, 6, 7));
    });
}

/// In a tuple of each size, a select returns the place of the branch that is ready.
#[test]
fn a_select_says_which_branch_it_was() {
    fn never() -> impl Future<Output = ()> {
        pending()
    }
    block_on(async {
        assert_eq!(select((ready('a'), never())).await, First('a'));
        assert_eq!(select((never(), ready('b'))).await, Second('b'));
        assert_eq!(select((never(), never(), ready('c'))).await, Third('c'));
        assert_eq!(select((never(), never(), never(), ready('d'))).await, Fourth('d'));
        assert_eq!(select((never(), never(), never(), never(), ready('e'))).await, Fifth('e'));
        let six = (never(), never(), never(), never(), never(), ready('f'));
        assert_eq!(select(six).await, Sixth('f'));
        let seven = (never(), never(), never(), never(), never(), never(), ready('g'));
        assert_eq!(select(seven).await, Seventh('g'));
        let eight = (never(), never(), never(), never(), never(), never(), never(), ready('h'));
        assert_eq!(select(eight).await, Eighth('h'));
    });
}

/// A program of 400 rounds, each with two selects, as a counter in place of chance would not survive it.
#[test]
fn a_branch_that_is_always_ready_starves_no_other() {
    const ROUNDS: usize = 400;
    let mut wins = [[0; 3]; 2];
    block_on(async {
        for _ in 0..ROUNDS {
            for wins in &mut wins {
                let (First(branch) | Second(branch) | Third(branch)) =
                    select((ready(0), ready(1), ready(2))).await;
                wins[branch] += 1;
            }
        }
    });
    let enough = ROUNDS / 6..ROUNDS / 2;
    assert!(wins.as_flattened().iter().all(|count| enough.contains(count)), "{wins:?}");
}

/// A channel that is never empty, beside an order to stop that has been given: it is seen soon.
#[test]
fn a_flood_hides_no_other_branch() {
    let (sender, mut flood) = mpsc::channel(10_000);
    (0..10_000).for_each(|number| sender.try_send(number).expect("there is room"));
    let (stop, mut stopped) = oneshot::channel();
    stop.send(()).expect("the receiver is there");
    let received = block_on(spawn(async move {
        let mut received = 0;
        while let First(_) = select((flood.recv(), &mut stopped)).await {
            received += 1;
        }
        received
    }));
    assert!(received < 100, "{received} before the order to stop was seen");
}

/// Both branches are ready without end. Neither has done nearly all of its work before the other has done half.
#[test]
fn branches_of_a_join_share_the_budget() {
    const MANY: usize = 20_000;
    let done = [const { Cell::new(0) }; 2];
    let others = [const { Cell::new(0) }; 2];
    let branch = |this: usize| {
        let (done, others) = (&done, &others);
        async move {
            let (sender, mut receiver) = mpsc::channel(1);
            for _ in 0..MANY {
                sender.send(()).await.expect("the receiver is there");
                receiver.recv().await;
                done[this].set(done[this].get() + 1);
            }
            others[this].set(done[1 - this].get());
        }
    };
    block_on(join((branch(0), branch(1))));
    let behind = others[0].get().min(others[1].get());
    assert!(behind > MANY / 2, "one ended, and the other had done {behind} of {MANY}");
}

/// What a branch stores is the task's own waker, so a dump sees the task, and the wake costs what it
/// costs without the join.
#[test]
fn a_branch_gets_the_tasks_own_waker() {
    let (_, waker) = Count::new();
    let same = |waker: Waker| poll_fn(move |cx| Poll::Ready(cx.waker().will_wake(&waker)));
    let mut both = pin!(join((same(waker.clone()), same(waker.clone()))));
    assert_eq!(both.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready((true, true)));
    let mut one = pin!(select((same(waker.clone()), pending::<()>())));
    assert_eq!(one.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(First(true)));
}

/// Either branch wakes the task, whichever thread it is woken from.
#[test]
fn each_branch_can_end_the_wait() {
    for opened in 0..2 {
        let gates = [Gate::new(), Gate::new()];
        let waits = spawn({
            let (one, other) = (gates[0].pass(), gates[1].pass());
            async move { select((one, other)).await }
        });
        gates[opened].await_polls(1);
        gates[opened].open();
        assert_eq!(block_on(waits), if opened == 0 { First(()) } else { Second(()) });
        let waits = spawn({
            let (one, other) = (gates[0].pass(), gates[1].pass());
            async move { join((one, other)).await }
        });
        gates[1 - opened].open();
        block_on(waits);
    }
}

#[test]
fn a_branch_of_a_join_is_dropped_when_it_is_ready() {
    let (drops, gate) = (Drops::new(), Gate::new());
    let token = drops.token();
    let holds = async move {
        let _held = token;
        yield_now().await;
    };
    let mut both = pin!(join((holds, gate.pass())));
    assert!(poll_once(both.as_mut()).is_pending());
    assert_eq!(drops.count(), 0);
    assert!(poll_once(both.as_mut()).is_pending());
    assert_eq!(drops.count(), 1, "the other branch still waits");
    gate.open();
    assert_eq!(poll_once(both.as_mut()), Poll::Ready(((), ())));
}

#[test]
fn a_failure_ends_a_try_join_at_once() {
    let drops = Drops::new();
    let token = drops.token();
    let never = async move {
        let _held = token;
        pending::<Result<(), &str>>().await
    };
    block_on(async {
        assert_eq!(try_join((never, async { Err::<(), _>("no") })).await, Err("no"));
        assert_eq!(drops.count(), 1, "dropped before the next statement");
    });
}

#[test]
fn the_losers_are_dropped_before_an_arm_runs() {
    let drops = Drops::new();
    let token = drops.token();
    let loser = async move {
        let _held = token;
        pending::<()>().await;
    };
    block_on(async {
        match select((loser, yield_now())).await {
            First(()) => unreachable!("it never ends"),
            Second(()) => assert_eq!(drops.count(), 1),
        }
    });
}

/// Also an output that was kept for the end of the join.
#[test]
fn a_dropped_join_drops_all_that_it_has() {
    let drops = Drops::new();
    let (output, held) = (drops.token(), drops.token());
    let mut both = Box::pin(join((async move { output }, async move {
        let _held = held;
        pending::<()>().await;
    })));
    assert!(poll_once(both.as_mut()).is_pending());
    assert_eq!(drops.count(), 0, "the output is kept");
    drop(both);
    assert_eq!(drops.count(), 2);
}

/// What is received in a branch that loses later is not lost: the branch is kept, and passed by reference.
#[test]
fn a_branch_that_is_kept_goes_on() {
    let polls = AtomicUsize::new(0);
    let three_polls = async {
        for _ in 0..3 {
            // ORDERING: Relaxed; only counted.
            polls.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
        }
        "done"
    };
    let done = block_on(async {
        let mut kept = pin!(three_polls);
        loop {
            if let First(done) = select((kept.as_mut(), ready(()))).await {
                break done;
            }
            yield_now().await;
        }
    });
    // ORDERING: Relaxed; only counted, and on this thread.
    assert_eq!((done, polls.load(Ordering::Relaxed)), ("done", 3), "it was not started again");
}

#[test]
fn a_panic_of_a_branch_ends_the_task_and_drops_the_others() {
    let drops = Drops::new();
    for held in [drops.token(), drops.token()] {
        let others = async move {
            let _held = held;
            pending::<()>().await;
        };
        let panics = async {
            yield_now().await;
            quiet_panic("a branch's panic")
        };
        let joined = match drops.count() {
            0 => spawn(async { _ = join((others, panics)).await }),
            _ => spawn(async { _ = select((others, panics)).await }),
        };
        assert!(matches!(block_on(joined.try_join()), Err(JoinError::Panicked(_))));
    }
    assert_eq!(drops.count(), 2);
}

/// Branches borrow, from the function and from each other's surroundings, on the pool and on one thread.
#[test]
fn branches_may_borrow_and_may_be_sent() {
    let borrowed = block_on(spawn(async {
        let text = String::from("tea");
        let (sender, mut receiver) = mpsc::channel(1);
        let send = async { sender.send(text.as_str()).await.is_ok() };
        let receive = async { receiver.recv().await.map(str::len) };
        join((send, receive, sleep(Duration::from_millis(1)))).await
    }));
    assert_eq!(borrowed, (true, Some(3), ()));
    let log = RefCell::new(Vec::new());
    let say = |word: &'static str| {
        let log = &log;
        async move {
            for _ in 0..2 {
                log.borrow_mut().push(word);
                yield_now().await;
            }
        }
    };
    block_on(async { join((say("tick"), say("tock"))).await });
    let mut said = log.into_inner();
    said[..2].sort_unstable();
    assert_eq!(said[..2], ["tick", "tock"], "the second word of none comes before the first of the other");
}

/// A branch that is a task's handle: the select may lose, and the task goes on.
#[test]
fn a_handle_that_loses_detaches_its_task() {
    let gate = Gate::new();
    let (sender, receiver) = oneshot::channel();
    block_on(async {
        let pass = gate.pass();
        let slow = spawn_local(async move {
            pass.await;
            sender.send("still running")
        });
        assert!(matches!(select((slow, task::spawn_local(async {}))).await, Second(())));
        gate.open();
        assert_eq!(receiver.await, Ok("still running"));
    });
}

/// A join is about as large as its branches: they are not moved to a second place.
#[test]
fn a_join_holds_each_branch_once() {
    let large = || {
        let bytes = [1_u8; 4096];
        async move {
            yield_now().await;
            bytes.len()
        }
    };
    let branch = size_of_val(&large());
    for size in [size_of_val(&join((large(), large()))), size_of_val(&select((large(), large())))] {
        assert!(size < 2 * branch + 256, "{size} for two branches of {branch}");
    }
}
