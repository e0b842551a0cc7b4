//! A value that is made once, by a future.
//!
//! std's `OnceLock` blocks the threads of all others while one of them makes the value, and its closure cannot wait.
//! Here the others wait for an asynchronous lock. If the future that makes the value fails, panics or is dropped, the
//! next one tries.
//!
//! ```text
//!   get_or_init ──set──▶ the value                        no lock
//!        └──empty──▶ lock ──still empty──▶ make it ──▶ set it, unlock
//! ```
//!
//! I1  The cell is set only under the lock. So at most one future makes a value at a time, and a value that was made
//!     is never thrown away.
//!
//! This is the last of the locks. Next: `send_error`.

use std::convert::Infallible;
use std::fmt;
use std::sync::OnceLock;

use reactor::budget;

use crate::sync::mutex::Mutex;

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
    making: Mutex<()>,
}

impl<T> OnceCell<T> {
    /// Returns an empty cell.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self { value: OnceLock::new(), making: Mutex::new(()) }
    }

    /// The same for loom, whose atomics cannot be made in a const.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self { value: OnceLock::new(), making: Mutex::new(()) }
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
        match self.making.try_lock() {
            Some(_guard) => self.value.set(value), // I1
            None => Err(value),
        }
    }

    /// Returns the value. If the cell is empty, it is set to what `make` returns. If another task makes the value at
    /// this moment, this waits for it.
    ///
    /// `make` must not wait for this cell: it would wait for itself.
    ///
    /// Cancel-safe: if the future is dropped, the next task that waits makes the value.
    pub async fn get_or_init(&self, make: impl AsyncFnOnce() -> T) -> &T {
        match self.get_or_try_init(async || Ok::<T, Infallible>(make().await)).await {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// Does what [`get_or_init`](Self::get_or_init) does, with a future that may fail.
    ///
    /// # Errors
    /// The error of `make`. The cell stays empty, and the next call tries again.
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
        let _guard = self.making.lock().await;
        match self.get() {
            Some(value) => Ok(value),
            None => {
                let value = make().await?;
                Ok(self.value.get_or_init(|| value)) // I1
            }
        }
    }

    /// Consumes the cell and returns the value, if it is set.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
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
