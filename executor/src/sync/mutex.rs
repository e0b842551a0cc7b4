//! A lock whose waiters are futures: waiting for it blocks no thread.
//!
//! If a task holds a lock across an `.await`, a waiter that blocked its thread could block the thread that would
//! run the holder. An unlock could make the lock free and wake a waiter, which then competes for it. That gives
//! more throughput, but a task that locks again and again could overtake a waiter for ever. So the lock is
//! handed over.
//!
//! ```text
//!   word: 0 ──lock──▶ LOCKED ──a waiter joins───▶ LOCKED|WAITERS
//!         ◀─unlock──         ◀─no waiter is left──     │  ▲
//!                                                      └──┘ unlock: the first waiter owns the lock
//! ```
//!
//! Locking a free mutex takes one compare-exchange, and so does unlocking one without waiters. With waiters the
//! lock never becomes free: the unlock takes the first waiter out of the wait list, and from then on that waiter
//! owns the lock. So no waiter is overtaken, and none starves.
//!
//! - [waiters-under-lock]  WAITERS changes only under the lock of the wait list, and is never set without LOCKED.
//! - [joiner-marks]  A waiter that joins sets WAITERS under the lock of the wait list, so the next unlock finds it.
//! - [unlisted-owns]  A waiter whose key is no longer in the wait list owns the lock. If it gives up, it unlocks.
//! - M1  Only the owner of the lock touches the value: through a [`MutexGuard`] or an [`OwnedMutexGuard`], of which
//!   there is one at a time, or through `&mut Mutex`.
//!
//! Next: `oneshot`.
#![allow(unsafe_code, reason = "the value is shared by hand: the compiler cannot see who owns the lock")]

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::task::{Context, Poll, Waker, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, atomic::AtomicU8, fault};
use reactor::wait_list::{Key, Removed, WaitList, poll_lazily, wake};

const LOCKED: u8 = 1;
const WAITERS: u8 = 2;

/// A lock for tasks: waiting for it does not block the thread. First come, first served.
///
/// It may be held across an `.await`. For a short section without one, `std::sync::Mutex` is cheaper.
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
    waiters: shim::Mutex<WaitList>,
    // Std's cell also under loom: the models choose loom's cell as `T`.
    value: UnsafeCell<T>,
}

// SAFETY: M1: to send the mutex is to send the value, and nothing else.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

