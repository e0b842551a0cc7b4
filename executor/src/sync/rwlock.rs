//! A lock for many readers or one writer.
//!
//! Readers do not disturb each other, so under a lock that lets in one task at a time they wait without need. But if
//! readers could always enter beside other readers, a writer would wait for ever in a busy program. A lock with two
//! lists of waiters needs a rule for whose turn it is. A semaphore has that rule already, with one list.
//!
//! ```text
//!   a semaphore with ALL permits:   read ── takes 1        write ── takes ALL
//! ```
//!
//! The semaphore serves its waiters in order. So a writer that waits stops the readers that come after it, and these
//! readers stop the next writer: nobody starves.
//!
//! - L1  A writer has all permits, a reader has one. So while there is a [`RwLockWriteGuard`], there is no other guard.
//!   Only that guard, or `&mut RwLock`, changes the value. A [`RwLockReadGuard`] only reads it.
//! - L2  The semaphore is never closed, so taking its permits does not fail.
//!
//! Next: `notify`.
#![allow(unsafe_code, reason = "the value is shared by hand: the compiler cannot see who has the permits")]

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use reactor::record::Thing;
use reactor::shim::fault;

use crate::sync::semaphore::Semaphore;

/// The number of readers at a time. One more waits.
const ALL: u32 = u32::MAX >> 3;

/// A lock for tasks, for many readers or one writer. First come, first served: a writer that waits stops the readers
/// that come after it.
///
/// A guard may be held across an `.await`. A task that has a guard for reading must not wait for another one: if a
/// writer has come in between, both wait for ever.
///
/// There is no poisoning: a panic while a guard is held gives it back.
///
/// ```
/// use executor::sync::RwLock;
///
/// static PRICES: RwLock<Vec<u32>> = RwLock::new(Vec::new());
///
/// executor::task::block_on(async {
///     PRICES.write().await.extend([3, 4]);
///     let (one, two) = (PRICES.read().await, PRICES.try_read().expect("nobody writes"));
///     assert_eq!(one[0] + two[1], 7);
/// });
/// ```
pub struct RwLock<T: ?Sized> {
    permits: Semaphore,
    // Std's cell also under loom: the models choose loom's cell as `T`.
    value: UnsafeCell<T>,
}

// SAFETY: L1: to send the lock is to send the value, and nothing else.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}

// SAFETY: L1: through `&RwLock` several threads read the value, which requires `T: Sync`, or one thread at a time
// changes it, which requires `T: Send`.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    /// Returns an unlocked lock that holds `value`.
    #[cfg(not(loom))]
    pub const fn new(value: T) -> Self {
        Self { permits: Semaphore::new(ALL as usize), value: UnsafeCell::new(value) }
    }

    /// The same for loom, whose atomics cannot be made in a const.
    #[cfg(loom)]
    pub fn new(value: T) -> Self {
        Self { permits: Semaphore::new(ALL as usize), value: UnsafeCell::new(value) }
    }

    /// Consumes the lock and returns the value.
    ///
    /// ```
    /// assert_eq!(executor::sync::RwLock::new("tea").into_inner(), "tea");
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until no task writes, and none waits to write that came before. Returns a guard for reading. At most
    /// 2^29 - 1 tasks read at a time; one more waits.
    ///
    /// Waiters, readers and writers, are served in the order of their first polls.
    ///
    /// Cancel-safe: a future that is dropped before it is ready stops waiting. A future that has waited
    /// [must be polled or dropped](crate::sync): it may have the lock already.
    pub async fn read(&self) -> RwLockReadGuard<'_, T> {
        self.take(1).await;
        RwLockReadGuard { lock: self, value: PhantomData }
    }

    /// Waits until no task reads or writes. Returns a guard for reading and writing.
    ///
    /// Cancel-safe as [`read`](Self::read). Readers that it has stopped go on when it is dropped.
    pub async fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.take(if fault("writer_beside_readers") { 1 } else { ALL }).await;
        RwLockWriteGuard { lock: self, value: PhantomData }
    }

    /// Does what [`read`](Self::read) does, with a guard that keeps the lock alive, and can move to another task.
    /// Cancel-safe as [`read`](Self::read).
    ///
    /// ```
    /// use executor::{sync::RwLock, task};
    /// use std::sync::Arc;
    ///
    /// task::block_on(async {
    ///     let lock = Arc::new(RwLock::new(1));
    ///     *Arc::clone(&lock).write_owned().await += 1;
    ///     let reading = Arc::clone(&lock).read_owned().await;
    ///     assert_eq!(task::spawn(async move { *reading }).await, 2);
    /// });
    /// ```
    pub async fn read_owned(self: Arc<Self>) -> OwnedRwLockReadGuard<T> {
        mem::forget(self.read().await);
        OwnedRwLockReadGuard { lock: self }
    }

    /// Does what [`write`](Self::write) does, with a guard that keeps the lock alive, and can move to another task.
    /// Cancel-safe as [`write`](Self::write).
    pub async fn write_owned(self: Arc<Self>) -> OwnedRwLockWriteGuard<T> {
        mem::forget(self.write().await);
        OwnedRwLockWriteGuard { lock: self }
    }

    /// Returns a guard for reading, or `None` if a task writes, or others wait. It never waits.
    ///
    /// ```
    /// let lock = executor::sync::RwLock::new(1);
    /// let reading = lock.try_read().expect("nobody writes");
    /// assert!(lock.try_read().is_some() && lock.try_write().is_none());
    /// drop(reading);
    /// assert!(lock.try_write().is_some());
    /// ```
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        self.permits.try_acquire().ok()?.forget();
        Some(RwLockReadGuard { lock: self, value: PhantomData })
    }

    /// Returns a guard for reading and writing, or `None` if a task reads or writes, or others wait. It never waits.
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        self.permits.try_acquire_many(ALL).ok()?.forget();
        Some(RwLockWriteGuard { lock: self, value: PhantomData })
    }

    /// Returns the value without locking: `&mut` proves that there is no guard and no other access.
    ///
    /// ```
    /// let mut lock = executor::sync::RwLock::new(1);
    /// *lock.get_mut() += 1;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Takes this many permits, for a guard, which gives them back.
    async fn take(&self, permits: u32) {
        let taken = self.permits.take(permits, Thing::RwLock).await;
        debug_assert!(taken.is_ok(), "L2");
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.try_read() {
            Some(guard) => f.debug_tuple("RwLock").field(&&*guard).finish(),
            None => f.write_str("RwLock(<locked>)"),
        }
    }
}

