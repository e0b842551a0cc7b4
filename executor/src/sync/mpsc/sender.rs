//! The sending end: values, permits, and the wait for the receiver's end.
//!
//! A sender may be cloned. All clones wait in one list, in the order of their first polls. What a `send` does with its
//! value until there is room is the question here: the value stays in the future, which gives it back if the channel
//! is closed, and drops it if it is dropped itself.
//!
//! ```text
//!   send ─────────▶ room ──▶ queued                      try_send ──▶ queued, or given back
//!   reserve ──────▶ room ──▶ Permit ──send──▶ queued     try_reserve ──▶ Permit
//! ```
//!
//! Called by programs. Next: `permit`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note};
use reactor::shim::{self, fault};

use super::permit::{Permit, Reserving};
use super::room::{Closed, Room};
use super::state::{Shared, State, wake_some};
use crate::sync::closed::WaitClosed;
use crate::sync::send_error::{SendError, TrySendError};

/// The sending end. Clone it for more senders. When the last one is dropped the receiver gets what is queued,
/// and then `None`.
///
/// ```
/// use executor::sync::mpsc::{self, TrySendError};
///
/// let (sender, receiver) = mpsc::channel(1);
/// assert_eq!(sender.try_send(1), Ok(()));
/// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
/// drop(receiver);
/// assert!(sender.is_closed());
/// assert_eq!(sender.try_send(3), Err(TrySendError::Closed(3)));
/// ```
pub struct Sender<T> {
    pub(super) shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Sends a value, and waits for room if the channel is full. Senders that wait are served in the order of their
    /// first polls.
    ///
    /// Cancel-safe: a future that is dropped before it is ready has sent nothing, and drops the value. To keep the
    /// value when giving up, [`reserve`](Self::reserve) room first. A future that has waited
    /// [must be polled or dropped](crate::sync): room may be kept free for it.
    ///
    /// A thread that is not in a poll sends by [`block_on`](crate::task::block_on).
    ///
    /// # Errors
    /// [`SendError`] gives the value back if the receiver is gone or has closed the channel, also while this waits.
    ///
    /// ```
    /// use executor::{sync::mpsc, task};
    ///
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// let thread = std::thread::spawn(move || {
    ///     for number in 0..10 {
    ///         task::block_on(sender.send(number)).unwrap();
    ///     }
    /// });
    /// assert_eq!(task::block_on(receiver.recv()), Some(0));
    /// drop(receiver);
    /// assert!(thread.join().is_err(), "it could not send the rest");
    /// ```
    #[doc(alias = "blocking_send")]
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> + Unpin {
        Sending { room: Room::new(&self.shared), value: Some(value) }
    }

