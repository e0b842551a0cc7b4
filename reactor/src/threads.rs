//! A pool of threads, and how a job is handed to one: no job is lost, and below the limit none waits behind another.
//!
//! If the first of two jobs waits for the second, and the second is queued behind the first, both hang. So a
//! job may wait only for a thread that is on its way, as long as the limit allows one. To wake a thread for
//! each job would keep that promise, but a burst of a thousand short jobs would cost a thousand wakes, and
//! the threads that run already take most of these jobs. So each thread that comes wakes the next one, if
//! jobs are left.
//!
//! ```text
//!  submit ──▶ queue ──▶ a thread that comes takes the oldest job,
//!                       wakes or starts the next thread if jobs are left, and only then runs its own
//!
//!            woken, or started               queue empty
//!  (coming) ────────────────────▶ looking ───────────────▶ idle ──keep_alive elapsed──▶ gone
//!                                  │   ▲                    │
//!                              job ▼   │ done               └──woken──▶ (coming)
//!                                 running
//! ```
//!
//! - P1  While there are jobs in the queue, a thread is coming, or every thread runs a job and no other can be
//!   started. So a job waits for a thread to arrive, and never behind another job while the limit allows. A caller
//!   whose job is alone in the queue may spin, unlocked, before it ensures this (`wait_for_a_look`).
//! - P2  The thread that takes another one off the idle stack counts it as coming, until that one has the lock
//!   and looks. An idle thread is woken once, and a woken thread looks even if its keep_alive has elapsed
//!   just then.
//! - P3  A thread looks at the queue, under the lock, before it idles and before it leaves. If its keep_alive has
//!   elapsed and there are jobs, it takes itself off the idle stack and counts as coming.
//! - P4  A thread that is being started may fail to start. No thread leaves until that is known, and the first
//!   thread of all is started under the lock. So there is a thread that can run the job instead. Two kinds
//!   of threads leave all the same: those of a closed pool, whose queue is empty then and stays empty; and
//!   those beyond the limit, since as many as the limit remain.
//! - P5  Jobs run, and condition variables are notified, with no lock held.
//! - P6  A job in the queue can be taken back. If its drop then needs a thread, that is a disposal: it goes
//!   before all jobs, and if every thread is busy one more than the limit is started. While more threads
//!   than the limit are at work, a thread that looks takes only disposals; if there are none, it leaves.
//!
//! Threads are never joined, so a stuck call does not keep the process from ending.
//! Called by `blocking` and `stdin`. Next: `threads::queue`.

mod queue;

use std::fmt;
use std::io;
use std::mem;
use std::time::Duration;

#[cfg(not(loom))]
use crate::record::{Kind, Wait, WaitEnd, note};
use crate::shim::atomic::{AtomicBool, Ordering};
use crate::shim::{Arc, Condvar, Mutex, MutexGuard, fault, hint, lock, thread};
#[cfg(not(loom))]
use crate::spin::spin_while;
use crate::user_code::contain_panic;
use queue::Queue;
pub use queue::Ticket;

/// A call that may block its thread.
///
/// ```
/// let job: reactor::blocking::Job = Box::new(|| println!("on a thread of the pool"));
/// assert!(reactor::blocking::submit(job).is_ok());
/// ```
pub type Job = Box<dyn FnOnce() + Send + 'static>;

/// Starts a thread of the given name. It can be replaced: tests let it fail, models start loom's threads.
///
/// ```
/// use reactor::blocking::{Spawn, Threads};
/// use std::{io, time::Duration};
///
/// let never: Spawn = |_name, _main| Err(io::ErrorKind::OutOfMemory.into());
/// let threads = Threads::with_spawn("none", 1, Duration::ZERO, never);
/// assert!(threads.submit(Box::new(|| {})).is_err(), "no thread can be started");
/// assert_eq!((threads.count(), threads.idle()), (0, 0));
/// ```
pub type Spawn = fn(name: &str, main: Job) -> io::Result<()>;

/// One thread is woken per this many queued jobs; the threads that come wake the others.
const JOBS_PER_WAKE: usize = 8;

/// How often a caller checks whether the thread that has just done its job takes the next one: for less than a
/// microsecond.
const SPINS_FOR_A_LOOK: usize = if cfg!(loom) { 1 } else { 16 };

/// A pool of threads for calls that block.
///
/// Dropping it ends the idle threads. What was submitted still runs, and the drop does not wait for it.
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
    shared: Arc<Shared>,
}

impl Threads {
    /// A pool of at most `limit` threads; none is started yet. One that idles for `keep_alive` leaves.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    #[track_caller]
    pub fn new(name: &'static str, limit: usize, keep_alive: Duration) -> Self {
        Self::with_spawn(name, limit, keep_alive, spawn_detached)
    }

