//! Room for one value, kept until it is used.
//!
//! A `send` that is cancelled drops its value, which may be the only copy. And a value that was made before there is
//! room may be out of date when it is sent. So room can be had first, and the value be made then.
//!
//! ```text
//!   reserve ──▶ Permit ──send──▶ queued, at once, and also after `close`
//!                  └────drop────▶ the room goes to the next sender that waits
//! ```
//!
//! A permit has taken its place before senders that came later, and keeps room from them for as long as it lives.
//! It borrows its sender, so there is a sender while there is a permit.
//!
//! Called by `sender`. Next: `receiver`.

use std::fmt;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note};
use reactor::shim;

use super::room::{Closed, Room};
use super::state::{Shared, State, wake_some};
use crate::sync::send_error::SendError;

/// Room for one value. Dropping it gives the room to the next sender that waits.
///
/// It is returned by [`Sender::reserve`](super::Sender::reserve).
///
/// ```
/// use executor::sync::mpsc;
///
/// let (sender, mut receiver) = mpsc::channel(1);
/// executor::task::block_on(async {
///     let permit = sender.reserve().await.unwrap();
///     receiver.close();
///     permit.send("what was reserved can be sent");
///     assert_eq!(receiver.recv().await, Some("what was reserved can be sent"));
///     assert_eq!(receiver.recv().await, None);
/// });
/// ```
#[must_use = "a permit keeps room from others until it is used or dropped"]
pub struct Permit<'a, T> {
    shared: &'a Shared<T>,
}

impl<'a, T> Permit<'a, T> {
    /// Makes a permit of room that is promised.
    pub(super) fn new(shared: &'a Shared<T>, state: &mut State<T>) -> Self {
        state.permits += 1;
        Self { shared }
    }

    /// Sends a value. It never waits, and it succeeds also after the receiver has closed the channel. If the receiver
    /// is gone, the value is dropped.
    pub fn send(self, value: T) {
        let shared = ManuallyDrop::new(self).shared;
        let mut state = shim::lock(&shared.state);
        let sent = state.use_permit(value);
        if sent.is_ok() {
            note(Kind::Sent, Thing::Receive as u8, shared.id());
        }
        drop(state);
        match sent {
            Ok(receiver) => wake_some(receiver),
            Err(value) => drop(value),
        }
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        let woken = shim::lock(&self.shared.state).drop_permit();
        wake_some(woken);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// The future of [`Sender::reserve`](super::Sender::reserve).
pub(super) struct Reserving<'a, T>(pub(super) Room<'a, T>);

impl<'a, T> Future for Reserving<'a, T> {
    type Output = Result<Permit<'a, T>, SendError<()>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let shared = self.0.shared;
        let reserved = ready!(self.0.poll(cx, |state| (Permit::new(shared, state), None)));
        Poll::Ready(reserved.map_err(|Closed| SendError(())))
    }
}
