//! `cancel().await` resolves once the future has been dropped, with `Some` if the task had finished first.
//! `abort()` does the same without waiting. A future is dropped exactly once, whatever happens at the same
//! time.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use executor::pool::Pool;
use executor::task::{self, Builder, JoinError, block_on, spawn, spawn_local};

use crate::support::{Count, DEADLINE, Drops, Gate, OnDrop, Random, ends, eventually, panics, poll};

#[test]
fn cancel_resolves_after_the_futures_drop() {
    let (drops, gate) = (Drops::new(), Gate::new());
    let (token, pass) = (drops.token(), gate.pass());
    let handle = spawn(async move {
        let _token = token;
        pass.await;
    });
    gate.await_polls(1);
    assert_eq!(block_on(handle.cancel()), None);
    assert_eq!(drops.count(), 1);
}

#[test]
fn cancel_of_a_local_task_resolves_after_the_futures_drop() {
    ends(|| {
        let (drops, gate) = (Drops::new(), Gate::new());
        let (token, pass) = (drops.token(), gate.pass());
        let handle = spawn_local(async move {
            let _token = token;
            pass.await;
        });
        block_on(async {
            while gate.polls() == 0 {
                task::yield_now().await;
            }
            assert_eq!(handle.cancel().await, None);
            assert_eq!(drops.count(), 1);
        });
    });
}

#[test]
fn cancel_before_the_first_poll_drops_the_future_unpolled() {
    ends(|| {
        let (drops, gate) = (Drops::new(), Gate::new());
        let (token, pass) = (drops.token(), gate.pass());
        let handle = spawn_local(async move {
            let _token = token;
            pass.await;
        });
        assert_eq!(block_on(handle.cancel()), None);
        assert_eq!((drops.count(), gate.polls()), (1, 0));
    });
}

#[test]
fn cancel_of_what_has_finished_gives_the_value() {
    let handle = spawn(async { 7 });
    eventually("it finishes", || handle.is_finished());
    assert_eq!(block_on(handle.cancel()), Some(7));

    let handle = spawn_local(async { 8 });
    block_on(async {
        while !handle.is_finished() {
            task::yield_now().await;
        }
        assert_eq!(handle.cancel().await, Some(8));
    });
}

#[test]
fn abort_of_what_has_finished_changes_nothing() {
    let handle = spawn(async { 7 });
    eventually("it finishes", || handle.is_finished());
    handle.abort();
    handle.abort();
    assert_eq!(block_on(handle), 7);
}

/// An unusual moment: the cancellation comes while the last poll is under way.
#[test]
fn a_cancel_during_the_last_poll_gives_the_value() {
    let (inside, is_inside) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let handle = spawn(async move {
        inside.send(()).unwrap();
        may_go_on.recv_timeout(DEADLINE).unwrap();
        9
    });
    is_inside.recv_timeout(DEADLINE).unwrap();
    let cancelled = handle.cancel();
    go_on.send(()).unwrap();
    assert_eq!(block_on(cancelled), Some(9));
}

#[test]
fn a_task_that_cancels_itself_and_waits_is_dropped() {
    ends(|| {
        let drops = Drops::new();
        let (send, receive) = mpsc::channel::<task::JoinHandle<()>>();
        let token = drops.token();
        let handle = spawn(async move {
            let _token = token;
            let me = receive.recv_timeout(DEADLINE).unwrap();
            me.abort();
            me.await;
        });
        send.send(handle).unwrap();
        eventually("the future is dropped", || drops.count() == 1);
    });
}

/// An unusual moment: the call requests the cancellation, not the first poll.
#[test]
fn a_cancel_future_dropped_unpolled_has_cancelled() {
    let (drops, gate) = (Drops::new(), Gate::new());
    let (token, pass) = (drops.token(), gate.pass());
    let handle = spawn(async move {
        let _token = token;
        pass.await;
    });
    gate.await_polls(1);
    drop(handle.cancel());
    eventually("the future is dropped", || drops.count() == 1);
    assert_eq!(gate.polls(), 1);
}

#[test]
fn awaiting_an_aborted_handle_panics_and_names_the_task() {
    let handle = Builder::new().name("the culprit").spawn(std::future::pending::<()>());
    handle.abort();
    let said = panics(|| block_on(handle));
    assert!(said.contains("the culprit"), "{said}");

    let handle = spawn(std::future::pending::<()>());
    let id = handle.id().to_string();
    handle.abort();
    let said = panics(|| block_on(handle));
    assert!(said.contains(&id), "{said}");
}

#[test]
fn try_join_of_an_aborted_handle_says_cancelled() {
    let handle = spawn(std::future::pending::<()>());
    handle.abort();
    handle.abort();
    assert!(matches!(block_on(handle.try_join()), Err(JoinError::Cancelled)));
    ends(|| {
        let handle = spawn_local(std::future::pending::<()>());
        handle.abort();
        assert!(matches!(block_on(handle.try_join()), Err(JoinError::Cancelled)));
    });
}

#[test]
fn cancel_swallows_the_panic_of_the_poll() {
    let handle = spawn(async {
        if task::current().is_some() {
            crate::support::quiet_panic("before the cancel");
        }
    });
    eventually("it finishes", || handle.is_finished());
    assert_eq!(block_on(handle.cancel()), None);
}

/// Dropping the handle detaches the task, which goes on.
#[test]
fn a_dropped_handle_detaches() {
    let gate = Gate::new();
    let (done, end) = mpsc::channel();
    let pass = gate.pass();
    let handle = spawn(async move {
        pass.await;
        done.send(()).unwrap();
    });
    gate.await_polls(1);
    drop(handle);
    gate.open();
    end.recv_timeout(DEADLINE).expect("the task goes on");
}

