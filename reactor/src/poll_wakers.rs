//! The wakers of `poll_read` and the like, which cannot tell when they give up.
//!
//! A waker stays until the next event, also when its task has gone on to other things or has ended. So that
//! an idle socket does not keep one for each task that ever asked, they are swept when they are too many: all are
//! woken and forgotten, and the tasks that still wait come back.
//!
//! ```text
//!   join ─▶ [w][w] .. [w] ──more than the limit──▶ all are woken, one of them is the probe
//!             ▲                                     │
//!             └─────── those that still wait ◀──────┘
//! ```
//!
//! If more tasks wait than the limit allows, their own return would sweep them again, for ever. How many
//! they are is measured by the probe: when it is back, each task that still waits has joined since. So
//! the limit becomes twice the number of those that have joined.
//!
//! G1  Wakers that are taken out are woken.
//! G2  Each sweep sets the limit back to [`SWEEP_AT`]; only a probe that returns raises it, and events lower it
//!     again. So the wakers of tasks that do not wait any more are [`SWEEP_AT`] at most, and the probe's; or, while
//!     more tasks than that wait, twice as many as join until the probe is back.
//! G3  A probe that does not return is given up, mostly soon, now and then late: many tasks need time until
//!     they are back, and a probe whose task has ended must not keep others from being sent.
//!
//! Called by `source`, under its lock [no-user-code]. Next: `source`.

use std::mem;
use std::task::Waker;

use crate::lazy_waker::LazyWaker;
use crate::shim::fault;
use crate::trim::{KEEP, Trim};

/// More wakers than these are swept.
const SWEEP_AT: usize = if cfg!(loom) { 1 } else { 64 };

/// After this many have joined, a probe is given up; every other one after twice as many, and so on (G3).
const PROBE_FOR: usize = 1024;

/// Wakers, each of them once.
pub(crate) struct PollWakers {
    wakers: Vec<Waker>,
    limit: usize,
    /// A waker that was swept, kept so that no other can be taken for it.
    probe: Option<Waker>,
    returned: bool,
    /// How many have joined since the probe was sent.
    joined: usize,
    /// How many probes were sent.
    probes: u32,
}

impl PollWakers {
    pub(crate) const fn new() -> Self {
        Self { wakers: Vec::new(), limit: SWEEP_AT, probe: None, returned: true, joined: 0, probes: 0 }
    }

    /// Takes a waker in. If they are too many then, all go to `swept`, and one of them is to be sent as the probe.
    pub(crate) fn join(&mut self, waker: &mut LazyWaker<'_>, swept: &mut Vec<Waker>) {
        if self.wakers.iter().any(|other| waker.is_stored_as(other)) {
            return;
        }
        let Some(waker) = waker.take() else { return };
        self.joined += 1;
        if !self.returned && self.probe.as_ref().is_some_and(|probe| probe.will_wake(&waker)) {
            self.returned = true;
            self.limit = self.limit.max(2 * self.joined);
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

    /// Sends this one as the probe, unless another is under way; leaves the waker that was the probe before.
    pub(crate) fn send(&mut self, probe: &mut Option<Waker>) {
        let probe_for = PROBE_FOR << self.probes.trailing_zeros().min(20);
        if self.returned || self.joined > probe_for {
            mem::swap(&mut self.probe, probe);
            (self.returned, self.joined) = (false, 0);
            self.probes = self.probes.wrapping_add(1);
        }
    }

    /// An event wakes them all.
    pub(crate) fn take_all(&mut self, woken: &mut Vec<Waker>) {
        if 2 * self.wakers.len() < self.limit {
            self.limit = SWEEP_AT.max(self.limit / 2);
        }
        woken.append(&mut self.wakers);
        self.wakers.trim(KEEP);
    }
}