// SAFETY: M1: through `&Mutex` one thread at a time reaches the value, which requires only `T: Send`.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// Returns an unlocked mutex that holds `value`.
    #[cfg(not(loom))]
    pub const fn new(value: T) -> Self {
        Self {
            word: AtomicU8::new(0),
            waiters: shim::Mutex::new(WaitList::new()),
            value: UnsafeCell::new(value),
        }
    }

    /// The same for loom, whose atomics cannot be made in a const.
    #[cfg(loom)]
    pub fn new(value: T) -> Self {
        Self {
            word: AtomicU8::new(0),
            waiters: shim::Mutex::new(WaitList::new()),
            value: UnsafeCell::new(value),
        }
    }

    /// Consumes the mutex and returns the value.
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
    /// Waiters are served in the order of their first polls.
    ///
    /// Cancel-safe: a future that is dropped before it is ready stops waiting, and a lock that had just been
    /// handed to it goes to the next waiter. A future that has waited [must be polled or dropped](crate::sync): it
    /// may own the lock already.
    ///
    /// A thread that is not in a poll locks by [`block_on`](crate::task::block_on).
    #[doc(alias = "blocking_lock")]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> + Unpin {
        Lock { mutex: self, key: None }
    }

    /// Returns the guard if the lock is free, and `None` if it is not. It never waits.
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
        // ORDERING[mutex-value]: Acquire; pairs with Release in `unlock`; sees the last owner's writes to the
        // value.
        let taken = self.word.compare_exchange(0, LOCKED, Acquire, Relaxed).is_ok();
        taken.then(|| MutexGuard::of(self))
    }

    /// Does what [`lock`](Self::lock) does, with a guard that keeps the mutex alive, and can move to another task.
    ///
    /// Cancel-safe as [`lock`](Self::lock).
    ///
    /// ```
    /// use executor::{sync::Mutex, task};
    /// use std::sync::Arc;
    ///
    /// task::block_on(async {
    ///     let count = Arc::new(Mutex::new(0));
    ///     let mut guard = Arc::clone(&count).lock_owned().await;
    ///     let adding = task::spawn(async move { *guard += 1 });
    ///     assert_eq!(*count.lock().await, 1, "the guard was dropped by the task");
    ///     adding.await;
    /// });
    /// ```
    pub async fn lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        mem::forget(self.lock().await);
        OwnedMutexGuard { mutex: self, value: PhantomData }
    }

    /// Does what [`try_lock`](Self::try_lock) does, with a guard that keeps the mutex alive.
    ///
    /// ```
    /// use executor::sync::Mutex;
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = Arc::clone(&mutex).try_lock_owned().expect("it is free");
    /// assert!(mutex.try_lock_owned().is_none());
    /// drop(guard);
    /// ```
    pub fn try_lock_owned(self: Arc<Self>) -> Option<OwnedMutexGuard<T>> {
        mem::forget(self.try_lock()?);
        Some(OwnedMutexGuard { mutex: self, value: PhantomData })
    }

    /// Returns the value without locking: `&mut` proves that there is no guard and no other access.
    ///
    /// ```
    /// let mut mutex = executor::sync::Mutex::new(1);
    /// *mutex.get_mut() += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Takes the lock, or joins the waiters. `Ready` means that the caller owns the lock.
    fn poll_acquire(&self, key: &mut Option<Key>, waker: &Waker) -> Poll<()> {
        poll_lazily(waker, |waker| {
            let mut waiters = shim::lock(&self.waiters);
            let ours = match *key {
                Some(key) => !waiters.contains(key), // [unlisted-owns]
                None => self.acquire_or_mark(),      // [joiner-marks]
            };
            if ours {
                *key = None;
                return Poll::Ready(());
            }
            waiters.register(key, waker);
            record_wait(Thing::Lock, self.id(), waker.as_borrowed());
            Poll::Pending
        })
    }

    /// Identifies the mutex in a recording.
    fn id(&self) -> usize {
        ptr::from_ref(&self.word).addr()
    }

    /// Takes the lock if it is free, else sets WAITERS. Returns whether it took the lock. The caller holds the
    /// lock of the wait list [waiters-under-lock].
    fn acquire_or_mark(&self) -> bool {
        // ORDERING: Relaxed; only a first guess for the exchange below.
        let mut seen = self.word.load(Relaxed);
        loop {
            let free = seen & LOCKED == 0 && !fault("no_second_look");
            let wanted = seen | if free { LOCKED } else { WAITERS };
            // ORDERING[mutex-value]: Acquire; pairs with Release in `unlock`; sees the last owner's writes.
            match self.word.compare_exchange_weak(seen, wanted, Acquire, Relaxed) {
                Ok(_) => return free,
                Err(now) => seen = now,
            }
        }
    }

    /// Unlocks. The caller owns the lock.
    fn unlock(&self) {
        note(Kind::LockFreed, 0, self.id());
        // ORDERING[mutex-value]: Release; pairs with Acquire where the lock is taken; publishes the value. It
        // fails only because of WAITERS: no other bit of a locked word is changed by another thread.
        if self.word.compare_exchange(LOCKED, 0, Release, Relaxed).is_err() {
            self.hand_over();
        }
    }

    /// Makes the first waiter the owner. The lock of the wait list publishes the value to it.
    #[cold]
    fn hand_over(&self) {
        if fault("busy_so_nobody_is_woken") && self.waiters.try_lock().is_err() {
            return;
        }
        let mut waiters = shim::lock(&self.waiters);
        let next = waiters.pop();
        if next.is_some() {
            note(Kind::LockHanded, 0, self.id());
        }
        if waiters.is_empty() {
            let word = if next.is_some() { LOCKED } else { 0 };
            // ORDERING[mutex-value]: Release; pairs with Acquire in `try_lock`; publishes the value if every
            // waiter has given up, and the lock becomes free here.
            self.word.store(word, Release);
        }
        drop(waiters);
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

/// The future of [`Mutex::lock`].
struct Lock<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Set while it waits, and when it owns the lock but was not polled since [unlisted-owns].
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
        note(Kind::GaveUp, Thing::Lock as u8, self.mutex.id());
        let mut waiters = shim::lock(&self.mutex.waiters);
        let was = waiters.remove(key);
        if (waiters.is_empty() || fault("waiters_forgotten")) && matches!(was, Removed::Waiting(_)) {
            // ORDERING: Relaxed; under the list's lock [waiters-under-lock], and it publishes nothing.
            self.mutex.word.fetch_and(!WAITERS, Relaxed);
        }
        drop(waiters);
        match was {
            Removed::Waiting(waker) => drop(waker),
            Removed::Notified if fault("cancelled_keeps_lock") => {}
            Removed::Notified => self.mutex.unlock(), // [unlisted-owns]
        }
    }
}

/// The right to touch the value. Dropping it unlocks, or hands the lock to the first waiter.
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
    /// A guard is `Send` and `Sync` only where a `&mut T` is.
    value: PhantomData<&'a mut T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The guard for a lock that the caller owns.
    fn of(mutex: &'a Mutex<T>) -> Self {
        note(Kind::LockTaken, 0, mutex.id());
        Self { mutex, value: PhantomData }
    }
}

/// A [`MutexGuard`] that keeps its mutex alive. Made by [`Mutex::lock_owned`]. Dropping it unlocks, or hands the lock
/// to the first waiter.
///
/// ```
/// use executor::sync::{Mutex, OwnedMutexGuard};
///
/// let mutex = std::sync::Arc::new(Mutex::new(1));
/// let mut guard: OwnedMutexGuard<u32> = executor::task::block_on(mutex.lock_owned());
/// std::thread::spawn(move || *guard += 1).join().unwrap();
/// ```
#[must_use = "a guard that is dropped at once has locked nothing"]
pub struct OwnedMutexGuard<T: ?Sized> {
    mutex: Arc<Mutex<T>>,
    /// A guard is `Send` and `Sync` only where a `T` is.
    value: PhantomData<T>,
}

/// What both guards can do.
macro_rules! guard {
    ($guard:ident $(<$life:lifetime>)?) => {
        impl<T: ?Sized> Deref for $guard<$($life,)? T> {
            type Target = T;

            fn deref(&self) -> &T {
                // SAFETY: M1: this is the only guard, and the reference lives no longer than the guard.
                unsafe { &*self.mutex.value.get() }
            }
        }

        impl<T: ?Sized> DerefMut for $guard<$($life,)? T> {
            fn deref_mut(&mut self) -> &mut T {
                // SAFETY: M1: this is the only guard, and `&mut self` excludes a second reference through it.
                unsafe { &mut *self.mutex.value.get() }
            }
        }

        impl<T: ?Sized> Drop for $guard<$($life,)? T> {
            fn drop(&mut self) {
                self.mutex.unlock();
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $guard<$($life,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    };
}

guard!(MutexGuard<'_>);
guard!(OwnedMutexGuard);
