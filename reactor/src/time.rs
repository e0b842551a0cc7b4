//! Waiting until a point in time: sleep, timeout. (An interval is in `ticks`.)
//!
//! A thread that slept would stop all of its tasks. So a future registers a timer with the reactor and
//! returns `Pending`. The timer is registered when the future is first polled, and removed when it is
//! dropped: a cancelled `timeout` of an hour leaves nothing behind.
//!
//! ```text
//!   Sleep    new ──poll──▶ a timer is registered ──the deadline──▶ fired: ready
//!                             └──dropped──▶ removed
//!
//!   timeout  poll the future ──pending──▶ poll the Sleep ──pending──▶ wait for either
//!                  └─ready──▶ Ok                └─ready──▶ Err(Elapsed)
//! ```
//!
//! - [never-early]  A timer never fires early. It is late by the rounding to the poller's unit, a millisecond at most,
//!   and by the time until the executor polls the task.
//! - D1  If the budget has refused an operation in this poll, or is used up, there may be an operation
//!   that is ready and was not done. So a deadline that has passed gives way once [gives-way-once]: what is
//!   ready wins over the deadline. Then the deadline decides, so a future that is always ready cannot keep
//!   it from firing.
//! - D2  A wait that has ended is charged to the budget, and so is a timeout that has elapsed: a task that loops
//!   over these yields.
//!
//! Called by programs, and by `ticks`. Next: `ticks`.
#![allow(unsafe_code, reason = "a timeout pins its future where it was captured")]

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use crate::budget::GaveWay;
use crate::reactor::notify;
use crate::record::{Thing, record_deadline, record_wait};
use crate::shim::now;
use crate::timers::Key;
use crate::{budget, clock};

mod ticks;

pub use ticks::{Interval, MissedTickBehavior, interval, interval_at};

/// Longer than any program runs. An `Instant` need not be able to express more.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Waits for a duration, counted from this call. A duration of more than a century, such as `Duration::MAX`,
/// counts as a century.
///
/// It never ends early, and at most about a millisecond late while the executor is not busy. A zero duration
/// also counts against the poll's budget. It works even if the process has no descriptor left for a poller.
///
/// Cancel-safe: dropping the future cancels the timer.
///
/// ```
/// use reactor::time::sleep;
/// use std::time::Duration;
///
/// executor::task::block_on(sleep(Duration::from_millis(1)));
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(now() + duration.min(CENTURY))
}

/// Waits until `deadline`. If that has passed, the future is ready at once. Cancel-safe as [`sleep`].
///
/// ```
/// use reactor::time::sleep_until;
/// use std::time::{Duration, Instant};
///
/// let deadline = Instant::now() + Duration::from_millis(2);
/// executor::task::block_on(sleep_until(deadline));
/// assert!(Instant::now() >= deadline);
/// ```
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, key: None, gave_way: GaveWay::default() }
}

/// The future of [`sleep`] and [`sleep_until`]. It may be polled again after it was ready: it is ready again.
///
/// ```
/// use reactor::time::{Sleep, sleep};
/// use std::time::{Duration, Instant};
///
/// let mut nap: Sleep = sleep(Duration::MAX);
/// nap.reset(Instant::now() + Duration::from_millis(1));
/// executor::task::block_on(&mut nap);
/// assert!(nap.is_elapsed() && nap.deadline() <= Instant::now());
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Sleep {
    deadline: Instant,
    key: Option<Key>,
    /// D1
    gave_way: GaveWay,
}

impl Sleep {
    /// Returns the deadline.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the deadline has passed. It asks the clock, so it needs no poll and no executor.
    pub fn is_elapsed(&self) -> bool {
        now() >= self.deadline
    }

