//! What the reactor has done, in numbers: the sums of what each thread has recorded (see `record`).
//!
//! Without this file a program would have to add up the threads' sums itself, and would depend on the kinds of
//! events that the runtime records. Next: `shim`.

use crate::record::{Kind, threads};

/// What the reactor has done since the program began.
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
    /// Turns. Each waits once, or takes what is there without waiting.
    pub turns: u64,
    /// Events that the system reported for sockets and other sources.
    pub events: u64,
    /// Timers that reached their deadline.
    pub timers_fired: u64,
}

/// Returns a snapshot of what the reactor has done so far. The numbers only grow. They are read one by one,
/// so they need not be of the same moment.
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
