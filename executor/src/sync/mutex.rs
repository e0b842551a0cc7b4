//! A lock whose waiters are futures: waiting for it blocks no thread.
//!
//! ```text
//!   word: 0 ──lock──▶ LOCKED ──a waiter joins──▶ LOCKED|WAITERS
//!         ◀─unlock──         ◀─the line empties──     │  ▲
//!                                                     └──┘ unlock: handed to the front of the line
//! ```
//!
//! Locking a free mutex is one compare-exchange, and so is unlocking one that nobody waits for.
//! With waiters the lock never becomes free: the one who unlocks takes the first waiter out of the
//! line, and that *is* the hand-over. So nobody can be overtaken, and no waiter starves.
//!
//! M1  WAITERS changes only under the line's lock, and is never set without LOCKED.
//! M2  Whoever waits in the line sees to it, under the line's lock, that WAITERS is set: the one
//!     who unlocks cannot overlook them.
//! M3  A waiter whose key is gone from the line owns the lock. If it gives up, it unlocks.
//! M4  The value is touched only by whoever owns the lock: by a [`MutexGuard`], of which there is
//!     one at a time, or through `&mut Mutex`.
//!
//! Next: `oneshot`.
#![allow(unsafe_code, reason = "the value is shared by hand: M4 stands where the compiler cannot look")]

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::task::{Context, Poll, Waker, ready};

use reactor::budget;
use reactor::shim::{self, atomic::AtomicU8, fault};
use reactor::wait_list::{Key, Removed, WaitList, poll_lazily, wake};

const LOCKED: u8 = 1;
const WAITERS: u8 = 2;

/// A lock that is waited for without blocking the thread, first come, first served.
///
/// It may be held across an `.await`. For a short section without one, `std::sync::Mutex` is
/// cheaper still.
///
/// There is no poisoning: a panic while the lock is held unlocks it.
///
/// ```
/// use executor::sync::Mutex;
///
/// static HITS: Mutex<u32> = Mutex::new(0);
///
/// executor::task::block_on(async {
///     *HITS.lock().await += 1;
///     assert_eq!(*HITS.lock().await, 1);
/// });
/// ```
pub struct Mutex<T: ?Sized> {
    word: AtomicU8,
    line: shim::Mutex<WaitList>,
    // The models put the checker's own cell inside, as `T`; so this one can be std's.
    value: UnsafeCell<T>,
}

// SAFETY: M4: the value goes where the mutex goes, and nowhere else.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

