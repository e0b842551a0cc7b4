//! The pool: a set of workers, what they share, and how it is closed.
//!
//!   spawn outside ──▶ injector ─┐        ┌── worker 0: slot, deque ──┐
//!   spawn inside  ──▶ own slot  ├──────▶ ├── worker 1: slot, deque ──┤ steal from each other
//!   wake by a socket ─▶ the slot┘        └── …                      ─┘
//!
//! P1  A task that has been idle is in the pool's list and owns a share of the pool: a wake from
//!     anywhere finds both. One that was never idle is in a queue or on a worker.
//! P2  Who pushes from outside holds a share of its own until it has done, for the pushed task may run,
//!     end and give up its share meanwhile.
//! P3  Closing cancels what is in the list; the workers drop what is in the queues. After the last
//!     worker has ended, who pushes empties the injector itself.
//!
//! Called by `spawn`. Next: `queue`.
#![allow(
    unsafe_code,
    reason = "a task reaches its pool by a pointer, so that short tasks count nothing"
)]

mod queue;
mod sleep;
mod worker;

use std::future::Future;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::RawWakerVTable;
use std::thread::{self, JoinHandle as Thread};

use crossbeam_deque::{Injector, Steal};

use crate::metrics;
use crate::park::{self, Parker, Watched};
use crate::raw::cell::{self, Header, Name, Schedule};
use crate::raw::join_handle::JoinHandle;
use crate::raw::list::List;
use crate::raw::runnable::Runnable;
use crate::raw::state::{Action, Finish};
use crate::raw::waker;
use queue::Remote;
use sleep::Sleep;

/// The lists of waiting tasks are split by address, so that workers seldom meet at a lock.
const SHARDS: usize = 16;

/// A pool of threads that run tasks, stealing work from each other.
///
/// Dropping it closes it: every task is cancelled, polls under way end, the futures are dropped, and
/// the threads are joined. Dropped from inside one of its own workers it does all but wait for that
/// one. A spawn on a closed pool answers a cancelled handle.
///
/// ```
/// use executor::{pool::Pool, task};
///
/// let pool = Pool::new(2)?;
/// let handle = pool.spawn(async { 6 * 7 });
/// assert_eq!(task::block_on(handle), 42);
/// # std::io::Result::Ok(())
/// ```
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<Thread<()>>,
}

impl Pool {
    /// Starts a pool of so many threads.
    ///
    /// # Errors
    ///
    /// The system's error if a thread cannot be had; those that were started end again.
    ///
    /// # Panics
    ///
    /// If `threads` is zero.
    pub fn new(threads: usize) -> io::Result<Self> {
        assert!(
            threads > 0,
            "Pool::new: `threads` is zero, and nobody would run the tasks"
        );
        let (owned, remotes): (Vec<_>, Vec<_>) = (0..threads).map(|_| queue::queues()).unzip();
        let shared = Arc::new(Shared {
            injector: Injector::new(),
            remotes: remotes.into_boxed_slice(),
            parkers: (0..threads).map(|_| OnceLock::new()).collect(),
            sleep: Sleep::new(threads),
            waiting: std::array::from_fn(|_| Mutex::new(List::new())),
            closed: AtomicBool::new(false),
            running: AtomicUsize::new(threads),
            ended: AtomicBool::new(false),
        });
        let watched: Arc<dyn Watched> = Arc::clone(&shared) as _;
        park::watch_over(Arc::downgrade(&watched));
        drop(watched);
        let mut pool = Self {
            shared,
            threads: Vec::with_capacity(threads),
        };
        for (index, queues) in owned.into_iter().enumerate() {
            let shared = Arc::clone(&pool.shared);
            let worker = move || worker::main(shared, index, queues);
            match thread::Builder::new()
                .name(format!("worker-{index}"))
                .spawn(worker)
            {
                Ok(thread) => pool.threads.push(thread),
                Err(error) => {
                    (index..threads).for_each(|_| pool.shared.worker_ended());
                    return Err(io::Error::new(
                        error.kind(),
                        format!("start a worker thread: {error}"),
                    ));
                }
            }
        }
        Ok(pool)
    }

