//! A number of permits: at most that many tasks at a time may do something.
//!
//! A lock lets in one task. Often the bound is another number: ten requests to a server at once, or a hundred
//! megabytes in flight. A channel with that capacity could hold the permits. But a task that needs three would take
//! one, wait for the next, and meanwhile hold what others need.
//!
//! ```text
//!   word:  permits | CLOSED | WAITERS
//!
//!   acquire n ──permits ≥ n, no WAITERS──▶ permits - n                    one compare-exchange
//!       └──otherwise──▶ join the waiters ──▶ release: the first waiters take what they want, in order
//! ```
//!
//! While tasks wait, permits that come back are not free for all. The first waiter gets them, as soon as there are as
//! many as it wants. So a task that wants many is not overtaken for ever by tasks that want few.
//!
//! - S1  WAITERS and CLOSED change only under the lock of the wait list, and when that is unlocked, WAITERS says
//!   whether the list has waiters. While WAITERS is set, the permits change only under this lock too: both fast
//!   paths need a word without WAITERS.
//! - S2  A waiter looks for permits and sets WAITERS in one step, so the next release finds it in the list.
//! - S3  `wanted` has an entry for each waiter in the wait list, in the same order, and for each that a close has
//!   taken out. So a waiter in the list waits. One that is only in `wanted` was closed out. One in neither has its
//!   permits, and gives them back if it gives up.
//! - S4  A waiter gets all that it wants at once. The first waiter wants more permits than are free. What changes that
//!   (a release, or a first waiter that leaves) serves the first waiters under the same hold of the lock.
//! - S5  A guard has permits that were taken, and nobody else has them. It gives them back once, or forgets them.
//!
//! The files: this is the semaphore, `permit` is what its callers hold, `error` says why they hold nothing. `rwlock`
//! is made of one. Next: `error`.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::task::{Context, Poll, Waker, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, atomic::AtomicUsize, fault};
use reactor::trim::{KEEP, Trim};
use reactor::wait_list::{Key, Removed, WaitList, poll_lazily, wake_all};

mod error;
mod permit;

pub use error::{AcquireError, TryAcquireError};
pub use permit::{OwnedSemaphorePermit, SemaphorePermit};

const WAITERS: usize = 1;
const CLOSED: usize = 2;
/// One permit, in the word.
const PERMIT: usize = 4;

/// Permits that tasks acquire and give back. First come, first served.
///
/// ```
/// use executor::sync::{Semaphore, TryAcquireError};
///
/// static REQUESTS: Semaphore = Semaphore::new(2);
///
/// executor::task::block_on(async {
///     let first = REQUESTS.acquire().await.unwrap();
///     let second = REQUESTS.acquire().await.unwrap();
///     assert_eq!(REQUESTS.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
///     drop(first);
///     assert_eq!(REQUESTS.available_permits(), 1);
///     drop(second);
/// });
/// ```
pub struct Semaphore {
    word: AtomicUsize,
    queue: shim::Mutex<Queue>,
}

struct Queue {
    waiters: WaitList,
    /// How many permits each waiter wants (S3).
    wanted: VecDeque<(Key, usize)>,
}

impl Queue {
    const EMPTY: Self = Self { waiters: WaitList::new(), wanted: VecDeque::new() };

    /// Removes a waiter from `wanted`. Returns whether it was there: if not, it has its permits (S3).
    fn remove_wanted(&mut self, key: Key) -> bool {
        let place = self.wanted.binary_search_by_key(&key, |(key, _)| *key);
        let was_there = place.is_ok_and(|place| self.wanted.remove(place).is_some());
        self.wanted.trim(KEEP);
        was_there
    }
}

impl Semaphore {
    /// The largest number of permits that can be free at once. Permits that come back beyond it are lost.
    ///
    /// ```
    /// use executor::sync::Semaphore;
    ///
    /// assert!(Semaphore::MAX_PERMITS > 100_000_000);
    /// ```
    pub const MAX_PERMITS: usize = usize::MAX >> 3;

    /// Returns a semaphore with this many permits.
    ///
    /// # Panics
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[cfg(not(loom))]
    #[track_caller]
    pub const fn new(permits: usize) -> Self {
        assert!(permits <= Self::MAX_PERMITS, "Semaphore::new: too many permits");
        Self { word: AtomicUsize::new(permits * PERMIT), queue: shim::Mutex::new(Queue::EMPTY) }
    }

    /// The same for loom, whose atomics cannot be made in a const.
    #[cfg(loom)]
    pub fn new(permits: usize) -> Self {
        Self { word: AtomicUsize::new(permits * PERMIT), queue: shim::Mutex::new(Queue::EMPTY) }
    }

    /// Returns how many permits nobody has at this moment.
    pub fn available_permits(&self) -> usize {
        // ORDERING: Relaxed; only a number, which may be old when it is returned.
        self.word.load(Relaxed) / PERMIT
    }

