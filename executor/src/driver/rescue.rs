//! The monitor's work: once a tick it rescues the tasks that wait behind a long poll.
//!
//! A worker that is in a long poll does not return to its queues. Without this file the tasks there wait
//! until the poll ends. Waking another worker for each push would prevent that, but costs a system call,
//! and almost always the worker is about to take the task itself.
//!
//! - [rescued-each-tick]  While a worker runs, each pool is rescued once per [`TICK`]: by the monitor, or, if
//!   there is none, by a busy thread.
//!
//! Called by `driver`, by new pools, and by `trace::dump`. Next: `driver`.

use std::sync::Weak;
use std::time::{Duration, Instant};

use reactor::shim::{Mutex, lock, now, statics};

use crate::raw_task::list::TaskLook;

/// The interval between two looks of the monitor.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// What the monitor needs of a pool.
pub(crate) trait Rescue: Look + Send + Sync {
    /// Gives the tasks that wait behind a long poll to other workers.
    fn rescue(&self);
}

/// What a dump needs of a pool.
pub(crate) trait Look {
    /// What it is doing.
    fn look(&self) -> PoolLook {
        PoolLook::default()
    }
}

/// A pool, as a dump sees it.
#[derive(Default)]
pub(crate) struct PoolLook {
    /// What a recording calls the pool.
    pub(crate) id: usize,
    pub(crate) closed: bool,
    pub(crate) workers: usize,
    /// Those that have begun.
    pub(crate) begun: usize,
    /// The tasks that have waited, and have not finished.
    pub(crate) tasks: Vec<TaskLook>,
}

/// Looks at every pool that exists.
pub(crate) fn look_at_pools() -> Vec<PoolLook> {
    let pools = lock(&REGISTRY).pools.clone();
    // Without the lock, as in `rescue_pools`.
    pools.iter().filter_map(Weak::upgrade).map(|pool| pool.look()).collect()
}

/// The pools of the process.
struct Registry {
    pools: Vec<Weak<dyn Rescue>>,
    last: Option<Instant>,
}

statics! { static REGISTRY: Mutex<Registry> = Mutex::new(Registry { pools: Vec::new(), last: None }); }

/// Registers a pool, to be rescued as long as it exists.
pub(crate) fn register_pool(pool: Weak<dyn Rescue>) {
    let mut registry = lock(&REGISTRY);
    registry.pools.retain(|pool| pool.strong_count() > 0);
    registry.pools.push(pool);
}

/// Rescues every pool, unless that was done less than a tick ago.
pub(super) fn rescue_pools() {
    let pools = {
        let mut registry = lock(&REGISTRY);
        if !is_due(registry.last) {
            return;
        }
        registry.last = Some(now());
        registry.pools.clone()
    };
    // Without the lock: this may drop a pool's last `Arc`, and free its memory.
    for pool in pools.iter().filter_map(Weak::upgrade) {
        pool.rescue();
    }
}

/// Whether what was last done at `last` is due again: it was never done, or at least a tick ago.
pub(super) fn is_due(last: Option<Instant>) -> bool {
    last.is_none_or(|last| now().duration_since(last) >= TICK)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counted(AtomicUsize);

    impl Look for Counted {}

    impl Rescue for Counted {
        fn rescue(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// One test for both, since the process has one registry.
    #[test]
    fn pools_are_looked_after_once_a_tick_and_forgotten_when_they_are_gone() {
        let pool = || Arc::new(Counted(AtomicUsize::new(0)));
        let (gone, here) = (pool(), pool());
        register_pool(Arc::downgrade(&gone) as Weak<dyn Rescue>);
        register_pool(Arc::downgrade(&here) as Weak<dyn Rescue>);
        lock(&REGISTRY).last = None;
        rescue_pools();
        let rescued = || here.0.load(Ordering::SeqCst);
        assert_eq!(rescued(), 1);
        lock(&REGISTRY).last = Some(now() + Duration::from_secs(3600));
        rescue_pools();
        assert_eq!(rescued(), 1, "less than a tick has passed");
        lock(&REGISTRY).last = now().checked_sub(TICK);
        rescue_pools();
        assert_eq!(rescued(), 2);

        let pools = || lock(&REGISTRY).pools.iter().filter(|pool| pool.strong_count() == 0).count();
        drop(gone);
        assert_eq!(pools(), 1);
        let new = pool();
        register_pool(Arc::downgrade(&new) as Weak<dyn Rescue>);
        assert_eq!(pools(), 0);
    }
}
