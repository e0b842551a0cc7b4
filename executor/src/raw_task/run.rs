//! Running a task: one poll, and, if it was the last one, the outcome.
//!
//! A poll calls arbitrary code, and so do the drops of a future and of an output. Each may panic, wake the
//! task, abort it or drop its last handle. Here the order of the steps makes sure that none of that ends
//! the thread, loses a wake, or uses a task that has been freed.
//!
//! ```text
//!   take from the queue ──▶ start ──▶ poll ──Pending──▶ finish ──▶ idle, or back to the queue
//!                             │         │ Ready, panic
//!                             └─────────┴──▶ drop the future, publish the outcome, wake the joiner
//! ```
//!
//! - R1  A panic ends the task, never the thread. A poll's panic is the outcome; a destructor's panic is
//!   caught.
//! - R2  When `finish` returns Idle, or the outcome is published with nothing left to do, the runner's claim is
//!   gone, and no reference into the task is live: another thread may already run or free it
//!   [no-live-reference].
//! - R3  The future is dropped before the outcome is published: a thread that sees the outcome can rely on the
//!   drop.
//! - R4  The runner whose `complete` finds JOIN_WAKER set takes the waker out of its slot and wakes it.
//!
//! Called by the pool's workers, by `local`, and by threads for blocking calls. Next: `join_handle`.
#![allow(unsafe_code, reason = "the queue's claim is a pointer to the task")]

use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use reactor::contain_panic;
use reactor::record::{Kind, note, record, record_spawn};
use reactor::shim::fault;
use reactor::wait_list::trust;

use super::cell::{Failure, Name, TaskCell};
use super::header::{Header, Runnable, Schedule, TaskRef, Vtable, drop_reference};
use super::join_error;
use super::state::{Finish, Start};
use super::waker;
use crate::context;
use crate::task_id::TaskId;

/// Makes a task: the queue's claim, and the handle's reference. `site` is the code that spawns it.
pub(crate) fn new_task<F: Future, S: Schedule, N: Name>(
    future: F,
    scheduler: S,
    name: N,
    site: &'static Location<'static>,
) -> (Runnable, TaskRef) {
    let (task, stage) = TaskCell::<F, S, N>::allocate(scheduler, name, &Types::<F, S, N>::VTABLE);
    // SAFETY: [pinned]: from here on it is in the stage, and no other thread has seen the task. The pointer's
    // method `write` would copy the future on the stack once more.
    unsafe { std::ptr::write(stage, future) };
    let (task, handle) = (Runnable::from_raw(task), TaskRef::from_raw(task));
    record_spawn(task.number(), S::KIND, || handle.name(), site);
    (task, handle)
}

/// A task's types, which select its functions: they are in `VTABLE`.
struct Types<F, S, N>(PhantomData<(F, S, N)>);

impl<F: Future, S: Schedule, N: Name> Types<F, S, N> {
    const VTABLE: Vtable = TaskCell::<F, S, N>::vtable(run::<F, S, N>);
}

/// Runs a task of these types.
///
/// # Safety
///
/// The caller gives up the queue's claim [queued-once], and the types are the task's [same-types].
unsafe fn run<F: Future, S: Schedule, N: Name>(task: NonNull<Header>) {
    // SAFETY: [claim]: the queue's claim; [same-types]: the caller's.
    let cell = unsafe { TaskCell::<F, S, N>::of(task) };

    // Held until the future is dropped and, if there is no handle, until the outcome is dropped: their destructors
    // run inside the task.
    let _polling = context::enter(S::scope(TaskId::of(task)));
    // SAFETY: [claim], [same-types], as above.
    let outcome = if unsafe { S::start(task) } == Start::DropFuture {
        note(Kind::Poll, 0, task.addr().get());
        Err(Failure::cancelled())
    } else {
        record(Kind::Poll, task.addr().get());
        let poll_result = {
            let waker = waker::borrowed::<S>(task);
            let waker: &Waker = &waker;
            trust(waker.vtable());
            catch_unwind(AssertUnwindSafe(|| {
                // SAFETY: [runner-only]: `start` made us the runner; [pinned]: the task is not complete.
                unsafe { cell.poll_future(&mut Context::from_waker(waker)) }
            }))
        };
        cell.header_with.header.state.note_pending(task.addr().get(), &poll_result);
        match poll_result {
            // SAFETY: [claim], [same-types], as above; [runner-only]: we are the runner.
            Ok(Poll::Pending) => match unsafe { S::finish(task) } {
                Finish::Idle => return, // R2
                Finish::Requeue => {
                    note(Kind::Requeued, 0, task.addr().get());
                    return S::requeue(cell.header_with.scheduler.queue(), Runnable::from_raw(task));
                }
                Finish::DropFuture => Err(Failure::cancelled()),
            },
            Ok(Poll::Ready(value))
                if !S::KEEPS_LATE_VALUE && cell.header_with.header.state.is_cancelled() =>
            {
                contain_panic(|| drop(value));
                Err(Failure::cancelled())
            }
            Ok(Poll::Ready(value)) => Ok(value),
            Err(panic) => Err(Failure::panicked(panic)),
        }
    };

    // SAFETY: [runner-only]: we are the runner; [pinned]: the task is not complete, so the future is there.
    contain_panic(|| unsafe { cell.drop_future() });
    // SAFETY: [claim], [same-types], as above.
    unsafe { S::retire(task) };
    record(Kind::Finish, task.addr().get());
    let ended = join_error::ended(&outcome);
    // SAFETY: [runner-only]: we are the runner, and the future was dropped above (R3).
    unsafe { cell.write_outcome(outcome) };
    publish(task);
    note(Kind::PollEnd, ended as u8, task.addr().get()); // The task may be gone: this is only its number.
}

/// Publishes the outcome, wakes the joiner, and drops the outcome if there is no handle.
fn publish(task: NonNull<Header>) {
    // SAFETY: [claim]: the runner's claim.
    let header = unsafe { task.as_ref() };
    let left = header.state.complete();
    if left.is_done() {
        return; // R2
    }
    if left.wake_joiner && !fault("joiner_not_woken") {
        // SAFETY: [join-slot]: we set COMPLETE while JOIN_WAKER was set, so the slot belongs to us.
        let waker = header.join_waker.with_mut(|slot| unsafe { (*slot).take() });
        if let Some(waker) = waker {
            contain_panic(|| waker.wake());
        }
    }
    if left.drop_outcome && !fault("outcome_forgotten") {
        // SAFETY: [same-types]; [outcome-owner]: HANDLE was clear at COMPLETE, so the outcome belongs to us.
        contain_panic(|| unsafe { (header.vtable.drop_outcome)(task) });
    }
    drop_reference(task);
}
