//! Which worker waits for which pool to end: none may close a ring.
//!
//! ```text
//!   a worker of A drops B, and waits for B's workers      A ──▶ B
//!   one of those drops C, and waits for C's                     B ──▶ C
//!   one of those drops A: it would wait for the first                 C ─ ─▶ A   it does not wait
//! ```
//!
//! N1  A pool is dropped once, so at most one thread waits for its end: from a pool one comes back to whoever
//!     waits for it, to that one's pool, and so on, to the one that nobody waits for.
//! N2  Whether a wait closes a ring is asked, and the wait is noted, under one lock.
//!
//! Only workers are in it: nobody joins the other threads. Called by `mod`, when a pool is dropped. Next:
//! `global`.

use std::cell::Cell;

use reactor::shim::thread::{self, JoinHandle as Thread};
use reactor::shim::{Mutex, fault, lock, statics, thread_local};

/// A number that no other pool has had: an address may come again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolId(u64);

struct Ring {
    pools: u64,
    waits: Vec<Wait>,
}

/// A worker of the pool `by` waits for the pool `end`.
struct Wait {
    by: PoolId,
    end: PoolId,
}

statics! { static RING: Mutex<Ring> = Mutex::new(Ring { pools: 0, waits: Vec::new() }); }

thread_local! {
    // Without a destructor: what is dropped at a worker's exit may be another pool.
    static MINE: Cell<Option<PoolId>> = const { Cell::new(None) };
}

/// For a new pool.
pub(super) fn new_pool() -> PoolId {
    let mut ring = lock(&RING);
    ring.pools += 1;
    PoolId(ring.pools)
}

/// The calling thread is a worker, from now to its end.
pub(super) fn this_is_worker_of(pool: PoolId) {
    MINE.set(Some(pool));
}

/// Whether the calling thread is one of that pool's workers.
pub(super) fn is_worker_of(pool: PoolId) -> bool {
    MINE.get() == Some(pool)
}

/// Waits for that pool's threads to end, unless that would close a ring.
pub(super) fn join(pool: PoolId, threads: impl Iterator<Item = Thread<()>>) {
    let Some(_waiting) = wait_for(pool) else {
        return; // They are detached, and end by themselves.
    };
    // A worker cannot wait for itself: it ends when it comes back to its loop.
    for thread in threads.filter(|thread| thread.thread().id() != thread::current().id()) {
        // A worker does not panic; if it did, there is nobody to tell here.
        let _ = thread.join();
    }
}

/// Notes that the calling thread waits. `None`: it must not, for it would wait for itself.
fn wait_for(pool: PoolId) -> Option<Waiting> {
    let Some(mine) = MINE.get().filter(|mine| *mine != pool) else {
        return Some(Waiting(pool)); // Nobody waits for this thread; or it is left out of those it waits for.
    };
    let mut ring = lock(&RING);
    let mut waited_for = Some(mine);
    while let Some(at) = waited_for {
        if at == pool && !fault("the_ring_is_closed") {
            return None;
        }
        waited_for = ring.waits.iter().find(|wait| wait.end == at).map(|wait| wait.by);
    }
    ring.waits.push(Wait { by: mine, end: pool });
    Some(Waiting(pool))
}

/// A wait that is noted, until this is dropped.
struct Waiting(PoolId);

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&RING).waits.retain(|wait| wait.end != self.0);
    }
}

#[cfg(all(test, loom))]
mod model;
