//! Why there is no permit.
//!
//! A caller that does not wait has to know whether to try again: yes while others have the permits, no after a close. A
//! caller that waits can only meet the close. So there are two types, and an `acquire` has no case that cannot happen.
//!
//! Used by `semaphore`. Next: `permit`.

use std::fmt;

/// The semaphore is closed.
///
/// ```
/// use executor::sync::{AcquireError, Semaphore};
///
/// let closed = Semaphore::new(1);
/// closed.close();
/// assert_eq!(executor::task::block_on(closed.acquire()).unwrap_err(), AcquireError);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcquireError;

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore is closed")
    }
}

impl std::error::Error for AcquireError {}

/// Why [`Semaphore::try_acquire`](super::Semaphore::try_acquire) returned no permit.
///
/// ```
/// use executor::sync::{Semaphore, TryAcquireError};
///
/// let semaphore = Semaphore::new(0);
/// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
/// semaphore.close();
/// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// There are not enough permits now, or others wait for some.
    NoPermits,
    /// The semaphore is closed.
    Closed,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPermits => f.write_str("there are not enough permits"),
            Self::Closed => AcquireError.fmt(f),
        }
    }
}

impl std::error::Error for TryAcquireError {}
