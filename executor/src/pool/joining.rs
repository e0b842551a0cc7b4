//! Which worker waits for which pool to end: no wait may close a cycle.
//!
//! Without this file two pools whose tasks own each other would wait for each other for ever when they are
//! dropped.
//!
//! ```text
//!   a worker of A drops B, and waits for B's workers      A ──▶ B
//!   one of those drops C, and waits for C's                     B ──▶ C
//!   one of those drops A: it would wait for the first                 C ─ ─▶ A   it does not wait
//! ```
//!
//! - N1  A pool is dropped once, so at most one thread waits for its end. So the waits form chains: from a
//!   pool to the worker that waits for it, to that worker's pool, and so on.
//! - N2  Checking whether a wait closes a cycle, and recording the wait, are done under one lock.
//! - N3  A wait that would close a cycle is not begun: `wait_for` returns `None`.
//!
//! Only workers are recorded, since no pool joins any other thread. Called by `mod`, when a pool is dropped.
//! Next: `global`.

use std::cell::Cell;

use reactor::shim::thread::{self, JoinHandle as Thread};
use reactor::shim::{Mutex, fault, lock, statics, thread_local};

/// A number that no other pool has or had. An address could be reused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolId(u64);

/// The waits that are under way, in the whole process.
struct Registry {
    /// How many pools have been made.
    pools: u64,
    waits: Vec<Wait>,
}

/// A worker of the pool `by` waits for the pool `end`.
struct Wait {
    by: PoolId,
    end: PoolId,
}

statics! { static REGISTRY: Mutex<Registry> = Mutex::new(Registry { pools: 0, waits: Vec::new() }); }

thread_local! {
    // It has no destructor, since another pool may be dropped at a worker's exit.
    static MINE: Cell<Option<PoolId>> = const { Cell::new(None) };
}

/// The id of a new pool.
pub(super) fn new_pool() -> PoolId {
    let mut registry = lock(&REGISTRY);
    registry.pools += 1;
    PoolId(registry.pools)
}

/// The calling thread is a worker of this pool, from now to its end.
pub(super) fn this_is_worker_of(pool: PoolId) {
    MINE.set(Some(pool));
}

/// Whether the calling thread is one of that pool's workers.
pub(super) fn is_worker_of(pool: PoolId) -> bool {
    MINE.get() == Some(pool)
}

/// Waits for that pool's threads to end, unless that would close a cycle.
pub(super) fn join(pool: PoolId, threads: impl Iterator<Item = Thread<()>>) {
    let Some(_waiting) = wait_for(pool) else {
        return; // They are detached, and end by themselves.
    };
    // A worker cannot wait for itself: it ends when it returns to its loop.
    for thread in threads.filter(|thread| thread.thread().id() != thread::current().id()) {
        // A worker does not panic; if it did, there would be nothing to do about it here.
        let _ = thread.join();
    }
}

/// Records that the calling thread waits. Returns `None` if it must not wait, since it would wait for itself.
fn wait_for(pool: PoolId) -> Option<Waiting> {
    let Some(mine) = MINE.get().filter(|mine| *mine != pool) else {
        return Some(Waiting(pool)); // In no pool: no pool waits for this thread. In this one: `join` skips it.
    };
    let mut registry = lock(&REGISTRY);
    let mut waited_for = Some(mine);
    while let Some(at) = waited_for {
        if at == pool && !fault("the_cycle_is_closed") {
            return None;
        }
        waited_for = registry.waits.iter().find(|wait| wait.end == at).map(|wait| wait.by);
    }
    registry.waits.push(Wait { by: mine, end: pool });
    Some(Waiting(pool))
}

/// A recorded wait, until this is dropped.
struct Waiting(PoolId);

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&REGISTRY).waits.retain(|wait| wait.end != self.0);
    }
}

#[cfg(all(test, loom))]
mod model;
