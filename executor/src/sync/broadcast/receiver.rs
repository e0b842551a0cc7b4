//! The receiving end of a broadcast: its position, and what it misses.
//!
//! A receiver is a position in the sequence of all values. That is all that it has of its own: what is kept, and how
//! many receivers will read it next, is in the ring.
//!
//! ```text
//!   next < head     it has missed `head - next` values: Lagged, and on from the head
//!   next in between the value at `next`
//!   next = tail     it has read everything: it waits, in the list
//! ```
//!
//! Called by programs. Next: `sender`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_lite::Stream;
use reactor::budget;
use reactor::record::{Kind, Thing, note, record_value, record_wait};
use reactor::shim::{self, fault};
use reactor::wait_list::{Key, poll_lazily, wake_all};

use super::ring::{Look, State, id};

/// A receiving end: it gets every value that is sent after it was made.
///
/// It is a [`Stream`] too. An item is what [`recv`](Self::recv) returns: a value, or [`RecvError::Lagged`]. The stream
/// ends where `recv` returns [`RecvError::Closed`].
///
/// Dropping it drops the values that were kept only for it.
///
/// ```
/// use executor::sync::broadcast::{self, TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel(8);
/// sender.send('a').unwrap();
/// let mut late = receiver.resubscribe();
/// assert_eq!(receiver.try_recv(), Ok('a'));
/// assert_eq!(late.try_recv(), Err(TryRecvError::Empty), "it was made after that");
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
///
/// ```
/// use executor::sync::broadcast::{self, RecvError};
/// use futures_lite::StreamExt;
///
/// let (sender, receiver) = broadcast::channel(2);
/// for letter in ['a', 'b', 'c'] {
///     sender.send(letter).unwrap();
/// }
/// drop(sender);
/// let all: Vec<Result<char, RecvError>> = executor::task::block_on(receiver.collect());
/// assert_eq!(all, [Err(RecvError::Lagged(1)), Ok('b'), Ok('c')]);
/// ```
pub struct Receiver<T> {
    shared: Arc<shim::Mutex<State<T>>>,
    /// The position of the value to read next; before `head` if it has missed some [counted-at-head].
    next: u64,
    /// Set while it waits, and when it was woken but not polled since.
    key: Option<Key>,
}

impl<T: Clone> Receiver<T> {
    /// Waits for the next value and returns it.
    ///
    /// Cancel-safe: a future that is dropped before it is ready has read nothing.
    ///
    /// # Errors
    /// [`RecvError::Lagged`] once, with the number of values that were dropped before this receiver read
    /// them. The next call continues with the oldest kept value. [`RecvError::Closed`] when every sender is
    /// gone and this receiver has read everything.
    ///
    /// ```
    /// use executor::sync::broadcast::{self, RecvError};
    ///
    /// let (sender, mut receiver) = broadcast::channel(8);
    /// sender.send('a').unwrap();
    /// drop(sender);
    /// executor::task::block_on(async {
    ///     assert_eq!(receiver.recv().await, Ok('a'));
    ///     assert_eq!(receiver.recv().await, Err(RecvError::Closed));
    /// });
    /// ```
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> + Unpin {
        Recv { receiver: self, waits: false }
    }