    /// Returns whether the semaphore was closed.
    pub fn is_closed(&self) -> bool {
        // ORDERING[semaphore-close]: Acquire; pairs with Release in `close`; sees what was written before it.
        self.word.load(Acquire) & CLOSED != 0
    }

    /// Adds permits, and wakes the waiters that get theirs.
    ///
    /// # Panics
    /// If more than [`MAX_PERMITS`](Self::MAX_PERMITS) would be free. Permits that tasks have are not counted.
    ///
    /// ```
    /// let tickets = executor::sync::Semaphore::new(0);
    /// tickets.add_permits(2);
    /// assert!(tickets.try_acquire().is_ok());
    /// ```
    #[track_caller]
    pub fn add_permits(&self, permits: usize) {
        let room = Self::MAX_PERMITS.saturating_sub(self.available_permits());
        assert!(permits <= room, "Semaphore::add_permits: too many permits");
        self.release(permits);
    }

    /// Closes the semaphore: all that wait, and all that ask later, get an error. Permits that tasks have stay valid.
    ///
    /// ```
    /// use executor::sync::{AcquireError, Semaphore, TryAcquireError};
    ///
    /// let tickets = Semaphore::new(1);
    /// tickets.close();
    /// assert!(tickets.is_closed());
    /// assert_eq!(executor::task::block_on(tickets.acquire()).unwrap_err(), AcquireError);
    /// assert_eq!(tickets.try_acquire().unwrap_err(), TryAcquireError::Closed);
    /// ```
    pub fn close(&self) {
        let mut woken = Vec::new();
        let mut queue = shim::lock(&self.queue);
        if !fault("close_wakes_no_waiter") {
            queue.waiters.drain(&mut woken); // S3: `wanted` keeps their entries.
        }
        // ORDERING[semaphore-close]: Release; pairs with Acquire in `is_closed`; publishes what was written before.
        self.word.fetch_or(CLOSED, Release);
        // ORDERING: Relaxed; the lock of the wait list orders it (S1), and it publishes nothing.
        self.word.fetch_and(!WAITERS, Relaxed);
        drop(queue);
        wake_all(&mut woken);
    }

    /// Waits for permits without making a guard for them: the caller gives them back. `thing` is what a dump says that
    /// the task waits for.
    pub(super) fn take(&self, permits: u32, thing: Thing) -> Take<'_> {
        Take { semaphore: self, permits: permits as usize, thing, key: None }
    }

    /// Identifies the semaphore in a recording.
    pub(super) fn id(&self) -> usize {
        ptr::from_ref(&self.word).addr()
    }

    /// Takes permits if they are there and nobody waits.
    fn try_take(&self, permits: usize) -> Result<(), TryAcquireError> {
        // ORDERING: Relaxed; only a first guess for the exchange below.
        let mut seen = self.word.load(Relaxed);
        loop {
            // It reads the word again, to see what was written before the close.
            if seen & CLOSED != 0 && self.is_closed() {
                return Err(TryAcquireError::Closed);
            }
            if seen & WAITERS != 0 || seen / PERMIT < permits {
                return Err(TryAcquireError::NoPermits);
            }
            // ORDERING[semaphore-permits]: Acquire; pairs with Release in `add`; sees what the earlier
            // holders of the permits wrote.
            match self.word.compare_exchange_weak(seen, seen - permits * PERMIT, Acquire, Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => seen = now,
            }
        }
    }

    /// Takes permits if they are there and nobody waits, else sets WAITERS. Returns whether it took them. The caller
    /// holds the lock of the wait list (S1).
    fn take_or_mark(&self, permits: usize) -> Result<bool, AcquireError> {
        // ORDERING: Relaxed; only a first guess for the exchange below.
        let mut seen = self.word.load(Relaxed);
        loop {
            if seen & CLOSED != 0 {
                return Err(AcquireError);
            }
            let free = seen & WAITERS == 0 && seen / PERMIT >= permits && !fault("free_permits_overlooked");
            let wanted = if free { seen - permits * PERMIT } else { seen | WAITERS };
            // ORDERING[semaphore-permits]: Acquire; pairs with Release in `add`; sees what the earlier
            // holders of the permits wrote.
            match self.word.compare_exchange_weak(seen, wanted, Acquire, Relaxed) {
                Ok(_) => return Ok(free),
                Err(now) => seen = now,
            }
        }
    }

    /// Gives permits back: to the waiters, if there are any.
    pub(super) fn release(&self, permits: usize) {
        if self.add(permits, WAITERS).is_ok() {
            return;
        }
        let mut woken = Vec::new();
        let mut queue = shim::lock(&self.queue);
        self.serve(&mut queue, permits, &mut woken);
        drop(queue);
        wake_all(&mut woken);
    }

    /// Adds permits up to MAX_PERMITS, unless the word has this flag. Returns the word before: `Ok` if it was changed,
    /// `Err` if it has the flag.
    fn add(&self, permits: usize, unless: usize) -> Result<usize, usize> {
        // ORDERING: Relaxed; only a first guess for the exchange below.
        let mut seen = self.word.load(Relaxed);
        while seen & unless == 0 {
            // The sum fits into the word: neither part is more than MAX_PERMITS.
            let more = (seen + permits * PERMIT).min((Self::MAX_PERMITS * PERMIT) | (seen % PERMIT));
            // ORDERING[semaphore-permits]: Release; pairs with Acquire where permits are taken; publishes what the
            // task wrote while it had them.
            match self.word.compare_exchange_weak(seen, more, Release, Relaxed) {
                Ok(_) => return Ok(seen),
                Err(now) => seen = now,
            }
        }
        Err(seen)
    }

    /// Adds permits, and gives the first waiters theirs (S4). The caller holds the lock of the wait list: the lock
    /// publishes to the waiters what was written before. The caller wakes them after unlocking.
    #[cold]
    fn serve(&self, queue: &mut Queue, more: usize, woken: &mut Vec<Waker>) {
        // The last waiter may have given up. Then these permits become free, and `add` publishes. It has no Acquire:
        // what was free before a waiter joined was seen by that waiter when it set WAITERS, and later permits come
        // under this lock.
        let (Ok(before) | Err(before)) = self.add(more, 0);
        let mut free = (before / PERMIT + more).min(Self::MAX_PERMITS);
        let mut taken = 0;
        while let Some(&(_, wanted)) = queue.wanted.front()
            && (wanted <= free || fault("permits_given_too_early"))
            && let Some(waker) = queue.waiters.pop()
        {
            queue.wanted.pop_front();
            woken.push(waker);
            free = free.saturating_sub(wanted);
            taken += wanted * PERMIT;
            if fault("one_waiter_served") {
                break;
            }
        }
        queue.wanted.trim(KEEP);
        if before & WAITERS != 0 && queue.waiters.is_empty() {
            taken |= WAITERS; // S1
        }
        // ORDERING: Relaxed; the permits that stay were published in `add`.
        self.word.fetch_sub(taken, Relaxed);
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (permits, closed) = (self.available_permits(), self.is_closed());
        f.debug_struct("Semaphore").field("available_permits", &permits).field("closed", &closed).finish()
    }
}

