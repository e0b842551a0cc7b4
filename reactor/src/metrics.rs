//! What the reactor did, in numbers: sums of what `record` has. Next: `lib`.

use crate::record::{Kind, threads};

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

/// A snapshot of what the reactor did so far.
///
/// ```
/// reactor::turn(Some(std::time::Duration::ZERO), &mut Vec::new());
/// assert!(reactor::metrics().turns > 0);
/// ```
pub fn metrics() -> Metrics {
    let threads = threads();
    let sum = |kind| threads.iter().map(|thread| thread[kind]).sum();
    Metrics { turns: sum(Kind::Turn), events: sum(Kind::Event), timers_fired: sum(Kind::TimerFired) }
}
