//! What epoll cannot wait for: files, name resolution, any call that blocks.
//!
//! Such a call on a thread that runs tasks would stop all of them until it returns. So it is made on a thread
//! of a pool ([`Threads`]), and this file brings its outcome back to the task.
//!
//! ```text
//!  Waiting(waker) ──the call returned──▶ Done(outcome) ──polled──▶ Gone
//!        └───────────────────────future dropped──────────────────────┘
//! ```
//!
//! - U1  A waker or an outcome that is taken out of the slot is used or dropped with the slot unlocked.
//! - U2  A call that has begun leaves an outcome, even if it panics.
//! - U3  A call whose future is gone is not begun. If it still waits for a thread it is dropped with its
//!   future.
//! - U4  The thread that stores the outcome takes the waker out of the slot and wakes it.
//!
//! Called by `net::lookup` and the executor's `spawn_blocking`. Next: `user_code`.

use std::fmt;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use crate::budget;
use crate::record::{Thing, record_wait};
use crate::shim::{Arc, Mutex, fault, lock};

use crate::threads::Shared;
use crate::user_code::{contain_panic, wake};

pub use crate::threads::{Job, Load, Spawn, Threads, Ticket};

/// The largest number of threads of the general pool.
///
/// ```
/// assert_eq!(reactor::blocking::LIMIT, 512);
/// ```
pub const LIMIT: usize = 512;

/// How long an idle thread stays.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

static GENERAL: LazyLock<Threads> = LazyLock::new(|| Threads::new("reactor-blocking", LIMIT, KEEP_ALIVE));

/// Runs `job` on a thread of the general pool, and returns at once. At most [`LIMIT`] jobs run at a time;
/// more wait. A panic of the job is contained.
///
/// # Errors
///
/// Returns the job if the pool has no thread and could start none.
///
/// ```
/// let (sender, receiver) = std::sync::mpsc::channel();
/// let submitted = reactor::blocking::submit(Box::new(move || sender.send(6 * 7).unwrap()));
/// assert!(submitted.is_ok());
/// assert_eq!(receiver.recv(), Ok(42));
/// ```
pub fn submit(job: Job) -> Result<(), Job> {
    GENERAL.submit(job)
}

/// The same, for a job that may be [taken back](take_back).
///
/// # Errors
///
/// As for [`submit`].
///
/// ```
/// use reactor::blocking::{Ticket, submit_as, take_back};
///
/// let (ticket, (sender, receiver)) = (Ticket::draw(), std::sync::mpsc::channel());
/// assert!(submit_as(ticket, Box::new(move || sender.send("it ran").unwrap())).is_ok());
/// match take_back(ticket) {
///     Some(job) => drop(job), // No thread has begun it, and none will.
///     None => assert_eq!(receiver.recv(), Ok("it ran")),
/// }
/// ```
pub fn submit_as(ticket: Ticket, job: Job) -> Result<(), Job> {
    GENERAL.submit_as(ticket, job)
}

/// Takes a job out of the general pool's queue, and returns it; `None` if a thread has taken it. See
/// [`submit_as`].
#[must_use = "the job is the caller's to drop"]
pub fn take_back(ticket: Ticket) -> Option<Job> {
    GENERAL.take_back(ticket)
}

/// Runs a job that only drops something on a thread of the general pool, even if all of them are busy: see
/// [`Threads::dispose`].
///
/// # Errors
///
/// As for [`submit`].
///
/// ```
/// let (sender, receiver) = std::sync::mpsc::channel::<()>();
/// assert!(reactor::blocking::dispose(Box::new(move || drop(sender))).is_ok());
/// assert!(receiver.recv().is_err(), "dropped, on a thread of the pool");
/// ```
pub fn dispose(job: Job) -> Result<(), Job> {
    GENERAL.dispose(job)
}

/// How busy the general pool is, for a dump.
///
/// ```
/// let load = reactor::blocking::load();
/// assert!(load.threads <= reactor::blocking::LIMIT + 1);
/// ```
#[must_use]
pub fn load() -> Load {
    GENERAL.load()
}

/// Runs `call` on a thread of the general pool. The future returns what `call` returns.
///
/// It returns an error if the call panics, or if no thread can be started for it. Dropping the future drops a
/// call that has not begun, at once and on the dropping thread. One that has begun goes on, and its value is
/// dropped.
///
/// This is a future, and no task. A task of its own, with a handle whose drop lets the call go on, is
/// `executor::task::spawn_blocking`.
///
/// ```
/// # use futures_lite::future::block_on;
/// let seven = block_on(reactor::blocking::unblock(|| Ok("7".len() + 6)));
/// assert_eq!(seven.unwrap(), 7);
/// ```
pub fn unblock<T, F>(call: F) -> Unblock<T>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    queue(&GENERAL, Box::new(call))
}

/// The same as [`unblock`], on the given threads.
///
/// ```
/// use reactor::blocking::{Threads, unblock_on};
/// use std::time::Duration;
///
/// let threads = Threads::new("hasher", 1, Duration::from_secs(1));
/// let length = futures_lite::future::block_on(unblock_on(&threads, || Ok("hello".len())));
/// assert_eq!(length.unwrap(), 5);
/// ```
pub fn unblock_on<T, F>(threads: &Threads, call: F) -> Unblock<T>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    queue(threads, Box::new(call))
}