// SAFETY: M4: `&Mutex` lets one thread at a time at the value, which asks for `T: Send` alone.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// A free mutex around `value`.
    #[cfg(not(loom))]
    pub const fn new(value: T) -> Self {
        Self {
            word: AtomicU8::new(0),
            line: shim::Mutex::new(WaitList::new()),
            value: UnsafeCell::new(value),
        }
    }

    /// The same for the model checker, whose atomics are made at run time.
    #[cfg(loom)]
    pub fn new(value: T) -> Self {
        Self {
            word: AtomicU8::new(0),
            line: shim::Mutex::new(WaitList::new()),
            value: UnsafeCell::new(value),
        }
    }

    /// Takes the value out.
    ///
    /// ```
    /// assert_eq!(executor::sync::Mutex::new("tea").into_inner(), "tea");
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock, and returns a guard that unlocks when it is dropped.
    ///
    /// Those who wait are served in the order of their first poll. Dropping the future gives up the
    /// place; a lock that had just been handed to it goes on to the next. A future that has waited
    /// must be polled or dropped, for the lock may be its own already.
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> + Unpin {
        Lock { mutex: self, key: None }
    }

    /// The guard if the lock is free, at once; else `None`.
    ///
    /// ```
    /// use executor::sync::Mutex;
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock().expect("it is free");
    /// assert!(mutex.try_lock().is_none());
    /// drop(guard);
    /// assert!(mutex.try_lock().is_some());
    /// ```
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        // ORDERING[mutex-value]: Acquire; pairs with Release in `unlock`; the value as it was left.
        self.word.compare_exchange(0, LOCKED, Acquire, Relaxed).is_ok().then(|| MutexGuard::of(self))
    }

    /// The value, without locking: `&mut` shows that nobody else is there.
    ///
    /// ```
    /// let mut mutex = executor::sync::Mutex::new(1);
    /// *mutex.get_mut() += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Takes the lock, or stands in line for it. `Ready` means that the caller owns it.
    fn poll_acquire(&self, key: &mut Option<Key>, waker: &Waker) -> Poll<()> {
        poll_lazily(waker, |waker| {
            let mut line = shim::lock(&self.line);
            let ours = match *key {
                Some(key) => !line.contains(key), // M3
                None => self.acquire_or_mark(),   // M2
            };
            if ours {
                *key = None;
                return Poll::Ready(());
            }
            line.register(key, waker);
            Poll::Pending
        })
    }

    /// Takes the lock if it is free, else sets WAITERS. The line's lock must be held (M1).
    fn acquire_or_mark(&self) -> bool {
        // ORDERING: Relaxed; only a first guess for the exchange below.
        let mut seen = self.word.load(Relaxed);
        loop {
            let free = seen & LOCKED == 0 && !fault("no_second_look");
            let wanted = seen | if free { LOCKED } else { WAITERS };
            // ORDERING[mutex-value]: Acquire; pairs with Release in `unlock`; the value as left.
            match self.word.compare_exchange_weak(seen, wanted, Acquire, Relaxed) {
                Ok(_) => return free,
                Err(now) => seen = now,
            }
        }
    }

    /// Gives up the lock, which the caller owns.
    fn unlock(&self) {
        // ORDERING[mutex-value]: Release; pairs with Acquire where the lock is taken; the value.
        // It fails only because of WAITERS: nobody else changes a locked word.
        if self.word.compare_exchange(LOCKED, 0, Release, Relaxed).is_err() {
            self.hand_over();
        }
    }

    /// Makes the first waiter the owner; the value reaches it through the line's lock.
    #[cold]
    fn hand_over(&self) {
        let mut line = shim::lock(&self.line);
        let next = line.pop();
        if line.is_empty() {
            let word = if next.is_some() { LOCKED } else { 0 };
            // ORDERING[mutex-value]: Release; pairs with Acquire in `try_lock`; the value, if the
            // line proved to be empty and the lock is free again.
            self.word.store(word, Release);
        }
        drop(line);
        if let Some(waker) = next {
            wake(waker);
        }
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.try_lock() {
            Some(guard) => f.debug_tuple("Mutex").field(&&*guard).finish(),
            None => f.write_str("Mutex(<locked>)"),
        }
    }
}

/// Waits for the lock.
struct Lock<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Set while it stands in line, or has been handed the lock without knowing it yet.
    key: Option<Key>,
}

impl<'a, T: ?Sized> Future for Lock<'a, T> {
    type Output = MutexGuard<'a, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let mutex = self.mutex;
        let fast = self.key.is_none().then(|| mutex.try_lock()).flatten();
        let guard = match fast {
            Some(guard) => guard,
            None => {
                ready!(mutex.poll_acquire(&mut self.key, cx.waker()));
                MutexGuard::of(mutex)
            }
        };
        budget::spend();
        Poll::Ready(guard)
    }
}

impl<T: ?Sized> Drop for Lock<'_, T> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let mut line = shim::lock(&self.mutex.line);
        let was = line.remove(key);
        if (line.is_empty() || fault("waiters_forgotten")) && matches!(was, Removed::Waiting(_)) {
            // ORDERING: Relaxed; the line's lock orders it (M1), and it publishes nothing.
            self.mutex.word.fetch_and(!WAITERS, Relaxed);
        }
        drop(line);
        match was {
            Removed::Waiting(waker) => drop(waker),
            Removed::Notified if fault("cancelled_keeps_lock") => {}
            Removed::Notified => self.mutex.unlock(), // M3
        }
    }
}

/// The right to touch the value. Dropping it unlocks, and hands the lock to the first who waits.
///
/// ```
/// use executor::sync::{Mutex, MutexGuard};
///
/// fn append(mut text: MutexGuard<'_, String>, word: &str) {
///     text.push_str(word);
/// }
/// let text = Mutex::new(String::from("tea"));
/// executor::task::block_on(async { append(text.lock().await, " time") });
/// assert_eq!(text.into_inner(), "tea time");
/// ```
#[must_use = "a guard that is dropped at once has locked nothing"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// A guard is shared and sent as the `&mut T` that it stands for.
    value: PhantomData<&'a mut T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The guard of a lock that the caller owns.
    fn of(mutex: &'a Mutex<T>) -> Self {
        Self { mutex, value: PhantomData }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: M4: we are the one guard, and lend the value no longer than we live.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: M4: we are the one guard, and `&mut self` lends it once at a time.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.mutex.unlock();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