#[test]
fn a_dropped_try_join_detaches() {
    let gate = Gate::new();
    let (done, end) = mpsc::channel();
    let pass = gate.pass();
    let mut join = Box::pin(
        spawn(async move {
            pass.await;
            done.send(()).unwrap();
        })
        .try_join(),
    );
    gate.await_polls(1);
    assert!(poll(&mut join, Waker::noop()).is_pending());
    drop(join);
    gate.open();
    end.recv_timeout(DEADLINE).expect("the task goes on");
}

#[test]
fn only_the_newest_join_waker_is_woken() {
    let gate = Gate::new();
    let mut handle = spawn(gate.pass());
    let (old, old_waker) = Count::new();
    let (new, new_waker) = Count::new();
    assert!(poll(&mut handle, &old_waker).is_pending());
    assert!(poll(&mut handle, &new_waker).is_pending());
    gate.open();
    eventually("the joiner is woken", || new.wakes() == 1);
    assert_eq!(old.wakes(), 0);
    assert!(poll(&mut handle, &new_waker).is_ready());
}

/// A waker, and the count of its drops: one, when the last clone is gone.
fn waker_that_holds_a_token() -> (Drops, Waker) {
    let drops = Drops::new();
    let mut token = Some(drops.token());
    let waker = OnDrop::waker(move || drop(token.take()));
    (drops, waker)
}

/// Hard case 14: a task whose handle was dropped does not keep what the join waker holds.
#[test]
fn the_join_waker_goes_with_the_handle() {
    let gate = Gate::new();
    let mut handle = spawn(gate.pass());
    let (drops, waker) = waker_that_holds_a_token();
    assert!(poll(&mut handle, &waker).is_pending());
    drop(waker);
    assert_eq!(drops.count(), 0, "the task still has the waker");
    drop(handle);
    assert_eq!(drops.count(), 1);
    gate.open();
}

#[test]
fn the_join_waker_goes_with_a_dropped_join() {
    let gate = Gate::new();
    let mut handle = spawn(gate.pass());
    let (drops, waker) = waker_that_holds_a_token();
    let mut join = handle.try_join_mut();
    assert!(poll(&mut join, &waker).is_pending());
    drop(waker);
    assert_eq!(drops.count(), 0, "the task still has the waker");
    drop(join);
    assert_eq!(drops.count(), 1);
    gate.open();
    block_on(handle);
}

/// Hard case 14: the same once the task is complete and the outcome was taken.
#[test]
fn the_join_waker_does_not_outlive_the_completion() {
    let gate = Gate::new();
    let mut handle = spawn(gate.pass());
    let (drops, waker) = waker_that_holds_a_token();
    assert!(poll(&mut handle, &waker).is_pending());
    drop(waker);
    gate.open();
    eventually("the waker is woken and gone", || drops.count() == 1);
    block_on(handle);
}

#[test]
fn polling_a_handle_again_after_it_was_ready_panics() {
    let mut handle = spawn(async {});
    eventually("it finishes", || handle.is_finished());
    assert!(poll(&mut handle, Waker::noop()).is_ready());
    panics(|| poll(&mut handle, Waker::noop()));
}

#[test]
fn the_output_is_dropped_once_on_every_path() {
    let drops = Drops::new();
    let token = drops.token();
    let handle = spawn(async move { token });
    eventually("it finishes", || handle.is_finished());
    assert_eq!(drops.count(), 0, "the handle owns the output");
    drop(handle);
    assert_eq!(drops.count(), 1);

    let gate = Gate::new();
    let (token, pass) = (drops.token(), gate.pass());
    drop(spawn(async move {
        pass.await;
        token
    }));
    gate.await_polls(1);
    gate.open();
    eventually("the completer drops it", || drops.count() == 2);
}

/// The future is dropped before the outcome can be seen: a caller that awaits a task may rely on its
/// destructors.
#[test]
fn what_the_future_held_is_dropped_before_the_awaiter_goes_on() {
    for _ in 0..200 {
        let drops = Drops::new();
        let token = drops.token();
        let mut polls = 0;
        let handle = spawn(poll_fn(move |cx| {
            let _held = &token;
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        block_on(handle);
        assert_eq!(drops.count(), 1);
    }
}

/// A cancel, a wake, a drop of the handle and the task's own end at the same time: one drop.
#[test]
fn all_at_once_drops_once() {
    let pool = Pool::new(2).unwrap();
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let drops = Drops::new();
        let values = Arc::new(AtomicUsize::new(0));
        let gate = Gate::new();
        let (token, pass) = (drops.token(), gate.pass());
        let handle = pool.spawn({
            let values = Arc::clone(&values);
            async move {
                let _token = token;
                pass.await;
                values.fetch_add(1, Ordering::SeqCst);
                OnDrop({
                    let values = Arc::clone(&values);
                    move || {
                        values.fetch_sub(1, Ordering::SeqCst);
                    }
                })
            }
        });
        if random.below(2) == 0 {
            gate.await_polls(1);
        }
        let how = random.below(3);
        let start = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                gate.open();
            });
            start.wait();
            match how {
                0 => drop(block_on(handle.cancel())),
                1 => drop(handle),
                _ => {
                    handle.abort();
                    drop(block_on(handle.try_join()));
                }
            }
        });
        eventually("the future is dropped", || drops.count() == 1);
        eventually("the value is dropped", || values.load(Ordering::SeqCst) == 0);
        assert_eq!(drops.count(), 1, "seed {seed}");
    }
}

#[test]
fn cancel_after_the_output_was_returned_gives_nothing() {
    let mut handle = task::spawn_local(async { 7 });
    assert_eq!(block_on(&mut handle), 7);
    assert_eq!(block_on(handle.cancel()), None);
}