    /// Spawns a future onto the pool. It starts at once; dropping the handle detaches it.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_named(future, ())
    }

    fn spawn_named<F, N>(&self, future: F, name: N) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
        N: Name,
    {
        let place = Pooled {
            shared: Arc::as_ptr(&self.shared),
        };
        let (runnable, handle) = cell::allocate(future, place, name);
        metrics::count(|counters| &counters.spawned);
        if let Err(runnable) = worker::push_here(place.shared, runnable) {
            self.shared.inject(runnable);
        }
        JoinHandle::new(handle)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.close();
        for thread in self.threads.drain(..) {
            // A worker cannot wait for itself: it ends when it comes back to its loop.
            if thread.thread().id() != thread::current().id() {
                // A worker does not panic; if it did, there is nobody to tell here.
                let _ = thread.join();
            }
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("threads", &self.threads.len())
            .finish_non_exhaustive()
    }
}

/// Spawns a future onto the global pool, which is started on first use with as many threads as
/// the environment variable `UNROLLED_THREADS` says, else as the machine runs in parallel.
///
/// It starts at once, and needs no `block_on`. Dropping the handle detaches it. If no thread can be had
/// at all the handle is cancelled, and the next spawn tries again.
///
/// ```
/// use executor::task;
///
/// let double = task::spawn(async { 21 * 2 });
/// assert_eq!(task::block_on(double), 42);
/// ```
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    spawn_named(future, ())
}

/// Spawns onto the global pool with a name.
pub(crate) fn spawn_named<F, N>(future: F, name: N) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    N: Name,
{
    if let Some(pool) = global() {
        return pool.spawn_named(future, name);
    }
    let (runnable, handle) = cell::allocate(
        future,
        Pooled {
            shared: std::ptr::null(),
        },
        name,
    );
    metrics::count(|counters| &counters.spawned);
    drop(runnable);
    JoinHandle::new(handle)
}

/// The global pool; started now, if it can be.
fn global() -> Option<&'static Pool> {
    static GLOBAL: OnceLock<Pool> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(pool) = GLOBAL.get() {
        return Some(pool);
    }
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = GLOBAL.get() {
        return Some(pool);
    }
    let pool = Pool::new(default_threads())
        .or_else(|_| Pool::new(1))
        .ok()?;
    Some(GLOBAL.get_or_init(|| pool))
}

fn default_threads() -> usize {
    let available = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let Some(wanted) = std::env::var_os("UNROLLED_THREADS") else {
        return available;
    };
    match wanted.to_str().and_then(|text| text.trim().parse().ok()) {
        Some(threads @ 1..=MOST_THREADS) => threads,
        _ => {
            eprintln!(
                "UNROLLED_THREADS is {wanted:?}, not a number from 1 to {MOST_THREADS}: \
                 using {available} threads"
            );
            available
        }
    }
}

/// As many as the two counts of `sleep` can hold, with room to spare.
const MOST_THREADS: usize = 4096;

/// What the workers, the tasks that wait, and the pool's owner share.
pub(crate) struct Shared {
    injector: Injector<Runnable>,
    remotes: Box<[Remote]>,
    parkers: Box<[OnceLock<Arc<Parker>>]>,
    sleep: Sleep,
    waiting: [Mutex<List>; SHARDS],
    closed: AtomicBool,
    /// Workers that have not ended.
    running: AtomicUsize,
    /// No worker is left (P3).
    ended: AtomicBool,
}

impl Shared {
    fn introduce(&self, worker: usize, parker: &Arc<Parker>) {
        let _ = self.parkers[worker].set(Arc::clone(parker));
    }

    /// Work was pushed: wakes a worker, if one is needed.
    #[inline]
    fn wake_one(&self) {
        let parker = |worker: usize| self.parkers[worker].get();
        let cheap = |worker| parker(worker).is_some_and(|parker| parker.is_parked());
        if let Some(worker) = self.sleep.someone_needed(cheap)
            && let Some(parker) = parker(worker)
        {
            parker.unpark();
        }
    }

    /// Pushes from outside. The caller holds a share of the pool (P2).
    fn inject(&self, task: Runnable) {
        self.injector.push(task);
        self.wake_one();
        // ORDERING[pool-end]: SeqCst fence (in `wake_one`); the race is this push against the last
        // worker's end: one of the two empties the injector; pairs with `worker_ended`.
        // ORDERING: Relaxed; ordered by the fence.
        if self.ended.load(Ordering::Relaxed) {
            self.drop_injected();
        }
    }

    /// Whether there is something to take: in the injector or in a deque.
    fn has_work(&self) -> bool {
        !self.injector.is_empty() || self.remotes.iter().any(Remote::has_work)
    }

