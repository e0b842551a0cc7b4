//! A meeting point: a number of tasks wait for each other, and then all go on.
//!
//! A counter and a `notify_waiters` are not enough. The barrier can be used again, so a task that is not polled for a
//! while must find that its own round is over, even if the next round has begun; and a task that gives up must not
//! be counted.
//!
//! ```text
//!   wait ──others are missing──▶ in the list ──┐
//!     └──the last one──▶ takes all out of the list, and wakes them ──▶ the next round
//! ```
//!
//! - B1  The tasks of the round under way are those in the wait list. So a task that gives up is not counted any more.
//! - B2  The last to arrive does not join: it takes all others out of the list, and wakes them. So a waiter whose key is
//!   no longer in the list has met the others.
//!
//! Next: `once_cell`.

use std::fmt;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, fault};
use reactor::wait_list::{Key, WaitList, poll_lazily, wake_all};

/// Lets tasks wait for each other, round after round.
///
/// ```
/// use executor::{sync::Barrier, task};
/// use std::sync::Arc;
///
/// task::block_on(async {
///     let barrier = Arc::new(Barrier::new(3));
///     let meet = || {
///         let barrier = Arc::clone(&barrier);
///         task::spawn(async move { barrier.wait().await.is_leader() })
///     };
///     let (one, two, three) = (meet(), meet(), meet());
///     let leaders = [one.await, two.await, three.await];
///     assert_eq!(leaders.iter().filter(|leads| **leads).count(), 1);
/// });
/// ```
pub struct Barrier {
    tasks: usize,
    waiters: shim::Mutex<WaitList>,
}

impl Barrier {
    /// Returns a barrier for this many tasks. With 0 or 1, [`wait`](Self::wait) is ready at once.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new(tasks: usize) -> Self {
        Self { tasks, waiters: shim::Mutex::new(WaitList::new()) }
    }

    /// The same for loom, whose mutex cannot be made in a const.
    #[cfg(loom)]
    pub fn new(tasks: usize) -> Self {
        Self { tasks, waiters: shim::Mutex::new(WaitList::new()) }
    }

    /// Waits until the last of the tasks has arrived. Then the next round begins.
    ///
    /// A task arrives at the first poll (unless that finds the poll budget used up: then at the next).
    ///
    /// Cancel-safe: a future that is dropped while it waits has not arrived.
    pub fn wait(&self) -> impl Future<Output = BarrierWaitResult> + Unpin {
        Arrival { barrier: self, key: None }
    }

    /// Identifies the barrier in a recording.
    fn id(&self) -> usize {
        ptr::from_ref(self).addr()
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").field("tasks", &self.tasks).finish_non_exhaustive()
    }
}

/// The future of [`Barrier::wait`].
struct Arrival<'a> {
    barrier: &'a Barrier,
    /// Set while it waits, and when the others are here but it was not polled since.
    key: Option<Key>,
}

impl Future for Arrival<'_> {
    type Output = BarrierWaitResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let Self { barrier, ref mut key } = *self;
        let mut woken = Vec::new();
        let leads = ready!(poll_lazily(cx.waker(), |waker| {
            let mut waiters = shim::lock(&barrier.waiters);
            match *key {
                Some(key) if !waiters.contains(key) => return Poll::Ready(false), // B2
                None if waiters.len() + 1 >= barrier.tasks => {
                    waiters.drain(&mut woken); // B2
                    return Poll::Ready(true);
                }
                _ => {}
            }
            waiters.register(key, waker); // B1
            record_wait(Thing::Barrier, barrier.id(), waker.as_borrowed());
            Poll::Pending
        }));
        *key = None;
        budget::spend();
        if !fault("leader_wakes_nobody") {
            wake_all(&mut woken);
        }
        Poll::Ready(BarrierWaitResult { leads })
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        note(Kind::GaveUp, Thing::Barrier as u8, self.barrier.id());
        let was = shim::lock(&self.barrier.waiters).remove(key); // B1
        drop(was);
    }
}

/// What [`Barrier::wait`] returns.
///
/// ```
/// use executor::sync::{Barrier, BarrierWaitResult};
///
/// let met: BarrierWaitResult = executor::task::block_on(Barrier::new(1).wait());
/// assert!(met.is_leader());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult {
    leads: bool,
}

impl BarrierWaitResult {
    /// Returns whether this task was the last to arrive. It is true for one task in each round.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.leads
    }
}
