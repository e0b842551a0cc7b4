//! The errors of a send: they give the value back to the sender.
//!
//! A derived `Debug` would require that the value be `Debug` too, and then `unwrap` would not compile for every
//! value. So `Debug` is written by hand, and does not show the value. Used by `mpsc`, `broadcast` and `watch`.

use std::fmt;

/// The value that could not be sent: there is no receiver, or it has closed the channel.
///
/// ```
/// use executor::sync::mpsc::{self, SendError};
///
/// let (sender, receiver) = mpsc::channel(1);
/// drop(receiver);
/// let SendError(value) = executor::task::block_on(sender.send("come back")).unwrap_err();
/// assert_eq!(value, "come back");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// Why a value could not be sent at once, with the value.
///
/// ```
/// use executor::sync::mpsc;
///
/// let (sender, _receiver) = mpsc::channel(1);
/// sender.try_send(1).unwrap();
/// let error = sender.try_send(2).unwrap_err();
/// assert_eq!((error.to_string(), error.into_inner()), ("the channel is full".to_owned(), 2));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// There is no free room now: the channel is full, or what is left is promised to senders that wait.
    Full(T),
    /// The receiver is gone, or has closed the channel: nothing can be sent any more.
    Closed(T),
}

impl<T> TrySendError<T> {
    /// Returns the value that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(value) | Self::Closed(value) => value,
        }
    }
}

impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(SendError(value): SendError<T>) -> Self {
        Self::Closed(value)
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no receiver, or the channel is closed")
    }
}

impl<T> std::error::Error for SendError<T> {}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the channel is full",
            Self::Closed(_) => "the channel is closed",
        })
    }
}

impl<T> std::error::Error for TrySendError<T> {}
