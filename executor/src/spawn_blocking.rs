//! Blocking calls as tasks: polled once, on a thread of their own.
//!
//! The task is like any other: one allocation, the same word. Its scheduler hands it to the
//! reactor's threads for blocking calls, and its one poll is the call. Next: `metrics`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, RawWakerVTable};

use crate::context::{self, Polled};
use crate::local;
use crate::raw::cell::Name;
use crate::raw::header::{Runnable, Schedule};
use crate::raw::join_handle::JoinHandle;
use crate::raw::run::new_task;
use crate::raw::waker;
use crate::task_id::TaskId;

/// Runs a function that blocks, or computes for long, on a thread of its own.
///
/// Threads are reused, grow to 512, and leave after idling. If none can be had the call waits for one
/// that exists; if there is none it is cancelled: awaiting panics, and
/// [`try_join`](JoinHandle::try_join) answers `Cancelled`.
///
/// Cancelled before it has started it never runs. One that runs goes on, and its value is dropped.
/// Local tasks that it leaves on its thread are dropped when it ends.
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
    let (runnable, handle) = new_task(Call(Some(f)), Blocking, name);
    Blocking::schedule((), runnable);
    JoinHandle::new(handle)
}

/// The scheduler of blocking calls.
struct Blocking;

static WAKER: RawWakerVTable = waker::vtable::<Blocking>();

impl Schedule for Blocking {
    const KEEPS_LATE_VALUE: bool = false;

    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    /// Without a thread of its own the call is dropped where it was spawned: in a poll nobody may block.
    fn polled(id: TaskId) -> Polled {
        if context::polled() == Polled::Nothing { Polled::Blocking(id) } else { Polled::Task(id) }
    }

    type Queue = ();

    fn queue(&self) {}

    fn schedule((): (), task: Runnable) {
        let job = Box::new(move || {
            task.run();
            local::drop_all();
        });
        // Without a thread the job comes back: dropping it cancels the task.
        drop(reactor::blocking::submit(job));
    }
}

/// A call as a future that is ready at its first poll.
struct Call<F>(Option<F>);

impl<F> Unpin for Call<F> {}

impl<F: FnOnce() -> T, T> Future for Call<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<T> {
        let f = self.0.take().expect("a call is polled once: it is never pending");
        Poll::Ready(f())
    }
}