/// The call is boxed first, because an unoptimised build would copy a large one at each step.
fn queue<T, F>(threads: &Threads, call: Box<F>) -> Unblock<T>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    let (promise, mut unblock) = promise();
    let refusal = promise.clone();
    let job: Job = Box::new(move || promise.keep_with(call));
    match threads.submit_last(job) {
        Ok(ticket) => unblock.place = Some((Arc::clone(threads.shared()), ticket)),
        Err(refused) => {
            refusal.keep_with(|| Err(io::Error::other("no thread could be started for a blocking call")));
            drop(refused);
        }
    }
    unblock
}

/// The future of a blocking call: what [`unblock`] returns.
///
/// Dropping it drops a call that has not begun, at once and on the dropping thread. One that has begun goes
/// on, and its value is dropped.
///
/// ```
/// use reactor::blocking::{Unblock, unblock};
///
/// let call: Unblock<u32> = unblock(|| Err(std::io::Error::other("the disk is gone")));
/// let error = futures_lite::future::block_on(call).unwrap_err();
/// assert_eq!(error.to_string(), "the disk is gone");
/// ```
#[must_use = "the call's outcome is in the future"]
pub struct Unblock<T> {
    slot: Arc<Mutex<Slot<T>>>,
    /// Where the call was queued, to take it back.
    place: Option<(Arc<Shared>, Ticket)>,
}

enum Slot<T> {
    Waiting(Option<Waker>),
    Done(io::Result<T>),
    /// The outcome was returned, or the future was dropped.
    Gone,
}

/// Makes a slot, for the thread that makes the call and for the future.
fn promise<T>() -> (Promise<T>, Unblock<T>) {
    let slot = Arc::new(Mutex::new(Slot::Waiting(None)));
    let promise = Promise { slot: Arc::clone(&slot) };
    (promise, Unblock { slot, place: None })
}

impl<T: Send + 'static> Unblock<T> {
    /// Whether this call may have to wait until another one ends. No later call of `unblock_on` goes before it.
    pub(crate) fn waits_for_others(&self) -> bool {
        self.place.as_ref().is_some_and(|(pool, _)| pool.is_full())
    }

    /// Makes another call for the same outcome on other threads, if `applies` returns true there. The first
    /// outcome counts.
    pub(crate) fn or_on<F>(&self, threads: &Threads, applies: impl FnOnce() -> bool + Send + 'static, call: F)
    where
        F: FnOnce() -> io::Result<T> + Send + 'static,
    {
        let promise = Promise { slot: Arc::clone(&self.slot) };
        let job: Job = Box::new(move || {
            if applies() {
                promise.keep_with(call);
            }
        });
        // If there is no thread for it, there is still the first call.
        drop(threads.submit(job));
    }
}

impl<T> Future for Unblock<T> {
    type Output = io::Result<T>;

    /// # Panics
    ///
    /// When polled again after it was ready.
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        ready!(budget::poll_proceed(cx));
        // [no-user-code]: the waker is cloned before the slot is locked.
        let waker = cx.waker().clone();
        let mut slot = lock(&self.slot);
        match mem::replace(&mut *slot, Slot::Gone) {
            Slot::Done(outcome) => {
                drop(slot);
                budget::spend();
                Poll::Ready(outcome)
            }
            Slot::Waiting(replaced) => {
                *slot = Slot::Waiting(Some(waker));
                record_wait(Thing::Call, Arc::as_ptr(&self.slot).addr(), cx.waker());
                drop(slot);
                drop(replaced);
                Poll::Pending
            }
            Slot::Gone => {
                drop(slot);
                panic!("Unblock polled after it was ready");
            }
        }
    }
}

impl<T> Drop for Unblock<T> {
    fn drop(&mut self) {
        let unwanted = mem::replace(&mut *lock(&self.slot), Slot::Gone);
        if let Some((pool, ticket)) = &self.place {
            let call = pool.take_back(*ticket);
            // Contained, as on the threads, where it would be dropped otherwise.
            contain_panic(|| drop(call));
        }
        drop(unwanted);
    }
}

impl<T> fmt::Debug for Unblock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unblock").finish_non_exhaustive()
    }
}

/// The slot, for the thread that makes the call. [`Unblock`] has the other reference.
struct Promise<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot) }
    }
}

impl<T> Promise<T> {
    /// Makes the call if its outcome is still wanted, and stores the outcome. A panic becomes an error.
    fn keep_with(self, call: impl FnOnce() -> io::Result<T>) {
        let is_wanted = matches!(*lock(&self.slot), Slot::Waiting(_));
        if !is_wanted && !fault("begun_unwanted") {
            return;
        }
        let outcome = catch_unwind(AssertUnwindSafe(call));
        let panicked = match outcome {
            Ok(outcome) => {
                self.keep(outcome);
                return;
            }
            Err(payload) => payload,
        };
        self.keep(Err(io::Error::other("the blocking call panicked")));
        // Dropped last: if this drop panics, the thread's loop contains that. During another unwinding it would abort.
        drop(panicked);
    }

    fn keep(&self, outcome: io::Result<T>) {
        let mut slot = lock(&self.slot);
        let Slot::Waiting(waker) = &mut *slot else {
            drop(slot);
            return;
        };
        let waker = waker.take();
        *slot = Slot::Done(outcome);
        drop(slot);
        if let Some(waker) = waker
            && !fault("silent_outcome")
        {
            wake(waker);
        }
    }
}

#[cfg(all(test, loom))]
mod model;
