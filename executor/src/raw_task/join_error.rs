//! Why a task has no output: it was cancelled, or it panicked.
//!
//! Without this file a caller of `try_join` would get what a thread's `join` returns, a `Box<dyn Any>`. It could not
//! tell a task that was cancelled from one that panicked, and would have to look for the panic's message itself.
//!
//! Used by `join_handle`, `abort` and `join_set`; `ended` by `run`. Next, back on the core path: `parker`.

use std::any::Any;
use std::fmt;

use reactor::record::Outcome as Ended;

use super::cell::{Failure, Outcome};

/// Why a task has no output. Returned by [`JoinHandle::try_join`](crate::task::JoinHandle::try_join).
///
/// It is `Send` and not `Sync`, because a panic's payload need not be. Where an error must be both, take its text.
///
/// ```
/// use executor::task;
///
/// let task = task::spawn(async { panic!("out of tea") });
/// let error = task::block_on(task.try_join()).unwrap_err();
/// assert_eq!(error.to_string(), "the task panicked: out of tea");
/// ```
pub enum JoinError {
    /// It was cancelled before it had finished, or could not be started because the system has no more
    /// threads.
    Cancelled,
    /// It panicked, with this payload.
    Panicked(Box<dyn Any + Send>),
}

impl JoinError {
    /// Returns whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panicked(_))
    }

    /// Returns whether the task was cancelled, or could not be started.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Returns the panic's payload, for [`resume_unwind`](std::panic::resume_unwind).
    ///
    /// # Panics
    ///
    /// If the task did not panic: ask [`is_panic`](Self::is_panic) first.
    ///
    /// ```
    /// use executor::task;
    ///
    /// let error = task::block_on(task::spawn(async { panic!("out of tea") }).try_join()).unwrap_err();
    /// assert!(error.is_panic() && !error.is_cancelled());
    /// assert_eq!(error.into_panic().downcast_ref(), Some(&"out of tea"));
    /// ```
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        match self {
            Self::Panicked(payload) => payload,
            Self::Cancelled => panic!("JoinError::into_panic: the task was cancelled, and has not panicked"),
        }
    }

    /// The panic's message, if it has one.
    fn message(&self) -> Option<&str> {
        match self {
            Self::Cancelled => None,
            Self::Panicked(payload) => payload
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| payload.downcast_ref::<String>().map(String::as_str)),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("Cancelled"),
            Self::Panicked(_) => f.debug_tuple("Panicked").field(&self.message()).finish(),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.message()) {
            (Self::Cancelled, _) => f.write_str("the task was cancelled, or could not be started"),
            (Self::Panicked(_), Some(message)) => write!(f, "the task panicked: {message}"),
            (Self::Panicked(_), None) => f.write_str("the task panicked"),
        }
    }
}

impl std::error::Error for JoinError {}

impl From<Failure> for JoinError {
    fn from(failure: Failure) -> Self {
        failure.into_panic().map_or(Self::Cancelled, Self::Panicked)
    }
}

/// What a recording calls an outcome.
pub(super) fn ended<T>(outcome: &Outcome<T>) -> Ended {
    match outcome {
        Ok(_) => Ended::Ready,
        Err(failure) if failure.is_cancelled() => Ended::Cancelled,
        Err(_) => Ended::Panicked,
    }
}
