//! A load that keeps its schedule, whatever becomes of its requests. Next: `long_polls`.
//!
//! A load that sends the next request when it has the last reply would not measure a tail. While the server is stuck
//! it sends nothing: of the thousand requests that would have waited, one did, and its delay is one in a thousand
//! (this is called coordinated omission). So the times are fixed in advance, at random, and a request's
//! delay begins at its scheduled time, even if the load itself was late. How late it was is measured as well.
//!
//! ```text
//!   schedule  │ │   │      │ │  │          one after the other, whether or not there was a reply
//!   replies     │ │ ·········stuck····││││  each of these waited, and counts
//! ```
//!
//! The times are random, since fixed gaps would fall into step with what the server does in each 100 µs.

use std::num::NonZero;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::setpriority_process;
use rustix::thread::{clock_nanosleep_absolute, gettid, set_current_timer_slack};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// Returns the time in nanoseconds, by the clock that all processes share.
pub fn clock() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Lets this thread, and those that it will start, run as soon as they have something to do, although tasks keep all
/// cores busy: with real-time priority (by `chrt`, since the call is unsafe), or else with the highest other one.
/// Where neither is permitted the load is late, and the figures say so.
pub fn be_punctual() {
    let thread = gettid().as_raw_nonzero().to_string();
    let mut chrt = Command::new("chrt");
    let set =
        chrt.args(["--fifo", "--pid", "1", &thread]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !set.is_ok_and(|status| status.success()) {
        let _ = setpriority_process(None, -20);
    }
    let _ = set_current_timer_slack(NonZero::new(1));
}

/// The times of all requests, in nanoseconds.
pub struct Schedule(Vec<u64>);

impl Schedule {
    /// This many times, from now on. The gaps are random, `gap` on average.
    pub fn new(requests: usize, gap: Duration) -> Self {
        let mut time = clock() + Duration::from_millis(20).as_nanos() as u64;
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        let times = (0..requests).map(|_| {
            // Marsaglia's xorshift: the same schedule in each process.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let part = (random >> 11) as f64 / (1_u64 << 53) as f64;
            // Requests that know nothing of each other come like this (a Poisson process).
            time += (-(1.0 - part).ln() * gap.as_nanos() as f64) as u64;
            time
        });
        Self(times.collect())
    }

    /// When this part of the requests has been sent.
    pub fn after(&self, part: f64) -> u64 {
        self.0[(self.0.len() as f64 * part) as usize]
    }

    /// Calls `send` at each time, with the number of the request and its time.
    pub fn keep(&self, mut send: impl FnMut(usize, u64)) {
        for (number, &time) in self.0.iter().enumerate() {
            let until =
                Timespec { tv_sec: (time / 1_000_000_000) as i64, tv_nsec: (time % 1_000_000_000) as i64 };
            while clock() < time {
                let _ = clock_nanosleep_absolute(ClockId::Monotonic, &until);
            }
            send(number, time);
        }
    }
}