    fn is_closed(&self) -> bool {
        // ORDERING: Relaxed; the workers are unparked after it is set, and then see it.
        self.closed.load(Ordering::Relaxed)
    }

    fn shard(&self, task: NonNull<Header>) -> &Mutex<List> {
        &self.waiting[(task.addr().get() >> 6) % SHARDS]
    }

    /// Cancels every task that waits, and tells the workers (P3).
    fn close(&self) {
        // ORDERING: Relaxed; for the lists their locks publish it, for the workers `unpark`.
        self.closed.store(true, Ordering::Relaxed);
        for shard in &self.waiting {
            let mut cancelled = Vec::new();
            locked(shard, |list| {
                list.for_each(|header| {
                    if header.state.cancel() == Action::Schedule {
                        cancelled.push(Runnable::from_raw(NonNull::from(header)));
                    }
                });
            });
            cancelled.into_iter().for_each(|task| self.inject(task));
        }
        self.parkers
            .iter()
            .filter_map(OnceLock::get)
            .for_each(|parker| parker.unpark());
    }

    /// A worker has ended; the last one empties what came late.
    fn worker_ended(&self) {
        // ORDERING[pool-end]: AcqRel; each worker's last pushes come before the last worker's look.
        if self.running.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        // ORDERING: Relaxed; the fence orders it.
        self.ended.store(true, Ordering::Relaxed);
        // ORDERING[pool-end]: SeqCst fence; pairs with the one in `inject`.
        fence(Ordering::SeqCst);
        self.drop_injected();
    }

    fn drop_injected(&self) {
        loop {
            match self.injector.steal() {
                Steal::Success(task) => drop(task),
                Steal::Retry => std::hint::spin_loop(),
                Steal::Empty => return,
            }
        }
    }
}

impl Watched for Shared {
    fn rescue(&self) {
        for task in self.remotes.iter().filter_map(Remote::rescue) {
            self.inject(task);
        }
    }
}

fn locked<R>(shard: &Mutex<List>, with: impl FnOnce(&mut List) -> R) -> R {
    with(&mut shard.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The scheduler of a pool's tasks. It owns a share of the pool from the first idling on (P1).
#[derive(Clone, Copy)]
struct Pooled {
    shared: *const Shared,
}

static WAKER: RawWakerVTable = waker::vtable::<Pooled>();

impl Pooled {
    /// The pool, for the workers' own calls.
    fn shared(&self) -> &Shared {
        // SAFETY: P1: called by the task's runner, a worker or who drops the task in the pool's name.
        unsafe { &*self.shared }
    }
}

impl Schedule for Pooled {
    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    #[inline]
    fn schedule(&self, task: Runnable) {
        metrics::count(|counters| &counters.wakes);
        let shared = self.shared;
        let Err(task) = worker::push_here(shared, task) else {
            return;
        };
        // SAFETY: P1: the task is idle and ours to queue, so it owns a share; the pointer is from
        // `Arc::as_ptr`.
        unsafe { Arc::increment_strong_count(shared) };
        // SAFETY: P2: the share that was counted in the line above.
        let shared = unsafe { Arc::from_raw(shared) };
        shared.inject(task);
    }

    fn requeue(&self, task: Runnable) {
        if let Err(task) = worker::push_back_here(self.shared, task) {
            self.shared().inject(task);
        }
    }

    fn finish(&self, header: &Header) -> Finish {
        if header.state.should_link() {
            let task = NonNull::from(header);
            let shared = self.shared();
            // SAFETY: P1: we are on a worker of this pool; the share is given back by `retire`.
            unsafe { Arc::increment_strong_count(self.shared) };
            header.state.set_linked();
            locked(shared.shard(task), |list| {
                list.push(header);
                // Under the lock: `close` comes before us, or finds the task in the list.
                if shared.is_closed() {
                    header.state.cancel_claimed();
                }
            });
        }
        header.state.finish_poll()
    }

    fn retire(&self, header: &Header) {
        metrics::count(|counters| &counters.finished);
        if header.state.is_linked() {
            locked(self.shared().shard(NonNull::from(header)), |list| {
                list.remove(header);
            });
            // SAFETY: P1: the share that `finish` counted. The caller has one of its own, if it goes on
            // using the pool.
            unsafe { Arc::decrement_strong_count(self.shared) };
        }
    }
}
