//! When a closed pool is over, and its workers may end.
//!
//! If each worker of a closed pool ended as soon as it found no task, a task that is woken a moment later
//! would come into a queue that no worker empties. Its future would then be dropped by another thread, or
//! never.
//!
//! ```text
//!   close: cancel the listed tasks ──▶ queue those that wait ──▶ handed out
//!   worker: drop what it finds ──nothing──▶ not busy, waits ──a task comes──▶ busy again
//!                                              └── no worker is busy, handed out, no task left: over, all end
//! ```
//!
//! - [pool-is-over]  A closed pool is over when none of its tasks can come into a queue any more: `close` has
//!   handed out the tasks that it cancelled, no worker is busy, the queues and the slots are empty, and no
//!   task is listed except one that is running because its own poll drops the `Pool`. A task that another
//!   thread is just waking is listed and not running. Until the pool is over the workers stay and drop the
//!   futures. A thread that wakes or aborts a task, or drops its last waker, never has to drop a future.
//!
//! Nothing is spawned any more, since a spawn borrows the `Pool`, which is being dropped. Called by `shared`.
//! Next: `joining`.

use reactor::shim::{Mutex, fault, lock};

/// What decides whether the pool is over [pool-is-over].
pub(super) struct End(Mutex<Stage>);

struct Stage {
    /// The number of workers that may have a task, or find one.
    busy: usize,
    handed_out: bool,
    over: bool,
}

impl End {
    /// For a pool with this number of workers, all of them busy.
    pub(super) fn new(workers: usize) -> Self {
        Self(Mutex::new(Stage { busy: workers, handed_out: false, over: false }))
    }

    /// All tasks that `close` cancelled are in a queue, or were taken from it.
    pub(super) fn handed_out(&self) {
        lock(&self.0).handed_out = true;
    }

    /// A worker is busy again.
    pub(super) fn begin_work(&self) {
        lock(&self.0).busy += 1;
    }

    /// A worker of a closed pool finds no task. Returns whether the pool is over. The first worker that
    /// sees it calls `notify` for the others.
    pub(super) fn end_work(&self, is_spent: impl FnOnce() -> bool, notify: impl FnOnce()) -> bool {
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
            notify();
        }
        over
    }

    /// While the returned guard is held the pool cannot become over. Held while a task moves between two
    /// queues.
    pub(super) fn hold(&self) -> impl Sized {
        lock(&self.0)
    }
}