/// The right to read the value. Dropping it gives the right back.
///
/// ```
/// use executor::sync::{RwLock, RwLockReadGuard};
///
/// let lock = RwLock::new(String::from("tea"));
/// let reading: RwLockReadGuard<'_, String> = lock.try_read().unwrap();
/// assert_eq!(reading.len(), 3);
/// ```
#[must_use = "a guard that is dropped at once has locked nothing"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    /// A guard is `Send` and `Sync` only where a `&T` is.
    value: PhantomData<&'a T>,
}

/// The right to change the value. Dropping it gives the right back.
///
/// ```
/// use executor::sync::{RwLock, RwLockWriteGuard};
///
/// let lock = RwLock::new(1);
/// let mut writing: RwLockWriteGuard<'_, u32> = lock.try_write().unwrap();
/// *writing += 1;
/// drop(writing);
/// assert_eq!(lock.into_inner(), 2);
/// ```
#[must_use = "a guard that is dropped at once has locked nothing"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    /// A guard is `Send` and `Sync` only where a `&mut T` is.
    value: PhantomData<&'a mut T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Turns the guard into one for reading. No other writer comes in between.
    ///
    /// ```
    /// use executor::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(1);
    /// let mut writing = lock.try_write().unwrap();
    /// *writing += 1;
    /// let reading = RwLockWriteGuard::downgrade(writing);
    /// assert_eq!((*reading, lock.try_read().is_some(), lock.try_write().is_some()), (2, true, false));
    /// ```
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let lock = guard.lock;
        mem::forget(guard);
        lock.permits.release(ALL as usize - 1);
        RwLockReadGuard { lock, value: PhantomData }
    }
}

/// The right to read the value of a lock that it keeps alive. Made by [`RwLock::read_owned`]. Dropping it gives the
/// right back.
///
/// ```
/// use executor::sync::{OwnedRwLockReadGuard, RwLock};
///
/// let lock = std::sync::Arc::new(RwLock::new(1));
/// let reading: OwnedRwLockReadGuard<u32> = executor::task::block_on(lock.read_owned());
/// std::thread::spawn(move || assert_eq!(*reading, 1)).join().unwrap();
/// ```
#[must_use = "a guard that is dropped at once has locked nothing"]
pub struct OwnedRwLockReadGuard<T: ?Sized> {
    lock: Arc<RwLock<T>>,
}

/// The right to change the value of a lock that it keeps alive. Made by [`RwLock::write_owned`]. Dropping it gives
/// the right back.
///
/// ```
/// use executor::sync::{OwnedRwLockWriteGuard, RwLock};
///
/// let lock = std::sync::Arc::new(RwLock::new(1));
/// let mut writing: OwnedRwLockWriteGuard<u32> = executor::task::block_on(lock.write_owned());
/// std::thread::spawn(move || *writing += 1).join().unwrap();
/// ```
#[must_use = "a guard that is dropped at once has locked nothing"]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    lock: Arc<RwLock<T>>,
}

/// What a guard can do, and how many permits its drop gives back.
macro_rules! guard {
    ($guard:ident $(<$life:lifetime>)?, $permits:expr) => {
        impl<T: ?Sized> Deref for $guard<$($life,)? T> {
            type Target = T;

            fn deref(&self) -> &T {
                // SAFETY: L1: this guard has a permit, so no other guard changes the value. The reference lives no
                // longer than the guard.
                unsafe { &*self.lock.value.get() }
            }
        }

        impl<T: ?Sized> Drop for $guard<$($life,)? T> {
            fn drop(&mut self) {
                self.lock.permits.release($permits as usize);
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $guard<$($life,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    };
    ($guard:ident $(<$life:lifetime>)?, writes, $permits:expr) => {
        guard!($guard $(<$life>)?, $permits);

        impl<T: ?Sized> DerefMut for $guard<$($life,)? T> {
            fn deref_mut(&mut self) -> &mut T {
                // SAFETY: L1: this guard has all permits, and `&mut self` excludes a second reference through it.
                unsafe { &mut *self.lock.value.get() }
            }
        }
    };
}

guard!(RwLockReadGuard<'_>, 1);
guard!(OwnedRwLockReadGuard, 1);
guard!(RwLockWriteGuard<'_>, writes, ALL);
guard!(OwnedRwLockWriteGuard, writes, ALL);
