//! The sending end of a watch: it changes the value, and waits for nobody.
//!
//! A sender of another channel waits for room, or makes a slow receiver lose values. Here there is always room for
//! one value, and what a receiver has not seen is replaced. Many may send, so a change may also be made in place: two
//! senders that each read the value, and then send another, would lose one of the changes.
//!
//! The rules are those of `watch`. Called by programs. Next: `receiver`.

use std::fmt;
use std::mem;
use std::sync::{Arc, PoisonError};

use reactor::record::{Kind, Thing, note};
use reactor::shim::{self, fault};
use reactor::wait_list::wake_all;

use super::receiver::{Receiver, Ref};
use super::state::{Shared, State};
use crate::sync::closed::WaitClosed;
use crate::sync::send_error::SendError;

/// The sending end. Clone it for more senders. When the last one is dropped, receivers that have seen the last value
/// get [`RecvError`](super::RecvError).
///
/// ```
/// use executor::sync::watch::{self, Sender};
///
/// let (sender, mut receiver): (Sender<u32>, _) = watch::channel(1);
/// let another = sender.clone();
/// drop(sender);
/// another.send(2).unwrap();
/// drop(another);
/// executor::task::block_on(async {
///     assert!(receiver.changed().await.is_ok(), "the last value is still to be seen");
///     assert!(receiver.changed().await.is_err());
/// });
/// ```
pub struct Sender<T> {
    pub(super) shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Replaces the value, and wakes the receivers that wait. It does not wait for them.
    ///
    /// It blocks the thread while any [`Ref`] exists, also one of a sender. A task that has a `Ref` itself must not
    /// send: it would wait for itself for ever. The old value is dropped by this call.
    ///
    /// # Errors
    /// [`SendError`] gives the value back if there is no receiver. Then the old one stays.
    ///
    /// ```
    /// use executor::sync::watch::{self, SendError};
    ///
    /// let (sender, receiver) = watch::channel(1);
    /// assert_eq!(sender.send(2), Ok(()));
    /// assert_eq!(*receiver.borrow(), 2);
    /// drop(receiver);
    /// assert_eq!(sender.send(3), Err(SendError(3)));
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        drop(self.send_replace(value));
        Ok(())
    }

    /// Replaces the value, whether or not there is a receiver. Returns the old one.
    ///
    /// ```
    /// let (sender, receiver) = executor::sync::watch::channel(1);
    /// drop(receiver);
    /// assert_eq!(sender.send_replace(2), 1);
    /// assert_eq!(*sender.subscribe().borrow(), 2);
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|old| mem::swap(old, &mut value));
        value
    }

    /// Changes the value in place, and wakes the receivers that wait.
    ///
    /// `change` runs while the value is locked: a thread that wants to borrow it is blocked. So it should be short,
    /// and must not use this channel.
    ///
    /// # Panics
    /// If `change` does. Then no receiver is woken, and the value stays as `change` has left it.
    ///
    /// ```
    /// let (sender, receiver) = executor::sync::watch::channel(vec![1]);
    /// sender.send_modify(|list| list.push(2));
    /// assert_eq!(*receiver.borrow(), [1, 2]);
    /// ```
    pub fn send_modify(&self, change: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            change(value);
            true
        });
    }

    /// Does what [`send_modify`](Self::send_modify) does, but wakes the receivers only if `change` returns true.
    /// Returns what it has returned.
    ///
    /// # Panics
    /// As [`send_modify`](Self::send_modify).
    ///
    /// ```
    /// let (sender, receiver) = executor::sync::watch::channel(1);
    /// let set = |new| sender.send_if_modified(|value| std::mem::replace(value, new) != new);
    /// assert!(!set(1) && set(2));
    /// ```
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        let mut woken = Vec::new();
        let mut value = self.shared.value.write().unwrap_or_else(PoisonError::into_inner);
        if !change(&mut value) {
            return false;
        }
        let mut state = shim::lock(&self.shared.state); // [value-first]
        state.version += 1; // [version-with-value]
        state.changes.drain(&mut woken); // [compare-and-join]
        note(Kind::Sent, Thing::Watch as u8, self.shared.id());
        drop(state);
        drop(value);
        wake_all(&mut woken);
        true
    }

    /// Returns the value, locked for reading until the returned guard is dropped.
    ///
    /// ```
    /// let (sender, _receiver) = executor::sync::watch::channel(1);
    /// assert_eq!(*sender.borrow(), 1);
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        self.shared.borrow()
    }

    /// Returns a new receiver, which counts the present value as seen.
    pub fn subscribe(&self) -> Receiver<T> {
        let mut state = shim::lock(&self.shared.state);
        state.receivers += 1;
        Receiver { shared: Arc::clone(&self.shared), seen: state.version }
    }

    /// Returns the number of receivers.
    pub fn receiver_count(&self) -> usize {
        shim::lock(&self.shared.state).receivers
    }

    /// Returns whether there is no receiver.
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver.
    ///
    /// Cancel-safe: a future that is dropped stops waiting.
    ///
    /// ```
    /// let (sender, receiver) = executor::sync::watch::channel(());
    /// assert_eq!((sender.receiver_count(), sender.is_closed()), (1, false));
    /// drop(receiver);
    /// executor::task::block_on(sender.closed());
    /// ```
    pub async fn closed(&self) {
        WaitClosed::new(&self.shared.state, Thing::Watch, self.shared.id(), State::closing).await;
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
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared.state);
        state.senders -= 1;
        if state.senders == 0 {
            note(Kind::Closed, Thing::Watch as u8, self.shared.id());
        }
        if state.senders == 0 && !fault("watch_closes_silently") {
            state.changes.drain(&mut woken); // [compare-and-join]
        }
        drop(state);
        wake_all(&mut woken);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