    /// The same, with threads started by `spawn`.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    #[track_caller]
    pub fn with_spawn(name: &'static str, limit: usize, keep_alive: Duration, spawn: Spawn) -> Self {
        assert!(limit > 0, "Threads: the limit must be at least 1");
        Self {
            shared: Arc::new(Shared {
                name,
                limit,
                keep_alive,
                spawn,
                state: Mutex::default(),
                looks: Default::default(),
            }),
        }
    }

    /// Runs `job` on a thread of this pool, which runs nothing else meanwhile. Returns at once.
    ///
    /// # Errors
    ///
    /// Returns the job if the pool has no thread and could start none. If it has one, the job waits for it.
    pub fn submit(&self, job: Job) -> Result<(), Job> {
        self.submit_last(job).map(|_ticket| ())
    }

    /// The same, for a job that may be [taken back](Self::take_back). It goes before the jobs with later tickets,
    /// even if these are in the queue already.
    ///
    /// # Errors
    ///
    /// As for [`submit`](Self::submit).
    ///
    /// ```
    /// use reactor::blocking::{Threads, Ticket};
    /// use std::{sync::mpsc::channel, time::Duration};
    ///
    /// let threads = Threads::new("one", 1, Duration::from_secs(1));
    /// let (open, opened) = channel::<()>();
    /// assert!(threads.submit(Box::new(move || _ = opened.recv())).is_ok());
    ///
    /// let ticket = Ticket::draw();
    /// assert!(threads.submit_as(ticket, Box::new(|| unreachable!())).is_ok());
    /// assert!(threads.take_back(ticket).is_some(), "it waits for the thread");
    /// assert!(threads.take_back(ticket).is_none(), "it is gone");
    /// drop(open);
    /// ```
    pub fn submit_as(&self, ticket: Ticket, job: Job) -> Result<(), Job> {
        Shared::submit(&self.shared, job, |queue, job| queue.push(ticket, job))
    }

    /// The same, with a ticket that is drawn under the lock: no job that is submitted later by this function goes
    /// before this one.
    pub(crate) fn submit_last(&self, job: Job) -> Result<Ticket, Job> {
        Shared::submit(&self.shared, job, Queue::push_last)
    }

    /// Takes a job out of the queue, and returns it for the caller to drop; `None` if a thread has taken it.
    #[must_use = "the job is the caller's to drop"]
    pub fn take_back(&self, ticket: Ticket) -> Option<Job> {
        self.shared.take_back(ticket)
    }

    /// Runs a job that does nothing but drop what the caller must not drop itself. It goes before all other
    /// jobs. If every thread is busy, one more than the limit is started, which all disposals share.
    ///
    /// # Errors
    ///
    /// As for [`submit`](Self::submit).
    ///
    /// ```
    /// use reactor::blocking::Threads;
    /// use std::{sync::mpsc::channel, time::Duration};
    ///
    /// let threads = Threads::new("one", 1, Duration::from_secs(1));
    /// let (open, opened) = channel::<()>();
    /// assert!(threads.submit(Box::new(move || _ = opened.recv())).is_ok());
    ///
    /// let (sender, receiver) = channel::<()>();
    /// assert!(threads.dispose(Box::new(move || drop(sender))).is_ok());
    /// assert!(receiver.recv().is_err(), "dropped, although the one thread is busy");
    /// drop(open);
    /// ```
    pub fn dispose(&self, job: Job) -> Result<(), Job> {
        Shared::submit(&self.shared, job, Queue::push_disposal)
    }

    /// For a caller that may take a job back later.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Returns the number of threads that this pool has now, those being started included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.load().threads
    }

    /// How busy the threads are.
    pub(crate) fn load(&self) -> Load {
        let state = lock(&self.shared.state);
        let (threads, queued) = (state.threads, state.queue.len());
        // ORDERING: Relaxed; a number for people.
        Load { threads, idle: state.idle.len(), queued, looks: self.shared.looks.load(Ordering::Relaxed) }
    }

    /// Returns the number of threads that have nothing to do.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.load().idle
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.closed = !fault("idlers_not_let_go");
        let idle = mem::take(&mut state.idle);
        for idler in &idle {
            state.mark_woken(idler);
        }
        drop(state);
        for idler in idle {
            idler.condvar.notify_one();
        }
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("name", &self.shared.name)
            .field("limit", &self.shared.limit)
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

/// How busy the threads are.
///
/// ```
/// let load: reactor::blocking::Load = reactor::blocking::load();
/// assert!(load.idle <= load.threads);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// All threads, those being started included.
    pub threads: usize,
    /// Those that have nothing to do.
    pub idle: usize,
    /// The jobs that wait for a thread.
    pub queued: usize,
    /// How often a thread has looked for a job: as long as this stays the same, no thread has finished one.
    pub looks: usize,
}

