//! A `spawn_blocking` call has a thread of its own while it runs. If it is cancelled before it starts, it
//! never runs; if it is cancelled while it runs, its value is dropped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use executor::task::{self, Builder, JoinError, block_on, spawn_blocking};

use crate::support::{DEADLINE, Drops, ends};

#[test]
fn it_runs_off_the_callers_thread_and_gives_its_value() {
    let here = thread::current().id();
    assert_ne!(block_on(spawn_blocking(|| thread::current().id())), here);
}

#[test]
fn each_has_a_thread_of_its_own_while_it_runs() {
    ends(|| {
        const CALLS: usize = 40;
        let meeting = Arc::new(Barrier::new(CALLS));
        let calls: Vec<_> = (0..CALLS)
            .map(|_| {
                let meeting = Arc::clone(&meeting);
                spawn_blocking(move || {
                    meeting.wait();
                })
            })
            .collect();
        block_on(async {
            for call in calls {
                call.await;
            }
        });
    });
}

#[test]
fn one_that_runs_goes_on_when_cancelled_and_its_value_is_dropped() {
    let (drops, token_drops) = (Drops::new(), Drops::new());
    let (inside, is_inside) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (token, captured) = (drops.token(), token_drops.token());
    let call = spawn_blocking(move || {
        let _captured = captured;
        inside.send(()).unwrap();
        may_go_on.recv_timeout(DEADLINE).unwrap();
        token
    });
    is_inside.recv_timeout(DEADLINE).unwrap();
    let cancelled = call.cancel();
    assert_eq!(drops.count(), 0, "the call goes on");
    go_on.send(()).unwrap();
    assert!(block_on(cancelled).is_none());
    assert_eq!((drops.count(), token_drops.count()), (1, 1));
}

#[test]
fn a_detached_one_goes_on() {
    let (done, end) = mpsc::channel();
    drop(spawn_blocking(move || done.send(7).unwrap()));
    assert_eq!(end.recv_timeout(DEADLINE), Ok(7));
}

#[test]
fn cancel_of_what_has_finished_gives_the_value() {
    let call = spawn_blocking(|| 7);
    crate::support::eventually("it finishes", || call.is_finished());
    assert_eq!(block_on(call.cancel()), Some(7));
}

/// More calls than threads: the last one waits behind the others, and is cancelled while it waits.
#[test]
fn cancelled_before_it_starts_it_never_runs() {
    ends(|| {
        let mut stuck = Vec::new();
        let (go_on, hold) = (Arc::new(Barrier::new(513)), Arc::new(AtomicBool::new(false)));
        for _ in 0..512 {
            let go_on = Arc::clone(&go_on);
            stuck.push(spawn_blocking(move || {
                go_on.wait();
            }));
        }
        let ran = Arc::clone(&hold);
        let call = spawn_blocking(move || ran.store(true, Ordering::SeqCst));
        call.abort();
        go_on.wait();
        assert!(matches!(block_on(call.try_join()), Err(JoinError::Cancelled)));
        assert!(!hold.load(Ordering::SeqCst), "a cancelled call never runs");
        block_on(async {
            for call in stuck {
                call.await;
            }
        });
    });
}

#[test]
fn a_call_has_an_id_and_a_name() {
    let call = Builder::new().name("reader").spawn_blocking(task::current);
    let id = call.id();
    assert_eq!(call.name(), Some("reader"));
    assert_eq!(block_on(call), Some(id));
}
