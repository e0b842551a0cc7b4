//! What a long poll holds up: the pools, which the monitor looks after.
//!
//! A worker that is in a long poll does not come back to its queues. Without this file the tasks there wait
//! as long as the poll takes. To wake another worker for each push would cure it, at the price of a system
//! call where almost always the worker is about to take the task itself.
//!
//! [rescued-each-tick]  While a worker runs, each pool is looked after once a [`TICK`]: by the monitor, or by
//!     a busy worker where no thread waits.
//!
//! Called by `driver`, and by pools that come. Next: `driver`.

use std::sync::Weak;
use std::time::{Duration, Instant};

use reactor::shim::{Mutex, lock, now, statics};

/// How often the monitor looks.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// A pool, as the monitor sees it.
pub(crate) trait Rescue: Send + Sync {
    /// Sees to it that what waits behind a long poll is run by another worker.
    fn rescue(&self);
}

/// The pools that there are.
struct Registry {
    pools: Vec<Weak<dyn Rescue>>,
    last: Option<Instant>,
}

statics! { static REGISTRY: Mutex<Registry> = Mutex::new(Registry { pools: Vec::new(), last: None }); }

/// Looks after a pool, as long as it exists.
pub(crate) fn register_pool(pool: Weak<dyn Rescue>) {
    let mut registry = lock(&REGISTRY);
    registry.pools.retain(|pool| pool.strong_count() > 0);
    registry.pools.push(pool);
}

/// Looks after every pool, if that was last done a tick ago or more.
pub(super) fn rescue_pools() {
    let pools = {
        let mut registry = lock(&REGISTRY);
        if !is_due(registry.last) {
            return;
        }
        registry.last = Some(now());
        registry.pools.clone()
    };
    // Outside of the lock: with the last share a pool's memory goes.
    for pool in pools.iter().filter_map(Weak::upgrade) {
        pool.rescue();
    }
}

/// Whether what is done once a tick is to be done again.
pub(super) fn is_due(last: Option<Instant>) -> bool {
    last.is_none_or(|last| now().duration_since(last) >= TICK)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counted(AtomicUsize);

    impl Rescue for Counted {
        fn rescue(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// One after the other, for the registry is the process's own.
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
        assert_eq!(rescued(), 1, "it is too early");
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
