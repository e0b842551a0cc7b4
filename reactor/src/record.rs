//! What happens in the runtime, noted in one place: each thread adds up its own events, and, while a recording
//! is on, keeps the last ones with their times.
//!
//! Counters that all threads share would make each event wait for a cache line that moves between the cores.
//! A counter for each thread costs a load and a store. A recording that is off costs one load more.
//!
//! ```text
//!   record(kind, id) ──▶ this thread's sums, one for each counted kind      metrics() ──▶ the sums of all threads
//!                   └──▶ while a recording is on: this thread's ring        stop() ──▶ the events of all threads
//! ```
//!
//! - R1  Only its own thread writes a thread's sums, so that adding needs no read-modify-write.
//! - R2  A thread's sums outlive it: the next thread goes on with them, and what was counted stays counted.
//!
//! Called where things happen, in both crates; read by their `metrics`, and by the executor's `trace`. Next:
//! `record::kind`.

mod kind;
mod recording;
mod ring;
mod stamp;

use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Instant;

pub use kind::{Kind, Outcome, Place, TaskKind, Thing, Wait, WaitEnd, poll_end};
pub use recording::reader::Reader;
pub use recording::{AlreadyOn, Event, Recorded, Track, is_on, record_until_exit, snapshot, start, stop};
pub use stamp::Clock;

use crate::lazy_waker::is_trusted;
use crate::shim::{lock_static, now};
use kind::{COUNTED, USER_WAKER};

/// One thread's sums. No other thread's are in its cache lines.
#[derive(Default)]
#[repr(align(128))]
struct Sums {
    counts: [AtomicU64; COUNTED],
    /// The worker's index in its pool plus one; 0 for a thread that is not a worker.
    worker: AtomicU64,
}

/// What a thread has counted so far: `thread[kind]` is the number of its events of that kind.
///
/// # Panics
///
/// Indexing panics for a kind that is not counted: those are `Kind::ThreadCame` and all after it.
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
    counts: [u64; COUNTED],
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

/// Counts an event of the calling thread, if its kind is counted, and notes it, if a recording is on. `id` says
/// what the event is about, as [`Kind`] explains. Of its bits the lower 48 are noted.
#[inline]
pub fn record(kind: Kind, id: usize) {
    record_with(kind, 0, id);
}

/// Does what [`record`] does, with an argument, which [`Kind`] explains.
///
/// ```
/// use reactor::record::{Kind, Place, record_with};
///
/// record_with(Kind::Wake, Place::Pool as u8, 7);
/// ```
#[inline]
pub fn record_with(kind: Kind, argument: u8, id: usize) {
    if (kind as usize) < COUNTED {
        count(kind, 1);
    }
    note(kind, argument, id);
}

/// Notes an event, if a recording is on. It does not count it.
///
/// ```
/// use reactor::record::{Kind, note};
///
/// note(Kind::GaveWay, 0, 0);
/// ```
#[inline]
pub fn note(kind: Kind, argument: u8, id: usize) {
    if is_on() {
        recording::push(kind, argument, id as u64, None);
    }
}

/// Notes an event with its value, if a recording is on. It does not count it.
///
/// ```
/// use reactor::record::{Kind, record_value};
///
/// record_value(Kind::PoolOpened, 0, 7, 4);
/// ```
#[inline]
pub fn record_value(kind: Kind, argument: u8, id: usize, value: u64) {
    if is_on() {
        recording::push(kind, argument, id as u64, Some(value));
    }
}

/// Records that the calling thread goes to wait, and how: see [`Wait::new`]. `parker` is the address of its
/// parker.
///
/// ```
/// use reactor::record::record_park;
///
/// record_park(true, false, 7);
/// ```
#[inline]
pub fn record_park(drives: bool, is_monitor: bool, parker: usize) {
    record_with(Kind::Park, Wait::new(drives, is_monitor) as u8, parker);
}

/// Notes that the poll under way will return `Pending`, and what its task waits for. `waker` is the stored one.
///
/// ```
/// use reactor::record::{Thing, record_wait};
///
/// record_wait(Thing::Lock, 7, std::task::Waker::noop());
/// ```
#[inline]
pub fn record_wait(thing: Thing, id: usize, waker: &Waker) {
    if is_on() {
        let user_waker = if is_trusted(waker) { 0 } else { USER_WAKER };
        note(Kind::Waits, thing as u8 | user_waker, id);
    }
}

/// Notes, for each waker that the last event or timer has taken, which task it will wake.
#[inline]
pub(crate) fn record_due(wakers: &[Waker]) {
    if is_on() {
        // A waker of the executor's own carries the task's address.
        wakers.iter().for_each(|waker| note(Kind::Due, 0, waker.data().addr()));
    }
}

/// Notes that the poll of this task ends, if it has returned `Pending`. `wakers` says how many wakers there are.
///
/// ```
/// use reactor::record::note_pending;
///
/// note_pending(true, 7, || Some(1));
/// ```
#[inline]
pub fn note_pending(is_pending: bool, task: usize, wakers: impl FnOnce() -> Option<usize>) {
    if is_pending && is_on() {
        note(Kind::PollEnd, poll_end(Outcome::Pending, wakers()), task);
    }
}

