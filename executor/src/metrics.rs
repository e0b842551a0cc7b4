//! What the runtime did, in numbers: each thread counts for itself, a snapshot adds up.
//!
//! M1  Only its thread writes a thread's counters, so that counting is a load and a store.
//! M2  A thread's counters outlive it: the next thread goes on with them, and the sums stay right.
//!
//! Called where things happen. Next: `lib`.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use reactor::shim::lock_static;

/// One thread's counters.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) spawned: AtomicU64,
    pub(crate) finished: AtomicU64,
    pub(crate) polls: AtomicU64,
    pub(crate) wakes: AtomicU64,
    pub(crate) steals: AtomicU64,
    pub(crate) parks: AtomicU64,
    /// One more than the worker's index in its pool; 0 for a thread that is no worker.
    worker: AtomicU64,
}

/// Every thread's counters, and those that no thread uses now.
struct Book {
    all: Vec<&'static Counters>,
    free: Vec<&'static Counters>,
}

static BOOK: Mutex<Book> = Mutex::new(Book { all: Vec::new(), free: Vec::new() });

thread_local! {
    static MINE: Cell<Option<&'static Counters>> = const { Cell::new(None) };
    static GIVE_BACK: GiveBack = const { GiveBack };
}

/// Puts a thread's counters back into the book when the thread ends (M2).
struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        if let Some(counters) = MINE.take() {
            // ORDERING: Relaxed; the book's lock publishes it to the next owner.
            counters.worker.store(0, Ordering::Relaxed);
            book(|book| book.free.push(counters));
        }
    }
}

fn book<R>(with: impl FnOnce(&mut Book) -> R) -> R {
    with(&mut lock_static(&BOOK))
}

/// Adds one to one of this thread's counters.
#[inline]
pub(crate) fn count(which: impl FnOnce(&'static Counters) -> &'static AtomicU64) {
    mine(|counters| {
        let counter = which(counters);
        // ORDERING: Relaxed; a number for people, it publishes nothing. M1: no read-modify-write.
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    });
}

/// Tells that this thread is a pool's worker.
pub(crate) fn this_is_worker(index: usize) {
    // ORDERING: Relaxed; a label for people.
    mine(|counters| counters.worker.store(index as u64 + 1, Ordering::Relaxed));
}

#[inline]
fn mine(with: impl FnOnce(&'static Counters)) {
    match MINE.get() {
        Some(counters) => with(counters),
        None => open_account(with),
    }
}

#[cold]
fn open_account(with: impl FnOnce(&'static Counters)) {
    let counters = book(|book| {
        book.free.pop().unwrap_or_else(|| {
            let counters = &*Box::leak(Box::default());
            book.all.push(counters);
            counters
        })
    });
    with(counters);
    if GIVE_BACK.try_with(|_| ()).is_ok() {
        MINE.set(Some(counters));
    } else {
        // The thread's locals are being destroyed: nothing would give these back later.
        book(|book| book.free.push(counters));
    }
}

/// What the executor did since the program began.
///
/// ```
/// use executor::{pool::Pool, task};
///
/// let pool = Pool::new(2)?;
/// task::block_on(pool.spawn(async {}));
/// let executor::Metrics { spawned, alive, polls, workers, .. } = executor::metrics();
/// assert!(spawned >= 1 && polls >= 1 && alive <= spawned);
/// assert!(workers.iter().any(|worker| worker.index == 0));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Tasks spawned: on pools, local, and blocking calls.
    pub spawned: u64,
    /// Tasks spawned whose future still exists.
    pub alive: u64,
    /// Polls of tasks.
    pub polls: u64,
    /// Wakes that put a task into a queue.
    pub wakes: u64,
    /// Times that a worker took tasks from another one.
    pub steals: u64,
    /// Times that a thread went to wait, in the reactor or parked.
    pub parks: u64,
    /// The workers of all pools that run now, one entry each.
    pub workers: Vec<WorkerMetrics>,
}

/// What one worker thread did. A thread may go on with the numbers of one that has ended.
///
/// ```
/// for executor::WorkerMetrics { index, polls, steals, parks } in executor::metrics().workers {
///     println!("worker {index}: {polls} polls, {steals} steals, {parks} parks");
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerMetrics {
    /// Its place in its pool.
    pub index: usize,
    /// Polls of tasks.
    pub polls: u64,
    /// Times that it took tasks from another worker.
    pub steals: u64,
    /// Times that it went to wait.
    pub parks: u64,
}

/// A snapshot of what the executor did so far.
///
/// The numbers are read one by one while the threads go on: each is right, their sums may be a few
/// events apart.
///
/// ```
/// use executor::task;
///
/// let before = executor::metrics();
/// task::block_on(task::spawn_local(async {}));
/// assert!(executor::metrics().spawned > before.spawned);
/// ```
pub fn metrics() -> Metrics {
    // ORDERING: Relaxed; numbers for people.
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let mut sum = Metrics::default();
    let mut finished = 0;
    book(|book| {
        for counters in &book.all {
            finished += read(&counters.finished);
            sum.spawned += read(&counters.spawned);
            sum.polls += read(&counters.polls);
            sum.wakes += read(&counters.wakes);
            sum.steals += read(&counters.steals);
            sum.parks += read(&counters.parks);
            if let Some(index) = read(&counters.worker).checked_sub(1) {
                sum.workers.push(WorkerMetrics {
                    index: usize::try_from(index).unwrap_or(usize::MAX),
                    polls: read(&counters.polls),
                    steals: read(&counters.steals),
                    parks: read(&counters.parks),
                });
            }
        }
    });
    sum.alive = sum.spawned.saturating_sub(finished);
    sum.workers.sort_by_key(|worker| worker.index);
    sum
}