/// What the threads share with the callers that submit.
pub(crate) struct Shared {
    name: &'static str,
    limit: usize,
    keep_alive: Duration,
    spawn: Spawn,
    state: Mutex<State>,
    /// How often a thread has looked at the queue. The models need not know it.
    looks: std::sync::atomic::AtomicUsize,
}

#[derive(Default)]
struct State {
    queue: Queue<Job>,
    /// The idle threads. The last to come is the first to be woken, because its caches are warm.
    idle: Vec<Arc<Idler>>,
    /// All threads, those being started included.
    threads: usize,
    /// Threads woken or started that have not looked at the queue yet.
    coming: usize,
    /// Threads being started: those among the coming ones that may fail to come.
    starting: usize,
    /// No caller can submit any more.
    closed: bool,
}

/// An idle thread waits here.
struct Idler {
    condvar: Condvar,
    /// Whether it is off the idle stack, and counted as coming. Written under the pool's lock only.
    woken: AtomicBool,
}

impl State {
    fn expect_a_new_thread(&mut self) {
        self.threads += 1;
        self.coming += 1;
        self.starting += 1;
    }

    /// Marks an idle thread as woken (P2). The caller notifies its condvar after unlocking.
    fn mark_woken(&mut self, idler: &Idler) {
        // ORDERING: Relaxed; the pool's lock orders it.
        idler.woken.store(true, Ordering::Relaxed);
        self.coming += 1;
    }

    /// The next job for a thread that has come or has done its job.
    fn next_job(&mut self, limit: usize) -> Option<Job> {
        let idle = if fault("idlers_at_work") { 0 } else { self.idle.len() };
        let at_work = self.threads - self.starting - idle;
        if at_work > limit && !self.queue.has_disposals() && !fault("jobs_beyond_the_limit") {
            return None; // P6
        }
        self.queue.pop()
    }
}

impl Shared {
    fn submit<R>(pool: &Arc<Self>, job: Job, push: impl FnOnce(&mut Queue<Job>, Job) -> R) -> Result<R, Job> {
        let mut state = lock(&pool.state);
        if state.threads == 0 {
            // P4: there is no other thread for the job, so find out first whether this one starts.
            if Self::start_thread(pool).is_err() {
                return Err(job);
            }
            state.expect_a_new_thread();
            return Ok(push(&mut state.queue, job));
        }
        let pushed = push(&mut state.queue, job);
        if let Some(state) = pool.wait_for_a_look(state) {
            Self::wake_or_start_thread(pool, state);
        }
        Ok(pushed)
    }

    /// Gives a thread that has just done its job a moment to look at the queue. To wake another thread costs
    /// more, and where calls are made one after another the thread of the last call is about to look. Returns
    /// `None` if a thread has looked since the job was queued: it has kept P1.
    fn wait_for_a_look<'a>(&'a self, state: MutexGuard<'a, State>) -> Option<MutexGuard<'a, State>> {
        let nobody_works = state.threads == state.starting + state.idle.len();
        let must_wake = state.queue.len() > 1 || state.queue.has_disposals();
        if must_wake || state.coming > 0 || nobody_works {
            return Some(state);
        }
        // ORDERING: Relaxed; the number changes under the lock only, so a different one was written after this
        // read. No other data is read because of it.
        let looks = self.looks.load(Ordering::Relaxed);
        drop(state);
        for _ in 0..SPINS_FOR_A_LOOK {
            hint::spin_loop();
            // ORDERING: Relaxed; as said above.
            if self.looks.load(Ordering::Relaxed) != looks || fault("look_taken_for_granted") {
                return None;
            }
        }
        Some(lock(&self.state))
    }

    /// Whether jobs in the queue have to wait until another job ends.
    pub(crate) fn is_full(&self) -> bool {
        let state = lock(&self.state);
        let may_start = self.limit.saturating_sub(state.threads);
        state.queue.len() > state.coming + state.idle.len() + may_start
    }

    pub(crate) fn take_back(&self, ticket: Ticket) -> Option<Job> {
        let mut state = lock(&self.state);
        if fault("another_taken_back") {
            return state.queue.pop();
        }
        state.queue.remove(ticket)
    }

    /// Keeps P1 after a job was queued or taken: makes sure that enough threads are coming.
    fn wake_or_start_thread(pool: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.queue.len() <= state.coming * JOBS_PER_WAKE || fault("no_thread_woken") {
            return;
        }
        if let Some(idler) = state.idle.pop() {
            state.mark_woken(&idler);
            drop(state);
            idler.condvar.notify_one();
        } else if state.threads < pool.limit.saturating_add(usize::from(state.queue.has_disposals())) {
            state.expect_a_new_thread();
            drop(state);
            if Self::start_thread(pool).is_err() {
                pool.do_without_a_new_thread();
            }
        }
    }

