//! When a closed pool is over, and its workers may end.
//!
//! ```text
//!   close: cancel what is in the lists ──▶ hand it out ──▶ handed out
//!   worker: drop what it finds ──nothing──▶ not busy, waits ──a task comes──▶ busy again
//!                                              └── nobody is busy, handed out, spent: over, all end
//! ```
//!
//! [pool-is-over]  A closed pool is over when nothing of it can come into a queue any more: `close` has
//!     handed out what it cancelled, no worker is busy, the queues and the slots are empty, and what is still
//!     in the lists runs: on a worker that is in `Pool`'s own drop. A task that somebody is just waking is in
//!     a list and does not run. Until then the workers stay: they drop the futures, and whoever wakes, aborts
//!     or lets the last waker go never does.
//!
//! Nothing is spawned any more, for a spawn borrows the `Pool` that is dropped. Called by `shared`. Next:
//! `joining`.

use reactor::shim::{Mutex, fault, lock};

/// What decides whether the pool is over [pool-is-over].
pub(super) struct End(Mutex<Stage>);

struct Stage {
    /// Workers that may have a task in hand, or find one.
    busy: usize,
    handed_out: bool,
    over: bool,
}

impl End {
    /// Of a pool of so many workers, all of them busy.
    pub(super) fn new(workers: usize) -> Self {
        Self(Mutex::new(Stage { busy: workers, handed_out: false, over: false }))
    }

    /// All that was cancelled is in a queue, or was taken from it.
    pub(super) fn handed_out(&self) {
        lock(&self.0).handed_out = true;
    }

    /// A worker is busy again.
    pub(super) fn begin_work(&self) {
        lock(&self.0).busy += 1;
    }

    /// A worker of a closed pool finds nothing. Returns whether the pool is over; the first to see it tells the
    /// others.
    pub(super) fn end_work(&self, is_spent: impl FnOnce() -> bool, tell: impl FnOnce()) -> bool {
        let mut stage = lock(&self.0);
        stage.busy -= 1;
        if stage.over || stage.busy > 0 {
            return stage.over;
        }
        let handed_out = stage.handed_out || fault("over_before_the_handing_out");
        stage.over = handed_out && is_spent();
        let over = stage.over;
        drop(stage);
        if over {
            tell();
        }
        over
    }

    /// While this is held the pool does not come to be over: for a task on its way from one queue to another.
    pub(super) fn hold(&self) -> impl Sized {
        lock(&self.0)
    }
}