    /// Returns the next value if there is one now. It never waits.
    ///
    /// # Errors
    /// [`TryRecvError`]: as for [`recv`](Self::recv), or there is none now.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let look = shim::lock(&self.shared).look(&mut self.next);
        self.record(&look);
        match look {
            Look::Value(value) => Ok(Arc::unwrap_or_clone(value)), // [cloned-unlocked]
            Look::Lagged(missed) => Err(TryRecvError::Lagged(missed)),
            Look::Empty => Err(TryRecvError::Empty),
            Look::Closed => Err(TryRecvError::Closed),
        }
    }

    /// Returns how many values are kept that this receiver has not read. Those that it has missed do not count: the
    /// next call of [`recv`](Self::recv) tells their number.
    ///
    /// ```
    /// use executor::sync::broadcast;
    ///
    /// let (sender, receiver) = broadcast::channel(2);
    /// assert!(receiver.is_empty());
    /// for number in 1..=3 {
    ///     sender.send(number).unwrap();
    /// }
    /// assert_eq!((receiver.len(), receiver.weight()), (2, 0));
    /// ```
    pub fn len(&self) -> usize {
        let state = shim::lock(&self.shared);
        usize::try_from(state.tail() - self.next.max(state.head)).expect("it is no more than the capacity")
    }

    /// Returns whether this receiver has read every value that is kept. Those that it has missed do not count.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the weight of the kept values that this receiver has not read. See
    /// [`channel_with_weight`](super::channel_with_weight).
    pub fn weight(&self) -> u64 {
        shim::lock(&self.shared).weight_from(self.next)
    }

    /// Returns a new receiver, which gets what is sent from now on. On a closed channel it gets
    /// [`RecvError::Closed`].
    #[must_use]
    pub fn resubscribe(&self) -> Self {
        Self::subscribed(&self.shared)
    }

    fn record(&self, look: &Look<T>) {
        match look {
            Look::Value(_) => note(Kind::Received, Thing::Broadcast as u8, id(&self.shared)),
            Look::Lagged(missed) => {
                record_value(Kind::Lagged, Thing::Broadcast as u8, id(&self.shared), *missed);
            }
            Look::Empty | Look::Closed => {}
        }
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        ready!(budget::poll_proceed(cx));
        let look = ready!(poll_lazily(cx.waker(), |waker| {
            let mut state = shim::lock(&self.shared);
            if waker.is_owned() && fault("look_then_list") {
                state.waiters.register(&mut self.key, waker);
                return Poll::Pending;
            }
            match state.look(&mut self.next) {
                Look::Empty => {
                    state.waiters.register(&mut self.key, waker);
                    record_wait(Thing::Broadcast, id(&self.shared), waker.as_borrowed());
                    Poll::Pending
                }
                look => Poll::Ready(look),
            }
        }));
        // A send, or the drop of the last sender, has taken our waker [all-wakers-taken].
        self.key = None;
        budget::spend();
        self.record(&look);
        Poll::Ready(match look {
            Look::Value(value) => Ok(Arc::unwrap_or_clone(value)), // [cloned-unlocked]
            Look::Lagged(missed) => Err(RecvError::Lagged(missed)),
            Look::Empty | Look::Closed => Err(RecvError::Closed),
        })
    }
}

impl<T> Receiver<T> {
    /// Makes a receiver that is counted at this position already.
    pub(super) fn at(shared: Arc<shim::Mutex<State<T>>>, next: u64) -> Self {
        Self { shared, next, key: None }
    }

    /// Makes a receiver, which gets what is sent from now on.
    pub(super) fn subscribed(shared: &Arc<shim::Mutex<State<T>>>) -> Self {
        let next = shim::lock(shared).join();
        Self::at(Arc::clone(shared), next)
    }
}

impl<T: Clone> Stream for Receiver<T> {
    type Item = Result<T, RecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_recv(cx).map(|received| match received {
            Err(RecvError::Closed) => None,
            received => Some(received),
        })
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.key.is_some() {
            note(Kind::GaveUp, Thing::Broadcast as u8, id(&self.shared));
        }
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared);
        let own = self.key.map(|key| state.waiters.remove(key));
        let unneeded = state.leave(self.next, &mut woken);
        drop(state);
        // The senders are woken first: the drop of a value may panic.
        wake_all(&mut woken);
        drop((own, unneeded));
    }
}

/// The future of [`Receiver::recv`].
struct Recv<'a, T> {
    receiver: &'a mut Receiver<T>,
    /// It has waited: the receiver's key is this future's, and not that of a stream.
    waits: bool,
}

impl<T: Clone> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.receiver.poll_recv(cx);
        self.waits = polled.is_pending();
        polled
    }
}

impl<T> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        if self.waits
            && let Some(key) = self.receiver.key.take()
        {
            note(Kind::GaveUp, Thing::Broadcast as u8, id(&self.receiver.shared));
            // A wake need not be passed on: a send wakes every receiver.
            let was = shim::lock(&self.receiver.shared).waiters.remove(key);
            drop(was);
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// Why [`Receiver::recv`] returned no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// Every sender is gone, and this receiver has read everything.
    Closed,
    /// This number of values was dropped before the receiver read them.
    Lagged(u64),
}

/// Why [`Receiver::try_recv`] returned no value.
///
/// ```
/// use executor::sync::broadcast::{self, TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel(1);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// sender.send("pushed out").unwrap();
/// sender.send("kept").unwrap();
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(1)));
/// assert_eq!(receiver.try_recv(), Ok("kept"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is nothing to read now.
    Empty,
    /// Every sender is gone, and this receiver has read everything.
    Closed,
    /// This number of values was dropped before the receiver read them.
    Lagged(u64),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("every sender is gone"),
            Self::Lagged(missed) => write!(f, "the receiver was too slow and missed {missed}"),
        }
    }
}

impl std::error::Error for RecvError {}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is nothing to read"),
            Self::Closed => RecvError::Closed.fmt(f),
            Self::Lagged(missed) => RecvError::Lagged(*missed).fmt(f),
        }
    }
}

impl std::error::Error for TryRecvError {}