/// Notes that the system reported a source: as readable, as writable, as ended or failed.
#[inline]
pub(crate) fn record_ready(source: usize, readable: bool, writable: bool, ended: bool) {
    note(Kind::SourceReady, u8::from(readable) | u8::from(writable) << 1 | u8::from(ended) << 2, source);
}

/// Notes that a timer was added, or moved, and is due at `deadline`.
#[inline]
pub(crate) fn record_deadline(timer: u64, deadline: Instant) {
    if is_on() {
        let left = deadline.saturating_duration_since(now());
        recording::push(Kind::TimerArmed, 0, timer, Some(stamp::nanoseconds(left)));
    }
}

/// Notes that a `block_on` begins. In the recording its future is a task; it is not counted as one. Its wakers are
/// clones of `root`. The caller itself has two of them.
///
/// ```
/// use reactor::record::{RecordedRoot, record_root};
/// use std::sync::Arc;
/// use std::task::Poll;
///
/// let root = Arc::new("a waker");
/// let waker = Arc::clone(&root);
/// let recorded: RecordedRoot<'_, _> = record_root(&root, std::panic::Location::caller());
/// assert_eq!(recorded.poll(|| Poll::Ready(42)), Poll::Ready(42));
/// drop(waker);
/// ```
pub fn record_root<'a, R>(root: &'a Arc<R>, site: &'static Location<'static>) -> RecordedRoot<'a, R> {
    let recorded = RecordedRoot(root);
    record_spawn(recorded.id(), TaskKind::BlockOn, || None, site);
    recorded
}

/// The future of a `block_on`, in a recording. When it is dropped its end is noted. Made by [`record_root`].
#[derive(Debug)]
pub struct RecordedRoot<'a, R>(&'a Arc<R>);

impl<R> RecordedRoot<'_, R> {
    fn id(&self) -> usize {
        Arc::as_ptr(self.0).addr()
    }

    /// Calls `poll`, and notes when it begins and ends, also if it panics.
    #[inline]
    pub fn poll<T>(&self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        /// The caller's own references to the root.
        const OWN: usize = 2;
        /// Notes the end.
        struct End(usize, u8);
        impl Drop for End {
            fn drop(&mut self) {
                note(Kind::PollEnd, self.1, self.0);
            }
        }
        note(Kind::Poll, 0, self.id());
        let mut end = End(self.id(), poll_end(Outcome::Panicked, None));
        let polled = poll();
        let outcome = if polled.is_ready() { Outcome::Ready } else { Outcome::Pending };
        let wakers = || Arc::strong_count(self.0).checked_sub(OWN);
        end.1 = poll_end(outcome, is_on().then(wakers).flatten());
        polled
    }
}

impl<R> Drop for RecordedRoot<'_, R> {
    fn drop(&mut self) {
        note(Kind::Finish, 0, self.id());
    }
}

/// Adds `many` events of a counted kind to the thread's sums. A recording does not note them.
///
/// # Panics
///
/// If the kind is not counted: see [`Thread`].
///
/// ```
/// use reactor::record::{Kind, count};
///
/// count(Kind::Event, 3);
/// ```
#[inline]
pub fn count(kind: Kind, many: usize) {
    with_mine(|sums| {
        let sum = &sums.counts[kind as usize];
        // ORDERING: Relaxed; a number for people, it publishes nothing. R1: no read-modify-write.
        sum.store(sum.load(Ordering::Relaxed) + many as u64, Ordering::Relaxed);
    });
}

/// Records that a task was spawned by code at `site`. The future of a `block_on` is noted, but not counted.
/// `name` is called only if a recording is on, and of the name the first 42 bytes are kept.
///
/// ```
/// use reactor::record::{TaskKind, record_spawn};
///
/// record_spawn(7, TaskKind::Local, || Some("adder"), std::panic::Location::caller());
/// ```
#[inline]
pub fn record_spawn<'a>(
    task: usize,
    kind: TaskKind,
    name: impl FnOnce() -> Option<&'a str>,
    site: &'static Location<'static>,
) {
    if kind != TaskKind::BlockOn {
        count(Kind::Spawn, 1);
    }
    if is_on() {
        recording::push_spawn(task as u64, kind as u8, name(), site);
    }
}

/// Marks the calling thread as the worker with this index of a pool, which `pool` identifies.
///
/// ```
/// use reactor::record;
///
/// std::thread::spawn(|| {
///     record::this_is_worker(0x7000, 4);
///     assert!(record::threads().iter().any(|thread| thread.worker == Some(4)));
/// })
/// .join()
/// .unwrap();
/// ```
pub fn this_is_worker(pool: usize, index: usize) {
    // ORDERING: Relaxed; a label for people.
    with_mine(|sums| sums.worker.store(index as u64 + 1, Ordering::Relaxed));
    recording::this_is_worker(pool, index);
}

/// Returns what each thread has counted. Threads that have ended are included. A new thread may go on with the
/// sums of one that has ended, so a sum may be that of several threads.
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
