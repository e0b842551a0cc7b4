//! The receiving end: one value, many values, and the end of the channel.
//!
//! A receiver that is simply dropped loses what is queued. One that ends in good order first says that it takes no
//! more, and then takes what is left:
//!
//! ```text
//!   close ──▶ senders find the channel closed; what is queued, and what permits send, is still received
//!     recv ──▶ Some, Some, …, None: the queue is empty, and there is no permit
//! ```
//!
//! Called by programs. Next: `unbounded`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures_lite::Stream;
use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, fault};
use reactor::wait_list::{poll_lazily, wake_all};

use super::state::{End, Shared, State, wake_some};

/// The receiving end, also a [`Stream`]. Dropping it drops what is queued. Every `send`, also one that waits
/// already, then gives its value back.
///
/// ```
/// use executor::sync::mpsc;
/// use futures_lite::StreamExt;
///
/// let (sender, receiver) = mpsc::channel(8);
/// for number in 1..=3 {
///     sender.try_send(number).unwrap();
/// }
/// drop(sender);
/// let all: Vec<u32> = executor::task::block_on(receiver.collect());
/// assert_eq!(all, [1, 2, 3]);
/// ```
pub struct Receiver<T> {
    pub(super) shared: Arc<Shared<T>>,
}

impl<T> Receiver<T> {
    /// Waits for the next value and returns it. Returns `None` once nothing is queued and nothing can be sent any
    /// more: every sender is gone, or the channel was [closed](Self::close) and there is no permit.
    ///
    /// Cancel-safe: a future that is dropped before it is ready has taken no value.
    ///
    /// A thread that is not in a poll receives by [`block_on`](crate::task::block_on).
    ///
    /// ```
    /// use executor::{sync::mpsc, task};
    ///
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// let thread = std::thread::spawn(move || task::block_on(receiver.recv()));
    /// task::block_on(sender.send(7)).unwrap();
    /// assert_eq!(thread.join().unwrap(), Some(7));
    /// ```
    #[doc(alias = "blocking_recv")]
    pub fn recv(&mut self) -> impl Future<Output = Option<T>> + Unpin {
        Recv(Waiting { receiver: self, waits: false })
    }

