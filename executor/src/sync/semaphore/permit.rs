//! Permits that a task holds, and how it gets them.
//!
//! If a task had to give its permits back itself, it would forget them where it returns early, panics, or is cancelled.
//! Then the semaphore has fewer, and in the end none. So permits are a guard, whose drop gives them back.
//!
//! ```text
//!                        borrows the semaphore       keeps it alive
//!   waits                acquire, acquire_many       acquire_owned, acquire_many_owned
//!   does not wait        try_acquire, …_many         try_acquire_owned, …_many_owned
//!   the guard            SemaphorePermit             OwnedSemaphorePermit
//! ```
//!
//! The rules are those of `semaphore`. Called by programs. Next: `rwlock`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use reactor::record::Thing;

use super::error::{AcquireError, TryAcquireError};
use super::{Semaphore, Take};

impl Semaphore {
    /// Waits for a permit. It is given back when the returned guard is dropped.
    ///
    /// Waiters are served in the order of their first polls.
    ///
    /// Cancel-safe: a future that is dropped before it is ready stops waiting, and a permit that it had just been
    /// given goes to the next waiter. A future that has waited [must be polled or dropped](crate::sync): it may have
    /// the permit already.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, also while this waits.
    ///
    /// ```
    /// use executor::{sync::Semaphore, task};
    ///
    /// task::block_on(async {
    ///     let requests = Semaphore::new(10);
    ///     let permit = requests.acquire().await.expect("nobody closes it");
    ///     // At most ten tasks are here at a time.
    ///     drop(permit);
    /// });
    /// ```
    pub fn acquire(&self) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> + Unpin {
        self.acquire_many(1)
    }

    /// Waits for this many permits, which are given together. The task is not overtaken by tasks that want fewer.
    ///
    /// Cancel-safe as [`acquire`](Self::acquire). If the semaphore never has that number of permits, this waits for ever,
    /// and so does all that comes after it.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, also while this waits.
    ///
    /// ```
    /// let tickets = executor::sync::Semaphore::new(10);
    /// let three = executor::task::block_on(tickets.acquire_many(3)).unwrap();
    /// assert_eq!(tickets.available_permits(), 7);
    /// drop(three);
    /// assert_eq!(tickets.available_permits(), 10);
    /// ```
    pub fn acquire_many(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> + Unpin {
        AcquireMany(self.take(permits, Thing::Semaphore))
    }

    /// Does what [`acquire`](Self::acquire) does, with a guard that keeps the semaphore alive, and can move to
    /// another task. Cancel-safe as [`acquire`](Self::acquire).
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, also while this waits.
    ///
    /// ```
    /// use executor::{sync::Semaphore, task};
    /// use std::sync::Arc;
    ///
    /// task::block_on(async {
    ///     let downloads = Arc::new(Semaphore::new(4));
    ///     let permit = Arc::clone(&downloads).acquire_owned().await.unwrap();
    ///     task::spawn(async move { drop(permit) }).await;
    ///     assert_eq!(downloads.available_permits(), 4);
    /// });
    /// ```
    pub async fn acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.acquire_many_owned(1).await
    }

    /// Does what [`acquire_many`](Self::acquire_many) does, with a guard that keeps the semaphore alive, and can move
    /// to another task. Cancel-safe as [`acquire`](Self::acquire).
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed, also while this waits.
    ///
    /// ```
    /// use executor::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let megabytes = Arc::new(Semaphore::new(100));
    /// let sixty = executor::task::block_on(Arc::clone(&megabytes).acquire_many_owned(60)).unwrap();
    /// assert!(Arc::clone(&megabytes).try_acquire_many_owned(60).is_err());
    /// drop(sixty);
    /// assert!(megabytes.try_acquire_many_owned(60).is_ok());
    /// ```
    pub async fn acquire_many_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.take(permits, Thing::Semaphore).await?;
        Ok(OwnedSemaphorePermit { semaphore: self, permits: permits as usize })
    }

    /// Returns a permit if there is one and nobody waits. It never waits.
    ///
    /// # Errors
    /// [`TryAcquireError`]: there is no permit now, or others wait for some; or the semaphore is closed.
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Returns this many permits if they are there and nobody waits. It never waits.
    ///
    /// # Errors
    /// [`TryAcquireError`]: there are fewer permits now, or others wait for some; or the semaphore is closed.
    ///
    /// ```
    /// let tickets = executor::sync::Semaphore::new(10);
    /// let seven = tickets.try_acquire_many(7).unwrap();
    /// assert!(tickets.try_acquire_many(7).is_err());
    /// drop(seven);
    /// ```
    pub fn try_acquire_many(&self, permits: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_take(permits as usize)?;
        Ok(SemaphorePermit { semaphore: self, permits: permits as usize })
    }

    /// Does what [`try_acquire`](Self::try_acquire) does, with a guard that keeps the semaphore alive.
    ///
    /// # Errors
    /// As [`try_acquire`](Self::try_acquire).
    ///
    /// ```
    /// use executor::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let lane = Arc::new(Semaphore::new(1));
    /// let permit = Arc::clone(&lane).try_acquire_owned().unwrap();
    /// assert!(lane.try_acquire_owned().is_err());
    /// drop(permit);
    /// ```
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// Does what [`try_acquire_many`](Self::try_acquire_many) does, with a guard that keeps the semaphore alive.
    ///
    /// # Errors
    /// As [`try_acquire_many`](Self::try_acquire_many).
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_take(permits as usize)?;
        Ok(OwnedSemaphorePermit { semaphore: self, permits: permits as usize })
    }
}

/// The future of [`Semaphore::acquire_many`].
struct AcquireMany<'a>(Take<'a>);

impl<'a> Future for AcquireMany<'a> {
    type Output = Result<SemaphorePermit<'a>, AcquireError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let taken = ready!(Pin::new(&mut self.0).poll(cx));
        let Take { semaphore, permits, .. } = self.0;
        Poll::Ready(taken.map(|()| SemaphorePermit { semaphore, permits }))
    }
}

/// Permits of a [`Semaphore`]. Dropping it gives them back.
///
/// ```
/// use executor::sync::{Semaphore, SemaphorePermit};
///
/// let tickets = Semaphore::new(2);
/// let permit: SemaphorePermit<'_> = tickets.try_acquire().unwrap();
/// permit.forget();
/// assert_eq!(tickets.available_permits(), 1);
/// ```
#[must_use = "permits that are dropped at once permit nothing"]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
}

impl SemaphorePermit<'_> {
    /// Drops the permits and does not give them back: from now on the semaphore has fewer.
    pub fn forget(mut self) {
        self.permits = 0;
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        if self.permits > 0 {
            self.semaphore.release(self.permits);
        }
    }
}

/// Permits of a [`Semaphore`] that they keep alive. Dropping it gives them back.
///
/// ```
/// use executor::sync::{OwnedSemaphorePermit, Semaphore};
/// use std::sync::Arc;
///
/// let permit: OwnedSemaphorePermit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
/// std::thread::spawn(move || drop(permit)).join().unwrap();
/// ```
#[must_use = "permits that are dropped at once permit nothing"]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    semaphore: Arc<Semaphore>,
    permits: usize,
}

impl OwnedSemaphorePermit {
    /// Drops the permits and does not give them back: from now on the semaphore has fewer.
    pub fn forget(mut self) {
        self.permits = 0;
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        if self.permits > 0 {
            self.semaphore.release(self.permits);
        }
    }
}
