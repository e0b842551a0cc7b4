//! A channel without a bound: its sender never waits.
//!
//! Where a destructor or a callback sends, nothing can wait for room. And where two tasks send to each other, both
//! could wait for room at the same time. Without a bound neither happens, but then nothing slows down a sender that
//! is too fast. So it is another type than [`Sender`]: a reader sees which of the two a program relies on.
//!
//! ```text
//!   UnboundedSender ──send, at once──▶ the queue, as long as there is memory ──▶ Receiver, as of any channel
//! ```
//!
//! Underneath it is the same channel, with a capacity that no queue reaches. The receiver is the same type: it has
//! no part in the difference. Called by programs. Next: `broadcast`.

use std::fmt;

use super::receiver::Receiver;
use super::sender::Sender;
use crate::sync::send_error::SendError;

/// Makes a channel that holds any number of values.
///
/// Its memory grows with what is queued. If values may come faster than they are received, prefer a
/// [`channel`](super::channel) with a bound.
///
/// ```
/// use executor::sync::mpsc::{self, UnboundedSender};
///
/// /// Reports its end, which a destructor can do only if it need not wait.
/// struct Reports(UnboundedSender<&'static str>);
///
/// impl Drop for Reports {
///     fn drop(&mut self) {
///         let _ = self.0.send("it is gone");
///     }
/// }
///
/// let (sender, mut receiver) = mpsc::unbounded_channel();
/// drop(Reports(sender));
/// assert_eq!(executor::task::block_on(receiver.recv()), Some("it is gone"));
/// ```
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, Receiver<T>) {
    let (sender, receiver) = super::channel(usize::MAX);
    (UnboundedSender(sender), receiver)
}

/// The sending end of a channel without a bound. Clone it for more senders. When the last one is dropped the
/// receiver gets what is queued, and then `None`.
///
/// ```
/// use executor::sync::mpsc::{self, SendError};
///
/// let (sender, mut receiver) = mpsc::unbounded_channel();
/// let other = sender.clone();
/// assert!(sender.same_channel(&other));
/// for number in 0..1000 {
///     other.send(number).unwrap();
/// }
/// assert_eq!((receiver.len(), receiver.try_recv()), (1000, Ok(0)));
/// receiver.close();
/// executor::task::block_on(sender.closed());
/// assert!(sender.is_closed());
/// assert_eq!(sender.send(1000), Err(SendError(1000)));
/// ```
pub struct UnboundedSender<T>(Sender<T>);

impl<T> UnboundedSender<T> {
    /// Sends a value. It never waits.
    ///
    /// # Errors
    /// [`SendError`] gives the value back if the receiver is gone or has closed the channel.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.0.try_send(value).map_err(|refused| SendError(refused.into_inner()))
    }

    /// Waits until the receiver is gone or has closed the channel, as [`Sender::closed`].
    pub fn closed(&self) -> impl Future<Output = ()> + Unpin {
        self.0.closed()
    }

    /// Returns whether nothing can be sent any more, as [`Sender::is_closed`].
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Returns whether both send to the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender").finish_non_exhaustive()
    }
}
