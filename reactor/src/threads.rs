//! A pool of threads, and how a job is handed to one: no job is lost, none waits behind another.
//!
//! ```text
//!  submit ──▶ queue ──▶ a thread that comes takes the oldest job,
//!                       calls the next thread if jobs are left, and only then runs its own
//!
//!            called, or started              queue empty
//!  (coming) ────────────────────▶ looking ───────────────▶ idle ──patience over──▶ gone
//!                                  │   ▲                    │
//!                              job ▼   │ done               └──called──▶ (coming)
//!                                 running
//! ```
//!
//! P1  Jobs in the queue: a thread is coming, or every thread runs a job and no other can be had.
//!     So a job waits for a thread to arrive, and never behind another job while the limit allows.
//! P2  Whoever takes a seat off the idle stack counts it as coming, until it has the lock and looks.
//!     A seat is called once, and a called thread looks even if its patience ended just then.
//! P3  A thread looks at the queue, under the lock, before it idles and before it leaves.
//! P4  A thread that is being started may fail to start: nobody leaves until that is known, and
//!     the first thread of all is started under the lock. So there is somebody to fall back on.
//! P5  Jobs run, and bells are rung, with no lock held.
//!
//! One caller that comes (and not one for each job) keeps a thousand short jobs from costing a
//! thousand wakes: the threads that are up already take most of them.
//!
//! Threads are never joined, so a stuck call does not keep the process from ending.
//! Called by `blocking` and `stdin`. Next: `blocking`.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::mem;
use std::time::Duration;

use crate::contain::contain;
use crate::shim::atomic::{AtomicBool, Ordering};
use crate::shim::{Arc, Condvar, Mutex, MutexGuard, lock, mutant, thread};
#[cfg(not(loom))]
use crate::wait_awake::Wait;

/// A call that may block its thread.
///
/// ```
/// let job: reactor::blocking::Job = Box::new(|| println!("on a thread of the pool"));
/// assert!(reactor::blocking::submit(job).is_ok());
/// ```
pub type Job = Box<dyn FnOnce() + Send + 'static>;

/// Starts a thread of the given name. A seam: tests let it fail, models start loom's threads.
///
/// ```
/// use reactor::blocking::{Spawn, Threads};
/// use std::{io, time::Duration};
///
/// let never: Spawn = |_name, _main| Err(io::ErrorKind::OutOfMemory.into());
/// let threads = Threads::with_spawn("none", 1, Duration::ZERO, never);
/// assert!(threads.submit(Box::new(|| {})).is_err(), "no thread is to be had");
/// assert_eq!((threads.count(), threads.idle()), (0, 0));
/// ```
pub type Spawn = fn(name: &str, main: Job) -> io::Result<()>;

/// For each so many jobs in the queue one thread is called; the threads that come call the rest.
const JOBS_A_CALL: usize = 8;

/// A pool of threads for calls that block.
///
/// Dropping it lets the idle threads go; what was submitted still runs.
///
/// ```
/// use reactor::blocking::Threads;
/// use std::{sync::mpsc::channel, time::Duration};
///
/// let threads = Threads::new("compressor", 2, Duration::from_secs(1));
/// let (sender, receiver) = channel();
/// let submitted = threads.submit(Box::new(move || sender.send("done").unwrap()));
/// assert!(submitted.is_ok());
/// assert_eq!(receiver.recv(), Ok("done"));
/// ```
pub struct Threads {
    pool: Arc<Pool>,
}

