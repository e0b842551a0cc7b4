//! In the destructor of a task's future `task::current` is that task, and `block_on` panics as in a poll,
//! however the future comes to be dropped. The same holds in the destructor of a value that was never taken,
//! and in that of a `block_on`'s own future, which is not a task.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread;

use executor::pool::Pool;
use executor::task::{self, JoinHandle, TaskId, block_on, spawn_blocking, spawn_local};

use crate::support::{DEADLINE, Gate, ends, message, quiet_panic};

/// Reports when it is dropped: what `current` is there, and the message with which `block_on` panics.
struct ReportsOnDrop(mpsc::Sender<(Option<TaskId>, Option<String>)>);

impl Drop for ReportsOnDrop {
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
    /// What it holds is dropped with it, after the last poll.
    AfterThePoll,
    /// It panics, which drops what the poll holds.
    Panic,
    /// It waits until it is dropped.
    Never,
}

struct Ends {
    end: End,
    probe: Option<ReportsOnDrop>,
    gate: Gate,
}

impl Future for Ends {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.end {
            End::InThePoll => drop(self.probe.take()),
            End::AfterThePoll => {}
            End::Panic => {
                let _held = self.probe.take();
                quiet_panic("on purpose");
            }
            End::Never => return Pin::new(&mut self.gate.pass()).poll(cx),
        }
        Poll::Ready(())
    }
}

/// Drops such a future with `way`, and checks that its destructor found the task that `way` returns.
#[track_caller]
fn asked(end: End, way: impl FnOnce(Ends, &Gate) -> Option<TaskId> + Send + 'static) {
    let (report, reported) = mpsc::channel();
    let gate = Gate::new();
    let future = Ends { end, probe: Some(ReportsOnDrop(report)), gate: gate.clone() };
    let task = ends(move || way(future, &gate));
    let (current, said) = reported.recv_timeout(DEADLINE).expect("its destructor ran");
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

/// No waker of it is left.
#[test]
fn because_no_waker_is_left() {
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

/// A task that waits, and one that has not started.
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
        let (probe, pass) = (future.probe.take().unwrap(), gate.pass());
        let handle = task::spawn(async move {
            pass.await;
            probe
        });
        let id = handle.id();
        drop(handle);
        gate.open();
        Some(id)
    });
}

/// A blocking call has a thread of its own, and may block there, in its destructors too.
#[test]
fn in_a_blocking_call_one_may_block() {
    let (report, reported) = mpsc::channel();
    let probe = ReportsOnDrop(report);
    let handle = spawn_blocking(move || drop(probe));
    let id = handle.id();
    block_on(handle);
    assert_eq!(reported.recv_timeout(DEADLINE), Ok((Some(id), None)));
}