/// The future of [`Semaphore::take`].
pub(super) struct Take<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
    thing: Thing,
    /// Set while it waits, and when it has its permits but was not polled since (S3).
    key: Option<Key>,
}

impl Take<'_> {
    /// Takes the permits, or joins the waiters. `Ready(Ok)` means that the caller has the permits.
    fn poll_queue(&mut self, waker: &Waker) -> Poll<Result<(), AcquireError>> {
        let Self { semaphore, permits, thing, ref mut key } = *self;
        poll_lazily(waker, |waker| {
            let mut queue = shim::lock(&semaphore.queue);
            if let Some(joined) = *key
                && !queue.waiters.contains(joined)
            {
                *key = None;
                let was_closed = queue.remove_wanted(joined); // S3
                return Poll::Ready(if was_closed { Err(AcquireError) } else { Ok(()) });
            }
            let joins = key.is_none();
            if joins && semaphore.take_or_mark(permits)? {
                return Poll::Ready(Ok(()));
            }
            queue.waiters.register(key, waker);
            match *key {
                Some(key) if joins => queue.wanted.push_back((key, permits)),
                // S1: `take_or_mark` has set WAITERS, but this waiter has no clone of its waker yet, and joins only at
                // the second look. ORDERING: Relaxed; the lock of the wait list orders it.
                None if queue.waiters.is_empty() => _ = semaphore.word.fetch_and(!WAITERS, Relaxed),
                _ => {}
            }
            record_wait(thing, semaphore.id(), waker.as_borrowed());
            Poll::Pending
        })
    }
}

impl Future for Take<'_> {
    type Output = Result<(), AcquireError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let fast = self.key.is_none() && self.semaphore.try_take(self.permits).is_ok();
        let taken = if fast { Ok(()) } else { ready!(self.poll_queue(cx.waker())) };
        budget::spend();
        Poll::Ready(taken)
    }
}

impl Drop for Take<'_> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        note(Kind::GaveUp, self.thing as u8, self.semaphore.id());
        let mut woken = Vec::new();
        let mut queue = shim::lock(&self.semaphore.queue);
        let was = queue.waiters.remove(key);
        let has_permits = !queue.remove_wanted(key);
        match was {
            Removed::Waiting(_) if fault("first_leaves_silently") => {}
            Removed::Waiting(_) => self.semaphore.serve(&mut queue, 0, &mut woken), // S4
            Removed::Notified if has_permits && !fault("dropped_with_permits") => {
                self.semaphore.serve(&mut queue, self.permits, &mut woken); // S3
            }
            Removed::Notified => {} // It was closed.
        }
        drop(queue);
        // The served waiters are woken first: the drop of a waker may panic.
        wake_all(&mut woken);
        drop(was);
    }
}
