//! Ticks: a sequence of points in time, each a period after the one before.
//!
//! A loop that does its work and then sleeps for a period drifts: each round also takes the time of the work. So
//! an interval keeps a schedule, and each tick belongs to a moment of it. If the caller is late, moments have
//! been missed, and no treatment of them is right for all programs: one that counts wants a tick for each, one that
//! polls a server wants no burst of requests. So the caller chooses.
//!
//! ```text
//!   schedule   0      1      2      3      4      5      6
//!   Burst      0      1 ─────────────── 2 34      5      6      as many ticks as moments
//!   Delay      0      1 ─────────────── 2      3      4         a full period after a late tick
//!   Skip       0      1 ─────────────── 2  4      5      6      a moment that was missed has no tick
//! ```
//!
//! - I1  A tick is never before its moment. It returns the moment for which it was scheduled.
//! - I2  A tick counts as late if it comes more than `TOLERANCE` after its moment. A timer always fires a little
//!   late [never-early]. If that counted, `Delay` would drift at each tick.
//!
//! Called by programs. Next: `async_traits`.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_lite::Stream;

use super::{CENTURY, Sleep, sleep, sleep_until};
use crate::shim::{fault, now};

/// How late a tick may come and not count as late (I2): what the reactor and a busy executor need.
const TOLERANCE: Duration = Duration::from_millis(5);

/// Ticks at once, and every `period` after that, without drift: each tick is scheduled a period after the one
/// before, however late that was seen.
///
/// # Panics
///
/// If `period` is zero.
///
/// ```
/// use reactor::time::interval;
/// use std::time::Duration;
///
/// executor::task::block_on(async {
///     let mut ticks = interval(Duration::from_millis(1));
///     let first = ticks.tick().await;
///     assert_eq!(ticks.tick().await - first, Duration::from_millis(1));
/// });
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    Interval::new(sleep(Duration::ZERO), period)
}

/// Ticks at `start`, and every `period` after that, as [`interval`] does. If `start` has passed, the first tick
/// comes at once. If it is more than 5 ms late, the [`MissedTickBehavior`] decides when the next one comes.
///
/// # Panics
///
/// If `period` is zero.
///
/// ```
/// use reactor::time::interval_at;
/// use std::time::{Duration, Instant};
///
/// // The first tick comes after a period.
/// let period = Duration::from_millis(2);
/// let start = Instant::now() + period;
/// assert_eq!(executor::task::block_on(interval_at(start, period).tick()), start);
/// assert!(Instant::now() >= start);
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    Interval::new(sleep_until(start), period)
}

/// What an [`Interval`] does after a tick that came more than 5 ms late.
///
/// ```
/// use reactor::time::{MissedTickBehavior, interval_at};
/// use std::time::{Duration, Instant};
///
/// executor::task::block_on(async {
///     let (period, late) = (Duration::from_millis(10), Duration::from_millis(45));
///     let start = Instant::now() - late;
///     let mut ticks = interval_at(start, period);
///     assert_eq!(ticks.missed_tick_behavior(), MissedTickBehavior::Burst);
///     ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
///     assert_eq!(ticks.tick().await, start);
///     assert!(ticks.tick().await >= start + late + period, "a full period after the first was seen");
/// });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// The missed ticks come one after the other, without waiting, until the schedule is caught up.
    #[default]
    Burst,
    /// The next tick comes a full period after the late one was seen, and the schedule goes on from there.
    Delay,
    /// The next tick comes at the first moment of the schedule that is still to come. The schedule stays.
    Skip,
}

/// A stream of moments, `period` apart.
///
/// A caller that is late gets the missed ticks one after the other, without waiting, until it has caught up; or
/// what [`set_missed_tick_behavior`](Self::set_missed_tick_behavior) says.
///
/// ```
/// use futures_lite::StreamExt;
/// use reactor::time::{Interval, interval};
/// use std::time::Duration;
///
/// let ticks: Interval = interval(Duration::from_millis(1));
/// let three: Vec<_> = executor::task::block_on(ticks.take(3).collect());
/// assert_eq!(three[2] - three[0], Duration::from_millis(2));
/// ```
#[derive(Debug)]
#[must_use = "an interval does nothing unless polled"]
pub struct Interval {
    next: Sleep,
    period: Duration,
    missed: MissedTickBehavior,
}

impl Interval {
    #[track_caller]
    fn new(next: Sleep, period: Duration) -> Self {
        assert!(!period.is_zero(), "interval: `period` is zero");
        Self { next, period, missed: MissedTickBehavior::Burst }
    }

    /// Waits for the next tick. Returns the moment for which it was scheduled, not that in which it was seen.
    ///
    /// Cancel-safe: if the future is dropped, no tick is lost.
    pub async fn tick(&mut self) -> Instant {
        std::future::poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// [`tick`](Self::tick) as a poll function. While it is pending, the task of the last call is woken at the
    /// next tick. Ready ticks are charged to the budget of the poll.
    ///
    /// ```
    /// use reactor::time::interval;
    /// use std::task::{Context, Waker};
    /// use std::time::Duration;
    ///
    /// let mut ticks = interval(Duration::from_secs(3600));
    /// let mut cx = Context::from_waker(Waker::noop());
    /// assert!(ticks.poll_tick(&mut cx).is_ready(), "the first comes at once");
    /// assert!(ticks.poll_tick(&mut cx).is_pending());
    /// ```
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(Pin::new(&mut self.next).poll(cx));
        let scheduled = self.next.deadline;
        if !fault("deadline_stays") {
            self.next.deadline = self.after(scheduled);
        }
        Poll::Ready(scheduled)
    }

    /// The moment of the tick after the one that was scheduled for `scheduled` and comes now.
    fn after(&self, scheduled: Instant) -> Instant {
        let period = self.period.min(CENTURY);
        let late = match self.missed {
            MissedTickBehavior::Burst => Duration::ZERO, // The clock need not be asked.
            MissedTickBehavior::Delay | MissedTickBehavior::Skip => {
                now().saturating_duration_since(scheduled)
            }
        };
        if late <= TOLERANCE {
            return scheduled + period; // I2
        }
        let next = scheduled + late + period;
        match self.missed {
            MissedTickBehavior::Skip => next - Duration::from_nanos_u128(late.as_nanos() % period.as_nanos()),
            _ => next,
        }
    }

    /// Schedules the next tick a period from now, and the others after that. A task that waits already is woken
    /// then. To begin at another time, make a new interval: `interval_at(start, ticks.period())`.
    ///
    /// ```
    /// use reactor::time::interval;
    /// use std::time::{Duration, Instant};
    ///
    /// // A watchdog: it bites if nobody has reset it for a period.
    /// let mut watchdog = interval(Duration::from_millis(5));
    /// watchdog.reset();
    /// let reset = Instant::now();
    /// let bite = executor::task::block_on(watchdog.tick());
    /// assert!(bite <= reset + watchdog.period() && bite <= Instant::now());
    /// ```
    pub fn reset(&mut self) {
        self.next.reset(now() + self.period.min(CENTURY));
    }

    /// Returns the time between two ticks.
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Returns what happens after a late tick.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Chooses what happens after a late tick, from the next one on.
    pub fn set_missed_tick_behavior(&mut self, missed: MissedTickBehavior) {
        self.missed = missed;
    }
}

/// A stream of the ticks. It never ends.
impl Stream for Interval {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }
}
