//! What the reactor did, in numbers. Next: `lib`.

use std::sync::atomic::{AtomicU64, Ordering};

static TURNS: AtomicU64 = AtomicU64::new(0);
static EVENTS: AtomicU64 = AtomicU64::new(0);
static TIMERS_FIRED: AtomicU64 = AtomicU64::new(0);

/// What the reactor did since the program began.
///
/// ```
/// use std::time::Duration;
///
/// executor::task::block_on(reactor::time::sleep(Duration::from_millis(1)));
/// let reactor::Metrics { turns, timers_fired, .. } = reactor::metrics();
/// assert!(turns >= 1 && timers_fired >= 1);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Turns: each waits once, or takes what is there.
    pub turns: u64,
    /// Events that the system reported for sockets and other sources.
    pub events: u64,
    /// Timers that reached their deadline.
    pub timers_fired: u64,
}

/// Counts one turn. Only one thread turns at a time, so adding needs no read-modify-write.
pub(crate) fn count(events: usize, fired: usize) {
    let add = |counter: &AtomicU64, number: u64| {
        // ORDERING: Relaxed; numbers for people. The turn's lock orders the writers.
        counter.store(counter.load(Ordering::Relaxed) + number, Ordering::Relaxed);
    };
    add(&TURNS, 1);
    add(&EVENTS, events as u64);
    add(&TIMERS_FIRED, fired as u64);
}

/// A snapshot of what the reactor did so far.
///
/// ```
/// reactor::turn(Some(std::time::Duration::ZERO), &mut Vec::new());
/// assert!(reactor::metrics().turns > 0);
/// ```
pub fn metrics() -> Metrics {
    // ORDERING: Relaxed; numbers for people.
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    Metrics { turns: read(&TURNS), events: read(&EVENTS), timers_fired: read(&TIMERS_FIRED) }
}