    /// Waits for values, appends at most `limit` of them to `buffer`, and returns their number. It takes what is
    /// queued, and does not wait for more. Returns 0 where [`recv`](Self::recv) returns `None`, or if `limit` is 0.
    ///
    /// The lock is taken once for all of them. Each value is charged to the poll's budget.
    ///
    /// Cancel-safe: a future that is dropped before it is ready has taken no value.
    ///
    /// ```
    /// use executor::sync::mpsc;
    ///
    /// let (sender, mut receiver) = mpsc::channel(8);
    /// for number in 1..=5 {
    ///     sender.try_send(number).unwrap();
    /// }
    /// drop(sender);
    /// executor::task::block_on(async {
    ///     let mut numbers = Vec::new();
    ///     assert_eq!(receiver.recv_many(&mut numbers, 3).await, 3);
    ///     assert_eq!(receiver.recv_many(&mut numbers, 3).await, 2);
    ///     assert_eq!(receiver.recv_many(&mut numbers, 3).await, 0);
    ///     assert_eq!(numbers, [1, 2, 3, 4, 5]);
    /// });
    /// ```
    pub fn recv_many<'a>(
        &'a mut self,
        buffer: &'a mut Vec<T>,
        limit: usize,
    ) -> impl Future<Output = usize> + Unpin {
        RecvMany { waiting: Waiting { receiver: self, waits: false }, buffer, limit }
    }

    /// Returns the next value if one is queued now. It never waits.
    ///
    /// # Errors
    /// [`TryRecvError`]: nothing is queued now, or nothing can come any more.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut state = shim::lock(&self.shared.state);
        if let Some((value, sender)) = state.take() {
            if fault("woken_under_the_lock") {
                wake_some(sender);
                return Ok(value);
            }
            drop(state);
            note(Kind::Received, Thing::Receive as u8, self.shared.id());
            wake_some(sender);
            return Ok(value);
        }
        Err(if state.is_over() { TryRecvError::Disconnected } else { TryRecvError::Empty })
    }

    /// Closes the channel: from now on senders find it closed, also those that wait, which get their values back. What
    /// is queued stays, and what was reserved can be sent. So call [`recv`](Self::recv) until it returns `None`, and
    /// nothing is lost.
    ///
    /// ```
    /// use executor::sync::mpsc;
    ///
    /// let (sender, mut receiver) = mpsc::channel(8);
    /// sender.try_send("before").unwrap();
    /// receiver.close();
    /// assert!(sender.is_closed() && sender.try_send("after").is_err());
    /// executor::task::block_on(async {
    ///     assert_eq!(receiver.recv().await, Some("before"));
    ///     assert_eq!(receiver.recv().await, None);
    /// });
    /// ```
    pub fn close(&mut self) {
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared.state);
        if !state.is_closed() {
            note(Kind::Closed, Thing::Send as u8, self.shared.id());
            state.close(End::Closed, &mut woken);
        }
        drop(state);
        wake_all(&mut woken);
    }

    /// Returns whether nothing more can be sent, except by permits: the channel was closed, or every sender is gone.
    /// What is queued can still be received.
    ///
    /// ```
    /// use executor::sync::mpsc;
    ///
    /// let (sender, receiver) = mpsc::channel(8);
    /// sender.try_send(1).unwrap();
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed() && receiver.len() == 1);
    /// ```
    pub fn is_closed(&self) -> bool {
        let state = shim::lock(&self.shared.state);
        state.is_closed() || state.senders == 0
    }

    /// Returns how many values are queued now.
    pub fn len(&self) -> usize {
        shim::lock(&self.shared.state).queue.len()
    }

    /// Returns whether no value is queued now.
    ///
    /// ```
    /// use executor::sync::mpsc;
    ///
    /// let (sender, receiver) = mpsc::channel(8);
    /// assert!(receiver.is_empty());
    /// sender.try_send(1).unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until `take` has taken something, or nothing can come any more.
    #[inline]
    fn poll_take<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut State<T>) -> Option<R>,
    ) -> Poll<Option<R>> {
        poll_lazily(cx.waker(), |waker| {
            let mut state = shim::lock(&self.shared.state);
            let skips_look = waker.is_owned() && fault("listed_too_late");
            if let Some(taken) = (!skips_look).then(|| take(&mut state)).flatten() {
                return Poll::Ready(Some(taken));
            }
            if state.is_over() {
                budget::spend();
                return Poll::Ready(None);
            }
            waker.store(&mut state.receiver); // [first-push-wakes]
            record_wait(Thing::Receive, self.shared.id(), waker.as_borrowed());
            Poll::Pending
        })
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(budget::poll_proceed(cx));
        let taken = ready!(self.poll_take(cx, State::take));
        Poll::Ready(taken.map(|(value, sender)| {
            note(Kind::Received, Thing::Receive as u8, self.shared.id());
            budget::spend();
            wake_some(sender);
            value
        }))
    }

    fn poll_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize, cx: &mut Context<'_>) -> Poll<usize> {
        ready!(budget::poll_proceed(cx));
        if limit == 0 {
            budget::spend();
            return Poll::Ready(0);
        }
        let mut senders: Vec<Waker> = Vec::new();
        let taken = ready!(self.poll_take(cx, |state| {
            let before = buffer.len();
            while buffer.len() - before < limit
                && let Some((value, sender)) = state.take()
            {
                buffer.push(value);
                senders.extend(sender);
            }
            Some(buffer.len() - before).filter(|taken| *taken > 0)
        }));
        let taken = taken.unwrap_or(0);
        for _ in 0..taken {
            note(Kind::Received, Thing::Receive as u8, self.shared.id());
            budget::spend();
        }
        wake_all(&mut senders);
        Poll::Ready(taken)
    }
}

impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(cx)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared.state);
        note(Kind::Closed, Thing::Send as u8, self.shared.id());
        state.close(End::Gone, &mut woken);
        let (queue, own) = state.leave();
        drop(state);
        if own.is_some() {
            note(Kind::GaveUp, Thing::Receive as u8, self.shared.id()); // A stream has waited.
        }
        // The senders are woken first: the drop of a value may panic.
        wake_all(&mut woken);
        drop(own);
        drop(queue);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// A receive, which gives up if it is dropped while it waits.
struct Waiting<'a, T> {
    receiver: &'a mut Receiver<T>,
    /// Whether our waker may be in the channel.
    waits: bool,
}

impl<T> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        if self.waits {
            note(Kind::GaveUp, Thing::Receive as u8, self.receiver.shared.id());
            let waker = shim::lock(&self.receiver.shared.state).receiver.take();
            drop(waker);
        }
    }
}

/// The future of [`Receiver::recv`].
struct Recv<'a, T>(Waiting<'a, T>);

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let polled = self.0.receiver.poll_recv(cx);
        self.0.waits = polled.is_pending();
        polled
    }
}

/// The future of [`Receiver::recv_many`].
struct RecvMany<'a, T> {
    waiting: Waiting<'a, T>,
    buffer: &'a mut Vec<T>,
    limit: usize,
}

impl<T> Future for RecvMany<'_, T> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let Self { waiting, buffer, limit } = &mut *self;
        let polled = waiting.receiver.poll_recv_many(buffer, *limit, cx);
        waiting.waits = polled.is_pending();
        polled
    }
}

/// Why [`Receiver::try_recv`] returned no value.
///
/// ```
/// use executor::sync::mpsc::{self, TryRecvError};
///
/// let (sender, mut receiver) = mpsc::channel::<u32>(1);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// Nothing is queued now.
    Empty,
    /// Nothing is queued, and nothing can come any more: every sender is gone, or the channel is closed and there is
    /// no permit.
    Disconnected,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing is queued",
            Self::Disconnected => "every sender is gone, or the channel is closed",
        })
    }
}

impl std::error::Error for TryRecvError {}
