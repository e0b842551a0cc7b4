//! A value that is made once, by a future.
//!
//! std's `OnceLock` blocks the threads of all others while one of them makes the value, and its closure cannot wait.
//! Here the others wait for the permit of a semaphore. If the future that makes the value fails, panics or is dropped,
//! the next one gets the permit, and tries. A lock would do that too. But it would be handed from one to the next when
//! the value is there, and one that is not polled would hold up all behind it. A semaphore can be closed for all.
//!
//! ```text
//!   get_or_init ──set──▶ the value
//!        └──empty──▶ acquire ──permit──▶ make the value, set it, close the semaphore
//!                       └────closed────▶ the value
//! ```
//!
//! - I1  The cell is set only with the permit. So at most one future makes a value at a time, and a value that was made
//!   is never thrown away.
//! - I2  The semaphore is closed after the cell was set, and only then.
//!
//! Next: `send_error`.

use std::convert::Infallible;
use std::fmt;
use std::sync::OnceLock;

use reactor::budget;
use reactor::record::{Kind, Thing, note};

use crate::sync::semaphore::{AcquireError, Semaphore};

/// A cell that is set once, by a future.
///
/// ```
/// use executor::sync::OnceCell;
///
/// static SETTINGS: OnceCell<String> = OnceCell::new();
///
/// executor::task::block_on(async {
///     let first = SETTINGS.get_or_init(async || "read from a file".to_owned()).await;
///     let again = SETTINGS.get_or_init(async || unreachable!("it is set")).await;
///     assert_eq!(first, again);
/// });
/// ```
pub struct OnceCell<T> {
    value: OnceLock<T>,
    /// One permit, for the future that makes the value (I1).
    making: Semaphore,
}

impl<T> OnceCell<T> {
    /// Returns an empty cell.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self { value: OnceLock::new(), making: Semaphore::new(1) }
    }

    /// The same for loom, whose atomics cannot be made in a const.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self { value: OnceLock::new(), making: Semaphore::new(1) }
    }

    /// Returns the value, if it is set.
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Sets the value. It never waits.
    ///
    /// # Errors
    /// Returns the value if the cell is set, or another task makes its value at this moment.
    ///
    /// ```
    /// let cell = executor::sync::OnceCell::new();
    /// assert_eq!((cell.set(1), cell.set(2), cell.get()), (Ok(()), Err(2), Some(&1)));
    /// ```
    pub fn set(&self, value: T) -> Result<(), T> {
        match self.making.try_acquire() {
            Ok(permit) => {
                permit.forget();
                Making::new(self).set(value);
                Ok(())
            }
            Err(_) => Err(value),
        }
    }

    /// Returns the value. If the cell is empty, it is set to what `make` returns. If another task makes the value at
    /// this moment, this waits for it.
    ///
    /// `make` must not wait for this cell: it would wait for itself.
    ///
    /// Cancel-safe: if the future is dropped, the next task that waits makes the value.
    ///
    /// # Panics
    /// If `make` does. The cell stays empty, and the next caller makes the value.
    pub async fn get_or_init(&self, make: impl AsyncFnOnce() -> T) -> &T {
        match self.get_or_try_init(async || Ok::<T, Infallible>(make().await)).await {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// Does what [`get_or_init`](Self::get_or_init) does, with a future that may fail. Cancel-safe as that.
    ///
    /// # Errors
    /// The error of `make`. The cell stays empty, and the next call tries again.
    ///
    /// # Panics
    /// As [`get_or_init`](Self::get_or_init).
    ///
    /// ```
    /// let cell = executor::sync::OnceCell::<u32>::new();
    /// executor::task::block_on(async {
    ///     assert!(cell.get_or_try_init(async || "x".parse()).await.is_err());
    ///     assert_eq!(cell.get_or_try_init(async || "5".parse()).await, Ok(&5));
    /// });
    /// assert_eq!(cell.into_inner(), Some(5));
    /// ```
    pub async fn get_or_try_init<E>(&self, make: impl AsyncFnOnce() -> Result<T, E>) -> Result<&T, E> {
        if let Some(value) = self.get() {
            budget::take_one().await;
            return Ok(value);
        }
        match self.making.take(1, Thing::Lock).await {
            Ok(()) => {
                let making = Making::new(self);
                let value = make().await?;
                Ok(making.set(value))
            }
            Err(AcquireError) => Ok(self.get().expect("I2: it was set before the close")),
        }
    }

    /// Consumes the cell and returns the value, if it is set.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}

/// The permit. A recording shows it as a lock, so that a dump finds a `make` that waits for its own cell.
struct Making<'a, T>(&'a OnceCell<T>);

impl<'a, T> Making<'a, T> {
    /// Takes over a permit that the caller has.
    fn new(cell: &'a OnceCell<T>) -> Self {
        note(Kind::LockTaken, 0, cell.making.id());
        Self(cell)
    }

    /// Sets the value, and lets all that wait for it go on.
    fn set(self, value: T) -> &'a T {
        let value = self.0.value.get_or_init(|| value); // I1
        self.0.making.close(); // I2
        value
    }
}

impl<T> Drop for Making<'_, T> {
    fn drop(&mut self) {
        note(Kind::LockFreed, 0, self.0.making.id());
        self.0.making.release(1);
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Some(value) => f.debug_tuple("OnceCell").field(value).finish(),
            None => f.write_str("OnceCell(<empty>)"),
        }
    }
}
