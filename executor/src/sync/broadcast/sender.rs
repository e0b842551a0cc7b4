//! The sending end of a broadcast: it never waits for a receiver.
//!
//! If a full channel made its sender wait, the slowest receiver would set the pace of all others. So a send drops the
//! oldest values instead, and returns at once. The values that it has pushed out are dropped after the receivers were
//! woken, since their drop is arbitrary code.
//!
//! Called by programs. Next: `closed`.

use std::fmt;
use std::sync::Arc;

use reactor::record::{Kind, Thing, note};
use reactor::shim::{self, fault};
use reactor::wait_list::wake_all;

use super::receiver::Receiver;
use super::ring::{State, id};
use crate::sync::closed::WaitClosed;
use crate::sync::send_error::SendError;

/// The sending end. Clone it for more senders. When the last one is dropped the receivers get what is kept for
/// them, and then [`RecvError::Closed`](super::RecvError::Closed).
///
/// ```
/// use executor::sync::broadcast::{self, SendError};
///
/// let (sender, receiver) = broadcast::channel(8);
/// let second = sender.subscribe();
/// assert_eq!((sender.send('a'), sender.receiver_count(), sender.len()), (Ok(2), 2, 1));
/// drop((receiver, second));
/// assert!(sender.is_empty(), "no receiver is left to read it");
/// assert_eq!(sender.send('b'), Err(SendError('b')));
/// ```
pub struct Sender<T> {
    pub(super) shared: Arc<shim::Mutex<State<T>>>,
}

impl<T: Clone> Sender<T> {
    /// Sends a value to all present receivers, and returns their number. It never waits.
    ///
    /// If the channel is full the oldest kept value is dropped, and receivers that had not read it get
    /// [`RecvError::Lagged`](super::RecvError::Lagged).
    ///
    /// # Panics
    /// If the drop of that oldest value panics: it is dropped by this call. The new value was sent.
    ///
    /// # Errors
    /// [`SendError`] gives the value back if there is no receiver now. A later [`subscribe`](Self::subscribe)
    /// makes one.
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.send_with_weight(value, 0)
    }

    /// As [`send`](Self::send), for a value with a weight; `send` gives its values the weight 0. If the kept
    /// values then weigh more than the maximum of [`channel_with_weight`](super::channel_with_weight), the oldest
    /// are dropped.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_with_weight(&self, value: T, weight: u64) -> Result<usize, SendError<T>> {
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared);
        let receivers = state.receivers;
        if receivers == 0 {
            return Err(SendError(value));
        }
        let heavy = state.evict_weight(u64::MAX - weight, 0); // [weight-is-difference]
        let evicted = state.push(value, weight);
        let max_weight = state.max_weight;
        let heavier = state.evict_weight(max_weight, 1);
        state.waiters.drain(&mut woken); // [all-wakers-taken]
        note(Kind::Sent, Thing::Broadcast as u8, id(&self.shared));
        drop(state);
        wake_all(&mut woken);
        drop((evicted, heavy, heavier));
        Ok(receivers)
    }

    /// Returns a new receiver, which gets what is sent from now on.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::subscribed(&self.shared)
    }
}

impl<T> Sender<T> {
    /// Waits until there is no receiver. A receiver that is made meanwhile, by [`subscribe`](Self::subscribe), is
    /// waited for too.
    ///
    /// Cancel-safe: a future that is dropped stops waiting.
    ///
    /// ```
    /// use executor::{sync::broadcast, task};
    ///
    /// let (sender, receiver) = broadcast::channel::<u32>(8);
    /// let watching = task::spawn(async move { sender.closed().await });
    /// drop(receiver);
    /// task::block_on(watching);
    /// ```
    pub fn closed(&self) -> impl Future<Output = ()> + Unpin {
        WaitClosed::new(&self.shared, Thing::BroadcastEnd, id(&self.shared), State::closing)
    }

    /// Returns the number of receivers.
    pub fn receiver_count(&self) -> usize {
        shim::lock(&self.shared).receivers
    }

    /// Returns how many values are kept for receivers that have not read them yet.
    pub fn len(&self) -> usize {
        shim::lock(&self.shared).slots.len()
    }

    /// Returns whether no value is kept: every receiver has read everything.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the weight of the values that are kept.
    pub fn weight(&self) -> u64 {
        let state = shim::lock(&self.shared);
        state.weight_from(state.head)
    }

    /// Drops the oldest kept values until the rest weighs at most `max_weight`, or only the newest is left.
    /// Receivers that had not read them get [`RecvError::Lagged`](super::RecvError::Lagged).
    ///
    /// ```
    /// use executor::sync::broadcast::{self, TryRecvError};
    ///
    /// let (sender, mut receiver) = broadcast::channel(8);
    /// for value in 0..5 {
    ///     sender.send_with_weight(value, 10).unwrap();
    /// }
    /// sender.shrink_to_weight(25);
    /// assert_eq!(sender.weight(), 20);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(3)));
    /// assert_eq!(receiver.try_recv(), Ok(3));
    /// ```
    pub fn shrink_to_weight(&self, max_weight: u64) {
        let mut state = shim::lock(&self.shared);
        let heavy = state.evict_weight(max_weight, 1);
        drop(state);
        drop(heavy);
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        shim::lock(&self.shared).senders += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared);
        state.senders -= 1;
        if state.senders == 0 {
            note(Kind::Closed, Thing::Broadcast as u8, id(&self.shared));
        }
        if state.senders == 0 && !fault("close_wakes_no_receiver") {
            state.waiters.drain(&mut woken); // [all-wakers-taken]
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
