//! What happens in the runtime, counted in one place: each thread adds up its own events, and a snapshot adds
//! up the threads.
//!
//! Counters that all threads share would make each event wait for a cache line that moves between the cores.
//! A counter for each thread costs a load and a store.
//!
//! ```text
//!   record(kind, id) ──▶ this thread's sums, one for each kind        metrics() ──▶ the sums of all threads
//! ```
//!
//! R1  Only its own thread writes a thread's sums, so that adding needs no read-modify-write.
//! R2  A thread's sums outlive it: the next thread goes on with them, and what was counted stays counted.
//!
//! Called where things happen, in both crates; read by their `metrics`. Next: `budget`.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::shim::lock_static;

/// A kind of event.
///
/// ```
/// use reactor::record::{Kind, record, threads};
///
/// let sum = || threads().iter().map(|thread| thread[Kind::Spawn]).sum::<u64>();
/// let before = sum();
/// record(Kind::Spawn, 7);
/// assert!(sum() > before);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A task was made.
    Spawn,
    /// A poll of a task begins.
    Poll,
    /// A wake put a task into a queue.
    Wake,
    /// A task's future is gone.
    Finish,
    /// A worker took tasks from another one.
    Steal,
    /// A thread goes to wait, in the reactor or parked.
    Park,
    /// The reactor turned once.
    Turn,
    /// The system reported an event for a source.
    Event,
    /// A timer reached its deadline.
    TimerFired,
}

/// The number of kinds.
const KINDS: usize = Kind::TimerFired as usize + 1;

/// One thread's sums.
#[derive(Default)]
struct Sums {
    counts: [AtomicU64; KINDS],
    /// The worker's index in its pool plus one; 0 for a thread that is no worker.
    worker: AtomicU64,
}

/// What a thread has recorded so far.
///
/// ```
/// use reactor::record::{Kind, Thread, record, threads};
///
/// record(Kind::Park, 0);
/// let threads: Vec<Thread> = threads();
/// assert!(threads.iter().any(|thread| thread.worker.is_none() && thread[Kind::Park] > 0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its index, if it is a pool's worker.
    pub worker: Option<usize>,
    counts: [u64; KINDS],
}

impl std::ops::Index<Kind> for Thread {
    type Output = u64;

    fn index(&self, kind: Kind) -> &u64 {
        &self.counts[kind as usize]
    }
}

/// The sums of all threads, and those that no thread uses now.
struct Registry {
    all: Vec<&'static Sums>,
    free: Vec<&'static Sums>,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { all: Vec::new(), free: Vec::new() });

thread_local! {
    static MINE: Cell<Option<&'static Sums>> = const { Cell::new(None) };
    static GIVE_BACK: GiveBack = const { GiveBack };
}

/// Gives a thread's sums back when the thread ends (R2).
struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        if let Some(sums) = MINE.take() {
            // ORDERING: Relaxed; the registry's lock publishes it to the next thread.
            sums.worker.store(0, Ordering::Relaxed);
            lock_static(&REGISTRY).free.push(sums);
        }
    }
}

/// Records one event of the calling thread; `id` names the task, worker or source.
#[inline]
pub fn record(kind: Kind, id: usize) {
    record_many(kind, id, 1);
}

/// Records `count` events of a kind.
///
/// ```
/// use reactor::record::{Kind, record_many};
///
/// record_many(Kind::Event, 0, 3);
/// ```
#[inline]
pub fn record_many(kind: Kind, _id: usize, count: usize) {
    with_mine(|sums| {
        let sum = &sums.counts[kind as usize];
        // ORDERING: Relaxed; a number for people, it publishes nothing. R1: no read-modify-write.
        sum.store(sum.load(Ordering::Relaxed) + count as u64, Ordering::Relaxed);
    });
}

/// Marks the calling thread as a pool's worker with this index.
///
/// ```
/// use reactor::record;
///
/// std::thread::spawn(|| {
///     record::this_is_worker(4);
///     assert!(record::threads().iter().any(|thread| thread.worker == Some(4)));
/// })
/// .join()
/// .unwrap();
/// ```
pub fn this_is_worker(index: usize) {
    // ORDERING: Relaxed; a label for people.
    with_mine(|sums| sums.worker.store(index as u64 + 1, Ordering::Relaxed));
}

/// Returns what each thread has recorded. Threads that have ended are included, and a new thread may go on
/// with the sums of one.
///
/// The numbers are read one by one while the threads go on.
pub fn threads() -> Vec<Thread> {
    // ORDERING: Relaxed; numbers for people.
    let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
    let thread = |sums: &&Sums| Thread {
        worker: read(&sums.worker).checked_sub(1).and_then(|index| usize::try_from(index).ok()),
        counts: std::array::from_fn(|kind| read(&sums.counts[kind])),
    };
    lock_static(&REGISTRY).all.iter().map(thread).collect()
}

#[inline]
fn with_mine(with: impl FnOnce(&'static Sums)) {
    match MINE.get() {
        Some(sums) => with(sums),
        None => register_thread(with),
    }
}

#[cold]
fn register_thread(with: impl FnOnce(&'static Sums)) {
    let spare = lock_static(&REGISTRY).free.pop();
    let sums = spare.unwrap_or_else(|| {
        let sums = &*Box::leak(Box::default());
        lock_static(&REGISTRY).all.push(sums);
        sums
    });
    with(sums);
    if GIVE_BACK.try_with(|_| ()).is_ok() {
        MINE.set(Some(sums));
    } else {
        // The thread's locals are being destroyed: no destructor would give these sums back later.
        lock_static(&REGISTRY).free.push(sums);
    }
}
