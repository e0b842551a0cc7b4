//! The wakers that `poll_read` and the like store, and how their number is bounded.
//!
//! Such a function does not learn when its task stops waiting. So a waker stays until the next event, even if
//! its task now waits for something else or has ended, and an idle socket would keep one for each task that
//! ever asked, and the task's memory with it. To prevent that, the wakers are swept when there are too many:
//! all are woken and removed, and the tasks that still wait store theirs again.
//!
//! ```text
//!   join ─▶ [w][w] .. [w] ──more than the limit──▶ all are woken, one of them is the probe
//!             ▲                                     │
//!             └─────── those that still wait ◀──────┘
//! ```
//!
//! If more tasks wait than the limit allows, their own return would sweep them again, forever. A limit that
//! doubles at each sweep ends that, but then never comes down. So the number of waiting tasks is measured, by
//! the probe: it is woken last, so when it has joined again, most tasks that still wait have joined before it.
//! The limit becomes twice the number that have joined.
//!
//! - G1  Wakers that are taken out are woken.
//! - [limit-set-back]  Each sweep sets the limit back to [`SWEEP_AT`]. Only a probe that returns raises it, and events
//!   lower it again. So tasks that no longer wait leave at most [`SWEEP_AT`] wakers behind, and the probe. If more
//!   tasks than that have waited at once, the bound is twice the number of wakers that joined until the probe was back.
//!   It stays that until the next event or sweep, even if all of them stop waiting.
//! - G2  No new probe is sent while one is under way. Its task may have ended, so a probe that has not returned
//!   after a number of joins is given up. That number is mostly small, and now and then large: if many tasks
//!   wait, it takes many joins until the probe is back.
//!
//! Called by `source`, under its lock [no-user-code]. Next: `threads`.

use std::mem;
use std::task::Waker;

use crate::lazy_waker::LazyWaker;
use crate::shim::fault;
use crate::trim::{KEEP, Trim};

/// The wakers are swept when there are more than this; it is the lowest limit.
const SWEEP_AT: usize = if cfg!(loom) { 1 } else { 64 };

/// A probe is given up after this many joins; every second one after twice as many, every fourth after four
/// times as many, and so on (G2).
const PROBE_FOR: usize = 1024;

/// Wakers, without duplicates.
pub(crate) struct PollWakers {
    wakers: Vec<Waker>,
    limit: usize,
    /// A waker that was swept. It is kept so that no other waker can be mistaken for it.
    probe: Option<Waker>,
    /// Whether the probe has joined again.
    returned: bool,
    /// The number of wakers that have joined since the probe was sent.
    joined: usize,
    /// The number of probes sent.
    probes: u32,
}

impl PollWakers {
    pub(crate) const fn new() -> Self {
        Self { wakers: Vec::new(), limit: SWEEP_AT, probe: None, returned: true, joined: 0, probes: 0 }
    }

    /// Stores a waker. If there are too many then, all go to `swept`, and the caller sends one as the probe.
    pub(crate) fn join(&mut self, waker: &mut LazyWaker<'_>, swept: &mut Vec<Waker>) {
        if self.wakers.iter().any(|other| waker.is_stored_as(other)) {
            return;
        }
        let Some(waker) = waker.take() else { return };
        self.joined += 1;
        if !self.returned && self.probe.as_ref().is_some_and(|probe| probe.will_wake(&waker)) {
            self.returned = true;
            if !fault("limit_stays") {
                self.limit = self.limit.max(2 * self.joined);
            }
        }
        self.wakers.push(waker);
        if self.wakers.len() > self.limit {
            mem::swap(&mut self.wakers, swept);
            self.limit = SWEEP_AT;
            if fault("swept_in_silence") {
                *swept = vec![Waker::noop().clone()];
            }
        }
    }

    /// Makes `probe` the new probe, unless another is under way, and puts the old one there instead.
    pub(crate) fn send(&mut self, probe: &mut Option<Waker>) {
        let probe_for = PROBE_FOR << self.probes.trailing_zeros().min(20);
        if self.returned || self.joined > probe_for {
            mem::swap(&mut self.probe, probe);
            (self.returned, self.joined) = (false, 0);
            self.probes = self.probes.wrapping_add(1);
        }
    }

    /// The wakers, for a dump.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waker> {
        self.wakers.iter()
    }

    /// Takes all out, for an event.
    pub(crate) fn take_all(&mut self, woken: &mut Vec<Waker>) {
        if 2 * self.wakers.len() < self.limit {
            self.limit = SWEEP_AT.max(self.limit / 2);
        }
        woken.append(&mut self.wakers);
        self.wakers.trim(KEEP);
    }
}
