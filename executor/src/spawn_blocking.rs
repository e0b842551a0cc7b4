//! Blocking calls as tasks: polled once, on a thread of their own.
//!
//! A call that blocks in a poll blocks a worker, or the thread in `block_on`, and every task that waits
//! there. So it runs on one of the reactor's threads for blocking calls. It is a task like any other, with
//! the same state word, so its handle is an ordinary `JoinHandle`. Its only poll makes the
//! call.
//!
//! If the task were queued from its birth, as other tasks are, a cancel could only set a bit for the thread that
//! will take it: with all threads busy the call would stay in the queue. So it is idle until a thread begins it.
//!
//! ```text
//!   spawn ──▶ idle, and in the threads' queue ──a thread begins it──▶ queued, running
//!                              └──cancelled──▶ queued ──▶ removed from the queue, and disposed of
//! ```
//!
//! - Q1  While the task waits for a thread it is idle. Its entry in the threads' queue holds a counted
//!   reference, not the queue's claim. The thread that begins it and the one that cancels it both set
//!   QUEUED: the first of the two gets the queue's claim.
//! - Q2  What a cancelled call has captured is dropped on one of the threads, not by the thread that cancels: a
//!   destructor is user code, and `abort` may be called anywhere.
//!
//! Next: `future`.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, RawWakerVTable};

use reactor::blocking::{self, Ticket};
use reactor::record::TaskKind;
use reactor::shim::fault;

use crate::context::{self, Scope};
use crate::local;
use crate::raw_task::cell::Name;
use crate::raw_task::header::{Runnable, Schedule, TaskRef};
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::run::new_task;
use crate::raw_task::state::State;
use crate::raw_task::waker;
use crate::task_id::TaskId;

/// Runs a function that blocks, or computes for long, on a thread of its own. Returns the task's handle, whose
/// output is what the function returns. Dropping the handle detaches the call.
///
/// Threads are reused. There are at most 512 of them, and one that stays idle for ten seconds ends. If the
/// system refuses a new thread, the call waits for one that exists. If there is none, the call is cancelled:
/// awaiting the handle panics, and [`try_join`](JoinHandle::try_join) returns `Cancelled`.
///
/// A call that is cancelled before it has started never runs. It leaves the queue at once, and one of the
/// threads drops what it has captured; if all of them are busy, one more is started for that. A call that
/// is already running goes on after a cancel, and its value is dropped. Local tasks that the call spawns on its
/// thread are dropped when it ends.
///
/// ```
/// use executor::task;
///
/// let sum = task::spawn_blocking(|| (1..=100).sum::<u32>());
/// assert_eq!(task::block_on(sum), 5050);
/// ```
#[track_caller]
pub fn spawn_blocking<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawner()(f, (), Location::caller())
}

/// The code that spawns a call.
type Site = &'static Location<'static>;

/// Returns the function that spawns such a call, with a name or with `()` for none. The caller passes the call
/// straight to that function, since each function on the way copies a large call on the stack.
pub(crate) fn spawner<F, T, N>() -> fn(F, N, Site) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
    N: Name,
{
    if size_of::<F>() > MAX_MOVED { spawn_boxed } else { spawn_call }
}

fn spawn_boxed<F, T, N>(f: F, name: N, site: Site) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
    N: Name,
{
    spawn_call(Box::new(f), name, site)
}

fn spawn_call<F, T, N>(f: F, name: N, site: Site) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
    N: Name,
{
    let ticket = Ticket::draw();
    let (idle, handle) = new_task(Call(Some(f)), BlockingScheduler { ticket }, name, site);
    let handle = JoinHandle::new(handle);
    let task = TaskRef::from_raw(idle.into_raw()); // Q1
    if let Err(job) = blocking::submit_as(ticket, Box::new(move || begin(task))) {
        handle.abort(); // There is no thread.
        drop(job);
    }
    handle
}

/// On one of the threads: makes the call, unless it was cancelled first.
fn begin(task: TaskRef) {
    if fault("begun_though_cancelled") {
        let _ = task.header().state.wake_by_ref();
        return end(Runnable::from_raw(task.as_raw()));
    }
    if let Some(claim) = task.wake() {
        end(claim); // Q1
    }
}

/// Makes the call, or drops it if it was cancelled. Then drops the local tasks that it has left on this thread.
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
    const KIND: TaskKind = TaskKind::Blocking;

    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    /// If there is no thread for it, the call is dropped where it was spawned. That may be in a poll, where its
    /// destructors must not block.
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
        // This drops the reference of the queue's entry, which is not the last one.
        drop(blocking::take_back(ticket));
        // Q2. If there is no thread, the job comes back and is dropped here.
        drop(blocking::dispose(Box::new(move || end(task))));
    }
}

/// A function of more bytes is put into a box: in a build without optimisation it would be copied several times
/// on its way into the task and out of it, and could overflow the stack.
const MAX_MOVED: usize = 1024;

/// A call as a future that is ready at its first poll.
struct Call<F>(Option<F>);

/// The function is never pinned: it is moved out, and called.
impl<F> Unpin for Call<F> {}

impl<F: FnOnce() -> T, T> Future for Call<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<T> {
        let f = self.0.take().expect("a call is polled once: it is never pending");
        Poll::Ready(f())
    }
}

#[cfg(all(test, loom))]
mod model;
