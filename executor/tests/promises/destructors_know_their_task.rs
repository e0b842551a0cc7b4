//! In a destructor of a task's future `task::current` is that task, and `block_on` panics as in a poll,
//! whichever way the future comes to be dropped. So it is in the destructor of a value that nobody took, and
//! in that of a `block_on`'s own future, which is no task.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread;

use executor::pool::Pool;
use executor::task::{self, JoinHandle, TaskId, block_on, spawn_blocking, spawn_local};

use crate::support::{DEADLINE, Gate, ends, message, quiet_panic};

/// Tells, when it is dropped, what `current` is there, and with which message `block_on` panics.
struct Asks(mpsc::Sender<(Option<TaskId>, Option<String>)>);

impl Drop for Asks {
    fn drop(&mut self) {
        let said = catch_unwind(AssertUnwindSafe(|| block_on(async {})));
        let said = said.err().map(|payload| message(&*payload).to_owned());
        let _ = self.0.send((task::current(), said));
    }
}

/// How a future ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// It drops what it holds in its last poll.
    InThePoll,
    /// What it holds goes with it, after the last poll.
    AfterThePoll,
    /// It panics, which drops what the poll holds.
    Panic,
    /// It waits, until somebody ends it.
    Never,
}

struct Ends {
    end: End,
    asks: Option<Asks>,
    gate: Gate,
}

impl Future for Ends {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.end {
            End::InThePoll => drop(self.asks.take()),
            End::AfterThePoll => {}
            End::Panic => {
                let _held = self.asks.take();
                quiet_panic("on purpose");
            }
            End::Never => return Pin::new(&mut self.gate.pass()).poll(cx),
        }
        Poll::Ready(())
    }
}

/// Drops such a future with `way`, and looks at what its destructor found: the task `way` returns.
#[track_caller]
fn asked(end: End, way: impl FnOnce(Ends, &Gate) -> Option<TaskId> + Send + 'static) {
    let (tell, told) = mpsc::channel();
    let gate = Gate::new();
    let future = Ends { end, asks: Some(Asks(tell)), gate: gate.clone() };
    let task = ends(move || way(future, &gate));
    let (current, said) = told.recv_timeout(DEADLINE).expect("its destructor ran");
    assert_eq!(current, task, "{end:?}");
    let said = said.expect("block_on panicked");
    assert!(said.contains(".await") && said.contains("spawn_blocking"), "{end:?}: {said}");
}

const ENDS: [End; 3] = [End::InThePoll, End::AfterThePoll, End::Panic];

fn join(handle: JoinHandle<()>) -> Option<TaskId> {
    let id = handle.id();
    let _ = block_on(handle.try_join());
    Some(id)
}

fn cancel(handle: JoinHandle<()>) -> Option<TaskId> {
    let id = handle.id();
    block_on(handle.cancel());
    Some(id)
}

#[test]
fn at_the_end_of_a_pool_tasks_last_poll() {
    ENDS.into_iter().for_each(|end| asked(end, |future, _| join(task::spawn(future))));
}

#[test]
fn at_the_end_of_a_local_tasks_last_poll() {
    ENDS.into_iter().for_each(|end| asked(end, |future, _| join(spawn_local(future))));
}

#[test]
fn at_the_end_of_a_block_on() {
    for end in ENDS {
        asked(end, |future, _| {
            let _ = catch_unwind(AssertUnwindSafe(|| block_on(future)));
            None
        });
    }
}

#[test]
fn by_a_cancel() {
    asked(End::Never, |future, gate| {
        let handle = task::spawn(future);
        gate.await_polls(1);
        cancel(handle)
    });
    asked(End::Never, |future, _| cancel(spawn_local(future)));
    asked(End::Never, |future, _| {
        let handle = spawn_local(future);
        block_on(task::yield_now());
        cancel(handle)
    });
}

/// Nobody can wake it any more.
#[test]
fn for_want_of_a_waker() {
    asked(End::Never, |future, gate| {
        let handle = task::spawn(future);
        gate.await_polls(1);
        let id = handle.id();
        drop(handle);
        drop(gate.take_waker());
        Some(id)
    });
    asked(End::Never, |future, gate| {
        let handle = spawn_local(future);
        let id = handle.id();
        drop(handle);
        block_on(task::yield_now());
        drop(gate.take_waker());
        block_on(task::yield_now());
        Some(id)
    });
}

/// One that waits, and one that has not begun.
#[test]
fn by_the_pools_end() {
    asked(End::Never, |future, gate| {
        let pool = Pool::new(1).unwrap();
        let handle = pool.spawn(future);
        gate.await_polls(1);
        drop(pool);
        Some(handle.id())
    });
    asked(End::Never, |future, _| {
        let pool = Pool::new(1).unwrap();
        let (give, take) = mpsc::channel::<Pool>();
        let closes = pool.spawn(async move { drop(take.recv_timeout(DEADLINE).unwrap()) });
        let handle = pool.spawn(future);
        give.send(pool).unwrap();
        block_on(closes);
        join(handle)
    });
}

/// At a thread's exit, at a worker's, and at the end of a blocking call.
#[test]
fn at_the_end_of_a_local_tasks_thread() {
    let leave = |future| {
        let handle = spawn_local(future);
        let id = handle.id();
        drop(handle);
        Some(id)
    };
    asked(End::Never, move |future, _| thread::spawn(move || leave(future)).join().unwrap());
    asked(End::Never, move |future, _| block_on(spawn_blocking(move || leave(future))));
    asked(End::Never, move |future, _| {
        let pool = Pool::new(1).unwrap();
        block_on(pool.spawn(async move { leave(future) }))
    });
}

/// The value of a task without a handle is dropped where it was made.
#[test]
fn in_a_value_that_was_never_taken() {
    asked(End::Never, |mut future, gate| {
        let (asks, pass) = (future.asks.take().unwrap(), gate.pass());
        let handle = task::spawn(async move {
            pass.await;
            asks
        });
        let id = handle.id();
        drop(handle);
        gate.open();
        Some(id)
    });
}

/// A blocking call is on a thread of its own: there one may block, in what it drops too.
#[test]
fn in_a_blocking_call_one_may_block() {
    let (tell, told) = mpsc::channel();
    let asks = Asks(tell);
    let handle = spawn_blocking(move || drop(asks));
    let id = handle.id();
    block_on(handle);
    assert_eq!(told.recv_timeout(DEADLINE), Ok((Some(id), None)));
}