    /// Sets another deadline, whether or not the old one has passed. A task that waits already is woken at
    /// the new one.
    pub fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.gave_way = GaveWay::default();
        let moved = self.key.and_then(|key| clock::reset(key, deadline));
        self.key = moved.map(|(key, _)| key);
        if let Some((key, early)) = moved {
            record_deadline(key.sequence, deadline);
            if early {
                notify();
            }
        }
    }

    fn cancel(&mut self) {
        if let Some(key) = self.key.take() {
            clock::remove(key);
        }
    }

    /// Ready when the deadline has passed. Unless it `decides`, it first gives way to what was refused (D1).
    fn poll_deadline(&mut self, cx: &Context<'_>, decides: bool) -> Poll<()> {
        if self.key.is_some_and(|key| !clock::update(key, cx.waker())) {
            self.key = None; // It has fired: the deadline is past.
        } else if now() < self.deadline {
            if self.key.is_none() {
                let (key, early) = clock::add(self.deadline, cx.waker().clone());
                record_deadline(key.sequence, self.deadline);
                self.key = Some(key);
                if early {
                    notify();
                }
            }
            record_wait(Thing::Timer, self.key.map_or(0, |key| key.sequence as usize), cx.waker());
            return Poll::Pending;
        }
        self.cancel();
        if !decides {
            ready!(self.gave_way.poll(cx));
        }
        self.gave_way = GaveWay::default();
        budget::spend();
        Poll::Ready(())
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let decides = self.gave_way.may_decide();
        self.poll_deadline(cx, decides)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Runs a future for at most `duration`.
///
/// The duration is counted from this call, and is capped at a century. `future` is polled first, so if it is ready it
/// wins over a deadline that has passed.
///
/// It is cancel-safe if `future` is: dropping the returned future drops `future`.
///
/// # Errors
///
/// [`Elapsed`] if the deadline elapses before `future` is ready. `future` is dropped when this returns, in
/// either case.
///
/// ```
/// use reactor::time::timeout;
/// use std::time::Duration;
///
/// let never = timeout(Duration::from_millis(1), std::future::pending::<()>());
/// assert!(executor::task::block_on(never).is_err());
/// let ready = timeout(Duration::ZERO, async { 5 });
/// assert_eq!(executor::task::block_on(ready), Ok(5));
/// ```
///
/// # Budget
///
/// If the task has used up its budget (see [`crate::budget`]), `future` may be pending for that reason only. Then the
/// timeout gives way once, and polls `future` again with a fresh budget, before it returns the error. So a future that
/// never ends, and whose operations are always ready, is stopped one poll later. An elapsed timeout counts against the
/// budget: a loop of timeouts yields.
pub fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = Result<F::Output, Elapsed>> {
    timeout_at(now() + duration.min(CENTURY), future)
}

/// Runs a future until `deadline` at most, as [`timeout`] does. Several operations can share one deadline.
///
/// # Errors
///
/// As for [`timeout`].
///
/// ```
/// use reactor::time::{sleep, timeout_at};
/// use std::time::{Duration, Instant};
///
/// executor::task::block_on(async {
///     let deadline = Instant::now() + Duration::from_millis(2);
///     assert!(timeout_at(deadline, sleep(Duration::ZERO)).await.is_ok());
///     assert!(timeout_at(deadline, std::future::pending::<()>()).await.is_err());
///     assert!(Instant::now() >= deadline);
/// });
/// ```
pub fn timeout_at<F: Future>(
    deadline: Instant,
    mut future: F,
) -> impl Future<Output = Result<F::Output, Elapsed>> {
    let mut deadline = sleep_until(deadline);
    async move {
        // SAFETY: the future is stored in this block, which is pinned, from before the first poll until it is
        // dropped with the block. `pin!` would move it to a second place, as large as the first.
        let mut future = unsafe { Pin::new_unchecked(&mut future) };
        std::future::poll_fn(|cx| {
            let decides = deadline.gave_way.may_decide();
            let polled =
                if decides { budget::afresh(|| future.as_mut().poll(cx)) } else { future.as_mut().poll(cx) };
            if let Poll::Ready(output) = polled {
                return Poll::Ready(Ok(output));
            }
            deadline.poll_deadline(cx, decides).map(|()| Err(Elapsed(()))) // D1
        })
        .await
    }
}

/// The deadline of a [`timeout`] or [`timeout_at`] has elapsed.
///
/// ```
/// use reactor::time::{Elapsed, timeout};
/// use std::{io, time::Duration};
///
/// let outcome = executor::task::block_on(timeout(Duration::ZERO, std::future::pending::<()>()));
/// let elapsed: Elapsed = outcome.unwrap_err();
/// assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deadline has elapsed")
    }
}

impl Error for Elapsed {}

/// Its kind is `TimedOut`.
impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(io::ErrorKind::TimedOut, elapsed)
    }
}
