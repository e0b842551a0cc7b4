//! Time stamps that cost little to take, and their conversion to nanoseconds.
//!
//! The system's clock takes about 20 ns to read, more than all else that an event costs. The processor's time
//! stamp counter takes half of that. It counts in a unit of its own, so a recording compares it with the
//! system's clock at its beginning and at its end. Where there is no counter, or one that does not run at a
//! constant rate on all cores alike, the stamps are nanoseconds of the system's clock.
//!
//! Called by `record` and `recording`. Next: `recording`.
#![allow(unsafe_code, reason = "reading the processor's counter is an instruction")]

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

/// Which clock the stamps are from.
///
/// ```
/// use reactor::record::{self, Clock};
///
/// record::start(1024).unwrap();
/// let clock = record::stop().unwrap().clock;
/// assert!(matches!(clock, Clock::Tsc | Clock::Monotonic));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The processor's time stamp counter.
    Tsc,
    /// The system's monotonic clock.
    Monotonic,
}

/// The program's clock, and the instant from which the system's clock is counted.
static CLOCK: LazyLock<(Clock, Instant)> = LazyLock::new(|| (detect(), Instant::now()));

/// Returns the clock of the stamps.
pub(super) fn clock() -> Clock {
    CLOCK.0
}

/// Returns a stamp.
#[inline]
pub(super) fn now() -> u64 {
    let (clock, begin) = &*CLOCK;
    match clock {
        Clock::Tsc => counter(),
        Clock::Monotonic => nanoseconds(begin.elapsed()),
    }
}

/// A duration in nanoseconds. 584 years are the most that fit; a longer one becomes `u64::MAX`.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline]
fn counter() -> u64 {
    // SAFETY: every x86-64 processor has this instruction, and it touches no memory.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
fn detect() -> Clock {
    use std::arch::x86_64::__cpuid;
    const LARGEST: u32 = 0x8000_0000;
    const POWER: u32 = 0x8000_0007;
    // "Invariant TSC": it runs at a constant rate, whatever the core does.
    const INVARIANT: u32 = 1 << 8;
    let invariant = __cpuid(LARGEST).eax >= POWER && __cpuid(POWER).edx & INVARIANT != 0;
    if invariant { Clock::Tsc } else { Clock::Monotonic }
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn counter() -> u64 {
    unreachable!("`detect` has found no counter")
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn detect() -> Clock {
    Clock::Monotonic
}

/// Both clocks, read one right after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Both {
    pub(super) stamp: u64,
    pub(super) instant: Instant,
}

impl Both {
    pub(super) fn now() -> Self {
        Self { stamp: now(), instant: Instant::now() }
    }

    /// Sleeps until enough time has passed for the comparison of the two clocks to be exact.
    pub(super) fn settle(self) {
        const SHORTEST: Duration = Duration::from_millis(2);
        thread::sleep(SHORTEST.saturating_sub(self.instant.elapsed()));
    }
}

/// Converts the stamps of a recording.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    begin: u64,
    per_stamp: f64,
}

impl Scale {
    /// Returns the scale of a recording, from both clocks at its beginning and at its end, which should be some
    /// milliseconds later.
    pub(super) fn between(begin: Both, end: Both) -> Self {
        let stamps = end.stamp.saturating_sub(begin.stamp).max(1);
        let elapsed = nanoseconds(end.instant.saturating_duration_since(begin.instant)).max(1);
        Self { begin: begin.stamp, per_stamp: elapsed as f64 / stamps as f64 }
    }

    /// Nanoseconds since the beginning. A stamp from before it is 0: the counters of two cores may differ by a
    /// little.
    pub(super) fn nanoseconds(&self, stamp: u64) -> u64 {
        (stamp.saturating_sub(self.begin) as f64 * self.per_stamp) as u64
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_as_late_as_the_systems_clock_says() {
        let begin = Both::now();
        std::thread::sleep(Duration::from_millis(5));
        let (middle, instant) = (now(), Instant::now());
        std::thread::sleep(Duration::from_millis(5));
        let scale = Scale::between(begin, Both::now());
        let (by_stamp, by_clock) =
            (scale.nanoseconds(middle), nanoseconds(instant.duration_since(begin.instant)));
        // Between two readings the thread may lose its core, so this is generous.
        assert!(by_stamp.abs_diff(by_clock) < 4_000_000, "{by_stamp} and {by_clock}");
        assert_eq!(scale.nanoseconds(begin.stamp), 0);
        assert_eq!(scale.nanoseconds(begin.stamp - 1), 0, "a clock that is behind");
    }
}