    /// A thread has failed to start. Others may have relied on it: a thread may have gone idle, or a job may
    /// have been queued without waking one. So this looks again.
    fn do_without_a_new_thread(&self) {
        let mut state = lock(&self.state);
        state.threads -= 1;
        state.coming -= 1;
        state.starting -= 1;
        if state.queue.is_empty() || fault("failed_start_forgotten") {
            return;
        }
        if let Some(idler) = state.idle.pop() {
            state.mark_woken(&idler);
            drop(state);
            idler.condvar.notify_one();
        }
    }

    fn start_thread(pool: &Arc<Self>) -> io::Result<()> {
        let ours = Arc::clone(pool);
        (pool.spawn)(pool.name, Box::new(move || Self::work(&ours)))
    }

    /// One thread's life.
    fn work(pool: &Arc<Self>) {
        let idler = Arc::new(Idler { condvar: Condvar::new(), woken: AtomicBool::new(false) });
        let mut state = lock(&pool.state);
        state.starting -= 1;
        loop {
            state.coming -= 1;
            while let Some(job) = pool.look(&mut state) {
                Self::wake_or_start_thread(pool, state);
                contain_panic(job);
                state = lock(&pool.state);
            }
            match pool.idle(state, &idler) {
                Some(again) => state = again,
                None => return,
            }
        }
    }

    /// The next job for a thread that has come or has done its job.
    fn look(&self, state: &mut State) -> Option<Job> {
        // ORDERING: Relaxed; a guess, and written under the lock only.
        self.looks.store(self.looks.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        state.next_job(self.limit)
    }

    /// Idles until woken; `None` if this thread has to leave.
    fn idle<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        idler: &Arc<Idler>,
    ) -> Option<MutexGuard<'a, State>> {
        let too_many = state.threads - state.starting > self.limit;
        if state.closed || too_many {
            state.threads -= 1;
            return None;
        }
        // ORDERING: Relaxed; the pool's lock orders it.
        idler.woken.store(false, Ordering::Relaxed);
        state.idle.push(Arc::clone(idler));
        loop {
            let (again, timed_out) = self.wait(state, idler);
            state = again;
            // ORDERING: Relaxed; the pool's lock orders it.
            let mut woken = idler.woken.load(Ordering::Relaxed);
            if timed_out && !woken && !state.queue.is_empty() {
                // P3: it wakes itself.
                state.idle.retain(|other| !Arc::ptr_eq(other, idler));
                state.mark_woken(idler);
                woken = true;
            }
            if woken && !(timed_out && fault("left_though_woken")) {
                return Some(state);
            }
            if timed_out && state.starting == 0 {
                state.idle.retain(|other| !Arc::ptr_eq(other, idler));
                state.threads -= 1;
                return None;
            }
        }
    }

    /// Waits until woken, or until the keep_alive has elapsed; returns `true` in that case. It spins for a
    /// moment before it sleeps.
    #[cfg(not(loom))]
    fn wait<'a>(&'a self, state: MutexGuard<'a, State>, idler: &Idler) -> (MutexGuard<'a, State>, bool) {
        drop(state);
        note(Kind::Park, Wait::Idle as u8, 0);
        let ended = self.spin_then_sleep(idler);
        note(Kind::Unpark, if ended.1 { WaitEnd::TimedOut } else { WaitEnd::Notified } as u8, 0);
        ended
    }

    #[cfg(not(loom))]
    fn spin_then_sleep(&self, idler: &Idler) -> (MutexGuard<'_, State>, bool) {
        // ORDERING: Relaxed; a guess. The pool's lock orders what is read under it below.
        spin_while(|| !idler.woken.load(Ordering::Relaxed));
        let state = lock(&self.state);
        // ORDERING: Relaxed; the pool's lock orders it.
        if idler.woken.load(Ordering::Relaxed) {
            return (state, false);
        }
        let (state, outcome) = idler
            .condvar
            .wait_timeout(state, self.keep_alive)
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        (state, outcome.timed_out())
    }

    /// loom has no time: a keep_alive of zero may elapse at any moment, and any other never does.
    #[cfg(loom)]
    fn wait<'a>(&'a self, state: MutexGuard<'a, State>, idler: &Idler) -> (MutexGuard<'a, State>, bool) {
        if self.keep_alive.is_zero() {
            drop(state);
            thread::yield_now();
            return (lock(&self.state), true);
        }
        (idler.condvar.wait(state).expect("not poisoned"), false)
    }
}

fn spawn_detached(name: &str, main: Job) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(main).map(drop)
}

#[cfg(all(test, loom))]
mod model;