    /// Sends a value if there is free room now. It never waits.
    ///
    /// # Errors
    /// [`TrySendError`] gives the value back if the channel is full or closed, or the receiver is gone.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = shim::lock(&self.shared.state);
        if state.is_closed() {
            return Err(TrySendError::Closed(value));
        }
        if !state.has_room(self.shared.capacity) {
            return Err(TrySendError::Full(value));
        }
        let receiver = state.push(value);
        note(Kind::Sent, Thing::Receive as u8, self.shared.id());
        drop(state);
        wake_some(receiver);
        Ok(())
    }

    /// Waits for room, and keeps it for one value. So a value need not be made before there is room for it, and is not
    /// lost if the wait is cancelled. This waits in one list with [`send`](Self::send), and both are served in the
    /// order of their first polls.
    ///
    /// Cancel-safe: a future that is dropped before it is ready has reserved nothing. A future that has waited
    /// [must be polled or dropped](crate::sync): room may be kept free for it.
    ///
    /// # Errors
    /// [`SendError`] if the receiver is gone or has closed the channel.
    ///
    /// ```
    /// use executor::sync::mpsc;
    ///
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// executor::task::block_on(async {
    ///     let permit = sender.reserve().await.unwrap();
    ///     assert!(sender.try_send("in between").is_err(), "the room is taken");
    ///     permit.send("reserved");
    ///     assert_eq!(receiver.recv().await, Some("reserved"));
    /// });
    /// ```
    pub fn reserve(&self) -> impl Future<Output = Result<Permit<'_, T>, SendError<()>>> + Unpin {
        Reserving(Room::new(&self.shared))
    }

    /// Keeps room for one value if there is free room now. It never waits.
    ///
    /// # Errors
    /// [`TrySendError`] if the channel is full or closed, or the receiver is gone.
    ///
    /// ```
    /// use executor::sync::mpsc::{self, TrySendError};
    ///
    /// let (sender, _receiver) = mpsc::channel::<u32>(1);
    /// let permit = sender.try_reserve().expect("there is room");
    /// assert!(matches!(sender.try_reserve(), Err(TrySendError::Full(()))));
    /// drop(permit);
    /// assert_eq!(sender.capacity(), 1);
    /// ```
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        let mut state = shim::lock(&self.shared.state);
        if state.is_closed() {
            return Err(TrySendError::Closed(()));
        }
        if !state.has_room(self.shared.capacity) {
            return Err(TrySendError::Full(()));
        }
        state.promised += 1;
        Ok(Permit::new(&self.shared, &mut state))
    }

    /// Waits until the receiver is gone or has closed the channel; only what was reserved before can be sent then. A task
    /// that makes values can stop, without having to send one.
    ///
    /// Cancel-safe: a future that is dropped stops waiting.
    ///
    /// ```
    /// use executor::{sync::mpsc, task};
    ///
    /// let (sender, mut receiver) = mpsc::channel::<u32>(1);
    /// let watching = task::spawn(async move { sender.closed().await });
    /// receiver.close();
    /// task::block_on(watching);
    /// ```
    pub fn closed(&self) -> impl Future<Output = ()> + Unpin {
        WaitClosed::new(&self.shared.state, Thing::ChannelEnd, self.shared.id(), State::closing)
    }

    /// Returns whether the receiver is gone, or has closed the channel. Then nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        shim::lock(&self.shared.state).is_closed()
    }

    /// Returns how many more values could be sent now without waiting.
    ///
    /// ```
    /// use executor::sync::mpsc;
    ///
    /// let (sender, _receiver) = mpsc::channel(8);
    /// sender.try_send('a').unwrap();
    /// let _permit = sender.try_reserve().unwrap();
    /// assert_eq!((sender.capacity(), sender.max_capacity()), (6, 8));
    /// ```
    pub fn capacity(&self) -> usize {
        let state = shim::lock(&self.shared.state);
        self.shared.capacity - state.queue.len() - state.promised
    }

    /// Returns the capacity with which the channel was made.
    pub fn max_capacity(&self) -> usize {
        self.shared.capacity
    }

    /// Returns whether both send to the same channel.
    ///
    /// ```
    /// use executor::sync::mpsc;
    ///
    /// let (one, _receiver) = mpsc::channel::<u32>(1);
    /// let (other, _receiver) = mpsc::channel(1);
    /// assert!(one.same_channel(&one.clone()) && !one.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        shim::lock(&self.shared.state).senders += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = shim::lock(&self.shared.state);
        state.senders -= 1;
        let receiver = match state.senders {
            0 if !fault("last_sender_is_silent") => state.receiver.take(), // [end-wakes-all]
            _ => None,
        };
        if state.senders == 0 {
            note(Kind::Closed, Thing::Receive as u8, self.shared.id());
        }
        drop(state);
        wake_some(receiver);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// The future of [`Sender::send`].
struct Sending<'a, T> {
    room: Room<'a, T>,
    /// The value, until it is pushed or given back.
    value: Option<T>,
}

// The value is never pinned: it only moves from here to the queue.
impl<T> Unpin for Sending<'_, T> {}

impl<T> Future for Sending<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let Self { room, value } = &mut *self;
        if value.is_none() {
            budget::spend();
            return Poll::Ready(Ok(())); // Polled after it was ready: there is nothing to send.
        }
        let id = room.shared.id();
        let sent = ready!(room.poll(cx, |state| {
            state.promised -= 1;
            note(Kind::Sent, Thing::Receive as u8, id);
            ((), value.take().and_then(|value| state.push(value)))
        }));
        Poll::Ready(match sent {
            Ok(()) => Ok(()),
            Err(Closed) => value.take().map_or(Ok(()), |value| Err(SendError(value))),
        })
    }
}
