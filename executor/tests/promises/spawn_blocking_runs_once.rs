//! A `spawn_blocking` call has a thread of its own while it runs. If it is cancelled before it starts, it
//! never runs; if it is cancelled while it runs, its value is dropped.

use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use executor::task::{self, Builder, block_on, spawn_blocking};

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

#[test]
fn a_call_has_an_id_and_a_name() {
    let call = Builder::new().name("reader").spawn_blocking(task::current);
    let id = call.id();
    assert_eq!(call.name(), Some("reader"));
    assert_eq!(block_on(call), Some(id));
}
