//! The timers under their lock, and until when the turn under way waits.
//!
//! A thread that waits in the poller does not see a timer that another thread adds meanwhile. Notifying it
//! for every new timer would cost a system call each; so the turn says until when it waits, and only an
//! earlier deadline notifies it.
//!
//! - A1  A turn arms the next deadline before it waits, and disarms when it is back.
//! - A2  `add` and `reset` return `true` for a deadline before the armed one. Their caller then notifies, so
//!   the turn under way does not miss it. While nothing is armed, either no turn waits, or the turn that waits
//!   is being notified. Such a turn fires what is due when it returns, and the next turn looks before it waits.
//! - A3  No waker is called, cloned or dropped under the lock [no-user-code].
//!
//! Called by `time` and `reactor`. Next: `reactor`.

use std::mem;
use std::sync::LazyLock;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::shim::{Mutex, fault, lock, now, statics};
use crate::timers::{Key, Moment, Timers};

/// The timers, and what the turn under way waits for.
pub(crate) struct Clock {
    pub(crate) timers: Timers,
    armed: Armed,
}

/// Until when the turn under way waits (A1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Armed {
    /// No turn waits, or the one that does is being notified (A2).
    NoTurn,
    /// Until an event.
    Forever,
    Until(Moment),
}

/// Converts an instant to the timers' unit. The latest one is 584 years after the first.
pub(crate) fn moment(instant: Instant) -> Moment {
    static BEGINNING: LazyLock<Instant> = LazyLock::new(now);
    let since = instant.saturating_duration_since(*BEGINNING).as_nanos();
    Moment::try_from(since).unwrap_or(Moment::MAX)
}

statics! { pub(crate) static CLOCK: Mutex<Clock> = Mutex::new(Clock { timers: Timers::new(), armed: Armed::NoTurn }); }

/// Stores until when this turn waits (A1), and returns for how long.
pub(crate) fn arm(limit: Option<Duration>) -> Option<Duration> {
    if limit == Some(Duration::ZERO) {
        return limit;
    }
    let mut clock = lock(&CLOCK);
    let deadline = clock.timers.next();
    // To the next millisecond: never early, late by less than one, and what is close fires together.
    let until_deadline = deadline
        .map(|deadline| Duration::from_millis(deadline.saturating_sub(moment(now())).div_ceil(1_000_000)));
    clock.armed = deadline.map_or(Armed::Forever, Armed::Until);
    if fault("waits_rounded_down") {
        let rest = deadline.map(|deadline| deadline.saturating_sub(moment(now())));
        return limit.into_iter().chain(rest.map(|rest| Duration::from_millis(rest / 1_000_000))).min();
    }
    match (limit, until_deadline) {
        (Some(limit), Some(until)) => Some(limit.min(until)),
        (limit, until) => limit.or(until),
    }
}

/// The turn has returned: disarms, and takes out the timers that are due. Returns how many there were.
pub(crate) fn fire(woken: &mut Vec<Waker>) -> usize {
    let mut clock = lock(&CLOCK);
    clock.armed = Armed::NoTurn;
    // Without timers the system is not asked for the time.
    if clock.timers.next().is_some() { clock.timers.fire(moment(now()), woken) } else { 0 }
}

/// Adds a timer. `true`: the turn under way would sleep past it, and must be notified (A2).
pub(crate) fn add(deadline: Instant, waker: Waker) -> (Key, bool) {
    lock(&CLOCK).add(moment(deadline), waker)
}

/// Moves a timer to another deadline, with its waker, as [`add`] does. `None` if it has fired.
pub(crate) fn reset(key: Key, deadline: Instant) -> Option<(Key, bool)> {
    let mut clock = lock(&CLOCK);
    let waker = clock.timers.remove(key)?;
    Some(clock.add(moment(deadline), waker))
}

/// Gives a timer another waker. Returns false if the timer has fired.
pub(crate) fn update(key: Key, waker: &Waker) -> bool {
    let same = lock(&CLOCK).timers.waker(key).map(|stored| stored.will_wake(waker));
    if same != Some(false) {
        return same.is_some();
    }
    let mut waker = waker.clone(); // Outside the lock, and so is the drop [no-user-code].
    let replaced = lock(&CLOCK).timers.waker(key).map(|stored| mem::swap(stored, &mut waker));
    replaced.is_some()
}

/// Takes a timer out, if it has not fired.
pub(crate) fn remove(key: Key) {
    let removed = lock(&CLOCK).timers.remove(key);
    drop(removed); // Outside the lock.
}

impl Clock {
    fn add(&mut self, deadline: Moment, waker: Waker) -> (Key, bool) {
        let early = match self.armed {
            Armed::NoTurn => false,
            Armed::Forever => true,
            Armed::Until(armed) => deadline < armed,
        };
        if early {
            self.armed = Armed::NoTurn; // That turn is about to return: one notification is enough.
        }
        (self.timers.insert(deadline, waker), early)
    }
}
