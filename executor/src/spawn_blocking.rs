//! Blocking calls as tasks: polled once, on a thread of their own.
//!
//! The task is like any other: one allocation, the same word. Its one poll is the call.
//!
//! ```text
//!   spawn ──▶ idle, and in the threads' queue ──a thread begins it──▶ queued, running
//!                              └──cancelled──▶ queued ──▶ out of the queue, and to be disposed of
//! ```
//!
//! Q1  While it waits for a thread the task is idle: its place in the threads' queue holds a reference, no
//!     claim. Beginning it and cancelling it are two verbs that set QUEUED: the first one gets the claim.
//! Q2  What a cancelled call captured is not dropped by who cancels it, but on one of the threads: a
//!     destructor is foreign code, and `abort` may be called anywhere.
//!
//! Next: `metrics`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, RawWakerVTable};

use reactor::blocking::{self, Ticket};
use reactor::shim::fault;

use crate::context::{self, Scope};
use crate::local;
use crate::raw_task::cell::Name;
use crate::raw_task::header::{Runnable, Schedule, TaskRef};
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::run::new_task;
use crate::raw_task::state::{Action, State};
use crate::raw_task::waker;
use crate::task_id::TaskId;

/// Runs a function that blocks, or computes for long, on a thread of its own.
///
/// Threads are reused, grow to 512, and leave after idling. If none can be had the call waits for one
/// that exists; if there is none it is cancelled: awaiting panics, and
/// [`try_join`](JoinHandle::try_join) returns `Cancelled`.
///
/// Cancelled before it has started it never runs: it leaves the queue at once, and one of the threads drops
/// what it captured. If all of them are busy, one more is started for that. One that runs goes on, and its
/// value is dropped. Local tasks that it leaves on its thread are dropped when it ends.
///
/// ```
/// use executor::task;
///
/// let sum = task::spawn_blocking(|| (1..=100).sum::<u32>());
/// assert_eq!(task::block_on(sum), 5050);
/// ```
pub fn spawn_blocking<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn_named(f, ())
}

/// Spawns with a name.
pub(crate) fn spawn_named<F, T, N>(f: F, name: N) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
    N: Name,
{
    let ticket = Ticket::draw();
    let (idle, handle) = new_task(Call(Some(Box::new(f))), BlockingScheduler { ticket }, name);
    let handle = JoinHandle::new(handle);
    let task = TaskRef::from_raw(idle.into_raw()); // Q1
    if let Err(job) = blocking::submit_as(ticket, Box::new(move || begin(&task))) {
        handle.abort(); // There is no thread.
        drop(job);
    }
    handle
}

/// On a thread: makes the call, unless it was cancelled first.
fn begin(task: &TaskRef) {
    if task.header().state.wake_by_ref() == Action::Schedule || fault("begun_though_cancelled") {
        end(Runnable::from_raw(task.as_raw())); // Q1
    }
}

/// Makes the call, or drops it; and then what it has left on this thread.
fn end(task: Runnable) {
    task.run();
    local::drop_all();
}

/// The scheduler of blocking calls.
struct BlockingScheduler {
    ticket: Ticket,
}

static WAKER: RawWakerVTable = waker::vtable::<BlockingScheduler>();

impl Schedule for BlockingScheduler {
    const KEEPS_LATE_VALUE: bool = false;

    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    /// Without a thread of its own the call is dropped where it was spawned: in a poll nobody may block.
    fn scope(id: TaskId) -> Scope {
        if context::current_scope() == Scope::Nothing { Scope::Blocking(id) } else { Scope::Task(id) }
    }

    fn new_state() -> State {
        State::new_idle()
    }

    type Queue = Ticket;

    fn queue(&self) -> Ticket {
        self.ticket
    }

    /// Cancelled while it waited for a thread.
    fn schedule(ticket: Ticket, task: Runnable) {
        // The reference that its place held is not the last one.
        drop(blocking::take_back(ticket));
        // Without a thread the job comes back, and is dropped here for want of a better place. Q2
        drop(blocking::dispose(Box::new(move || end(task))));
    }
}

/// A call as a future that is ready at its first poll. In a box, for a large one would be copied several times
/// on its way in and out where nothing is optimised, and overflow the stack.
struct Call<F>(Option<Box<F>>);

impl<F: FnOnce() -> T, T> Future for Call<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<T> {
        let f = self.0.take().expect("a call is polled once: it is never pending");
        Poll::Ready(f())
    }
}

#[cfg(all(test, loom))]
mod model;