impl Threads {
    /// A pool of at most `limit` threads; none is started yet. One that idles for `patience` leaves.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    pub fn new(name: &'static str, limit: usize, patience: Duration) -> Self {
        Self::with_spawn(name, limit, patience, spawn_detached)
    }

    /// The same, with threads started by `spawn`.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    pub fn with_spawn(name: &'static str, limit: usize, patience: Duration, spawn: Spawn) -> Self {
        assert!(limit > 0, "Threads: the limit must be at least 1");
        Self { pool: Arc::new(Pool { name, limit, patience, spawn, state: Mutex::new(State::default()) }) }
    }

    /// Runs `job` on a thread of this pool, of its own while it runs.
    ///
    /// # Errors
    ///
    /// The job comes back when no thread could be started and the pool has none. If it has one, the
    /// job waits for it.
    pub fn submit(&self, job: Job) -> Result<(), Job> {
        let mut state = lock(&self.pool.state);
        if state.threads == 0 {
            // P4: there is nobody to leave the job to, so find out before anyone counts on it.
            if Pool::start_thread(&self.pool).is_err() {
                return Err(job);
            }
            state.expect_a_new_thread();
            state.queue.push_back(job);
        } else {
            state.queue.push_back(job);
            Pool::call_a_thread(&self.pool, state);
        }
        Ok(())
    }

    /// Threads that this pool has now, those being started included.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.pool.state).threads
    }

    /// Threads of these that have nothing to do.
    #[must_use]
    pub fn idle(&self) -> usize {
        lock(&self.pool.state).idle.len()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut state = lock(&self.pool.state);
        state.closed = !mutant("idlers_not_let_go");
        let idle = mem::take(&mut state.idle);
        for seat in &idle {
            state.call(seat);
        }
        drop(state);
        for seat in idle {
            seat.bell.notify_one();
        }
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("name", &self.pool.name)
            .field("limit", &self.pool.limit)
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

/// What the threads share with those who submit.
struct Pool {
    name: &'static str,
    limit: usize,
    patience: Duration,
    spawn: Spawn,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// Who idles; the last to come is the first to be called, for its caches are warm.
    idle: Vec<Arc<Seat>>,
    /// All threads, those being started included.
    threads: usize,
    /// Threads called or started that have not looked at the queue yet.
    coming: usize,
    /// Threads being started: of those coming, the ones that may never come.
    starting: usize,
    /// Nobody can submit any more.
    closed: bool,
}

/// Where one thread idles.
struct Seat {
    bell: Condvar,
    /// Off the idle stack, and counted as coming. Read and written under the pool's lock only.
    called: AtomicBool,
}

impl State {
    fn expect_a_new_thread(&mut self) {
        self.threads += 1;
        self.coming += 1;
        self.starting += 1;
    }

    /// P2. The bell is the caller's to ring, after unlocking.
    fn call(&mut self, seat: &Seat) {
        // ORDERING: Relaxed; the pool's lock orders it.
        seat.called.store(true, Ordering::Relaxed);
        self.coming += 1;
    }
}

impl Pool {
    /// Keeps P1 after a job was queued or taken: sees to it that enough threads are coming.
    fn call_a_thread(pool: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.queue.len() <= state.coming * JOBS_A_CALL || mutant("nobody_called") {
            return;
        }
        if let Some(seat) = state.idle.pop() {
            state.call(&seat);
            drop(state);
            seat.bell.notify_one();
        } else if state.threads < pool.limit {
            state.expect_a_new_thread();
            drop(state);
            if Self::start_thread(pool).is_err() {
                pool.do_without_a_new_thread();
            }
        }
    }

    /// Takes the expectation back. Meanwhile others relied on it: a thread may have gone idle and
    /// a job been queued without a call, so look again.
    fn do_without_a_new_thread(&self) {
        let mut state = lock(&self.state);
        state.threads -= 1;
        state.coming -= 1;
        state.starting -= 1;
        if state.queue.is_empty() || mutant("failed_start_forgotten") {
            return;
        }
        if let Some(seat) = state.idle.pop() {
            state.call(&seat);
            drop(state);
            seat.bell.notify_one();
        }
    }

    fn start_thread(pool: &Arc<Self>) -> io::Result<()> {
        let ours = Arc::clone(pool);
        (pool.spawn)(pool.name, Box::new(move || Self::work(&ours)))
    }

    /// One thread's life.
    fn work(pool: &Arc<Self>) {
        let seat = Arc::new(Seat { bell: Condvar::new(), called: AtomicBool::new(false) });
        let mut state = lock(&pool.state);
        state.starting -= 1;
        loop {
            state.coming -= 1;
            while let Some(job) = state.queue.pop_front() {
                Self::call_a_thread(pool, state);
                contain(job);
                state = lock(&pool.state);
            }
            match pool.idle(state, &seat) {
                Some(called) => state = called,
                None => return,
            }
        }
    }

    /// Idles until called; `None` if this thread has left.
    fn idle<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        seat: &Arc<Seat>,
    ) -> Option<MutexGuard<'a, State>> {
        if state.closed {
            state.threads -= 1;
            return None;
        }
        // ORDERING: Relaxed; the pool's lock orders it.
        seat.called.store(false, Ordering::Relaxed);
        state.idle.push(Arc::clone(seat));
        loop {
            let (again, patience_over) = self.wait(state, seat);
            state = again;
            // ORDERING: Relaxed; the pool's lock orders it.
            if seat.called.load(Ordering::Relaxed) && !(patience_over && mutant("left_though_called")) {
                return Some(state);
            }
            if patience_over && state.starting == 0 {
                state.idle.retain(|other| !Arc::ptr_eq(other, seat));
                state.threads -= 1;
                return None;
            }
        }
    }

    /// Waits for the call, awake for a moment and then asleep, or until the patience is over; `true` in the
    /// last case.
    #[cfg(not(loom))]
    fn wait<'a>(&'a self, state: MutexGuard<'a, State>, seat: &Seat) -> (MutexGuard<'a, State>, bool) {
        drop(state);
        let wait = Wait::begin();
        // ORDERING: Relaxed; a guess. The pool's lock orders what is read under it below.
        wait.awake(|| !seat.called.load(Ordering::Relaxed));
        let state = lock(&self.state);
        // ORDERING: Relaxed; the pool's lock orders it.
        if seat.called.load(Ordering::Relaxed) {
            return (state, false);
        }
        let (state, outcome) =
            seat.bell.wait_timeout(state, self.patience).unwrap_or_else(|poisoned| poisoned.into_inner());
        (state, outcome.timed_out())
    }

    /// loom knows no time: no patience is over at any moment, every other never.
    #[cfg(loom)]
    fn wait<'a>(&'a self, state: MutexGuard<'a, State>, seat: &Seat) -> (MutexGuard<'a, State>, bool) {
        if self.patience.is_zero() {
            drop(state);
            thread::yield_now();
            return (lock(&self.state), true);
        }
        (seat.bell.wait(state).expect("not poisoned"), false)
    }
}

fn spawn_detached(name: &str, main: Job) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(main).map(drop)
}

#[cfg(all(test, loom))]
mod model;
