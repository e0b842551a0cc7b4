//! A channel for one value, which is sent once: the reply to a request.
//!
//! An `mpsc` channel could carry it. With one value and one waiter the queue and the wait list are not needed,
//! and `send` never has to wait.
//!
//! ```text
//!   Waiting ──send──▶ Sent ──received──▶ Closed
//!      └──an end is dropped, or close───────▲
//! ```
//!
//! - O1  The stage is one enum under one lock: a stage holds only the value or the wakers that it needs.
//! - O2  The stage that is replaced is moved out of the lock before it is dropped.
//! - O3  A sender that has sent closes nothing: the value stays until the receiver takes it or is dropped.
//! - O4  A `send`, or the drop of the sender, takes the receiver's waker out of the stage and wakes it. The drop of the
//!   receiver, or its `close`, does so with the sender's.
//!
//! Next: `recv_error`.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, fault};
use reactor::wait_list::{poll_lazily, wake};

mod recv_error;

pub use recv_error::{RecvError, TryRecvError};

/// Makes a channel for one value.
///
/// ```
/// use executor::sync::oneshot;
///
/// let (sender, receiver) = oneshot::channel();
/// std::thread::spawn(move || sender.send(42));
/// assert_eq!(executor::task::block_on(receiver), Ok(42));
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(shim::Mutex::new(Stage::Waiting(Wakers::default())));
    note(Kind::New, Thing::Oneshot as u8, Arc::as_ptr(&shared).addr());
    let sender = Sender { shared: Arc::clone(&shared), sent: false };
    let receiver = Receiver { shared, done: false };
    (sender, receiver)
}

/// The sending end. If it is dropped without having sent, the receiver gets [`RecvError`].
///
/// ```
/// use executor::sync::oneshot;
///
/// let (sender, receiver) = oneshot::channel();
/// drop(receiver);
/// assert!(sender.is_closed());
/// assert_eq!(sender.send("a reply"), Err("a reply"));
/// ```
pub struct Sender<T> {
    shared: Arc<shim::Mutex<Stage<T>>>,
    sent: bool,
}

/// The receiving end: a future that returns the value, or [`RecvError`] if the sender was dropped without having
/// sent.
///
/// Cancel-safe: poll it by `&mut`, for example under a timeout. A value that is sent meanwhile stays until
/// the next poll.
///
/// Dropping it drops a value that was sent and not received. A later `send` gives its value back. Polled again
/// after it was ready, it returns [`RecvError`].
///
/// A thread that is not in a poll receives by [`block_on`](crate::task::block_on).
///
/// ```
/// use executor::{sync::oneshot, task};
///
/// let (sender, receiver) = oneshot::channel();
/// task::spawn_local(async move { sender.send(6 * 7) });
/// assert_eq!(task::block_on(receiver), Ok(42));
/// ```
#[must_use = "a receiver is a future, and does nothing unless it is awaited"]
pub struct Receiver<T> {
    shared: Arc<shim::Mutex<Stage<T>>>,
    done: bool,
}

enum Stage<T> {
    /// Both ends exist, and nothing was sent.
    Waiting(Wakers),
    Sent(T),
    Closed,
}

/// The wakers of the ends that wait for the other.
#[derive(Default)]
struct Wakers {
    receiver: Option<Waker>,
    /// It waits for the end of the receiver.
    sender: Option<Waker>,
}

impl<T> Sender<T> {
    /// Sends the value and wakes the receiver. It never waits.
    ///
    /// # Errors
    /// Returns the value if the receiver is gone.
    pub fn send(mut self, value: T) -> Result<(), T> {
        self.sent = !fault("sent_value_withdrawn");
        let mut stage = shim::lock(&self.shared);
        let Stage::Waiting(wakers) = &mut *stage else {
            return Err(value);
        };
        let wakers = mem::take(wakers);
        *stage = Stage::Sent(value);
        note(Kind::Sent, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
        drop(stage);
        if let Some(waker) = wakers.receiver {
            wake(waker);
        }
        Ok(())
    }

    /// Waits until the receiver is gone, or has closed the channel. So a computation can be given up when nobody wants
    /// its value any more.
    ///
    /// Cancel-safe: a future that is dropped stops waiting.
    ///
    /// ```
    /// use executor::{sync::oneshot, task};
    /// use futures_lite::future;
    ///
    /// let (mut sender, receiver) = oneshot::channel::<u32>();
    /// let computing = task::spawn(async move {
    ///     let value = async { Some(future::pending::<u32>().await) };
    ///     let unwanted = async {
    ///         sender.closed().await;
    ///         None
    ///     };
    ///     future::or(value, unwanted).await
    /// });
    /// drop(receiver);
    /// assert_eq!(task::block_on(computing), None);
    /// ```
    pub fn closed(&mut self) -> impl Future<Output = ()> + Unpin {
        Closing { sender: self, waiting: false }
    }

    /// Returns whether the receiver is gone, or has closed the channel. Then the value need not be computed.
    pub fn is_closed(&self) -> bool {
        matches!(*shim::lock(&self.shared), Stage::Closed)
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.sent {
            return;
        }
        note(Kind::Closed, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
        let replaced = mem::replace(&mut *shim::lock(&self.shared), Stage::Closed);
        if let Stage::Waiting(Wakers { receiver: Some(waker), .. }) = replaced
            && !fault("silent_close")
        {
            wake(waker);
        }
    }
}

/// The future of [`Sender::closed`].
struct Closing<'a, T> {
    sender: &'a mut Sender<T>,
    /// Whether our waker may be in the channel.
    waiting: bool,
}

impl<T> Future for Closing<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(budget::poll_proceed(cx));
        let shared = &self.sender.shared;
        let polled = poll_lazily(cx.waker(), |waker| {
            let mut stage = shim::lock(shared);
            let Stage::Waiting(wakers) = &mut *stage else { return Poll::Ready(()) };
            waker.store(&mut wakers.sender);
            record_wait(Thing::OneshotEnd, Arc::as_ptr(shared).addr(), waker.as_borrowed());
            Poll::Pending
        });
        self.waiting = polled.is_pending();
        if polled.is_ready() {
            budget::spend();
        }
        polled
    }
}

impl<T> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        if !self.waiting {
            return;
        }
        note(Kind::GaveUp, Thing::OneshotEnd as u8, Arc::as_ptr(&self.sender.shared).addr());
        let waker = match &mut *shim::lock(&self.sender.shared) {
            Stage::Waiting(wakers) => wakers.sender.take(),
            Stage::Sent(_) | Stage::Closed => None,
        };
        drop(waker);
    }
}

impl<T> Receiver<T> {
    /// Closes the channel: from now on a `send` gives its value back. A value that was sent before can still be
    /// received.
    ///
    /// ```
    /// use executor::sync::oneshot::{self, TryRecvError};
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// receiver.close();
    /// assert_eq!(sender.send("too late"), Err("too late"));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn close(&mut self) {
        let mut stage = shim::lock(&self.shared);
        if !matches!(*stage, Stage::Waiting(_)) {
            return;
        }
        note(Kind::Closed, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
        let replaced = mem::replace(&mut *stage, Stage::Closed);
        drop(stage);
        replaced.wake_sender();
    }

    /// Returns the value if it was sent. It never waits.
    ///
    /// # Errors
    /// [`TryRecvError`]: nothing was sent yet, or nothing will be.
    ///
    /// ```
    /// use executor::sync::oneshot;
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// sender.send(7).unwrap();
    /// assert!(!receiver.is_terminated());
    /// assert_eq!(receiver.try_recv(), Ok(7));
    /// assert!(receiver.is_terminated());
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut stage = shim::lock(&self.shared);
        if matches!(*stage, Stage::Waiting(_)) {
            return Err(TryRecvError::Empty);
        }
        let replaced = mem::replace(&mut *stage, Stage::Closed);
        drop(stage);
        self.receive(replaced).map_err(|RecvError| TryRecvError::Closed)
    }

    /// Returns whether the receiver has returned the value, or the error, already.
    pub fn is_terminated(&self) -> bool {
        self.done
    }

    /// What a stage that is not `Waiting` says.
    fn receive(&mut self, replaced: Stage<T>) -> Result<T, RecvError> {
        self.done = true;
        match replaced {
            Stage::Sent(value) => {
                note(Kind::Received, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
                Ok(value)
            }
            Stage::Closed | Stage::Waiting(_) => Err(RecvError),
        }
    }
}

impl<T> Stage<T> {
    /// O4, O2: wakes the sender, if it waited, and drops the rest. The lock is released.
    fn wake_sender(self) {
        if let Self::Waiting(Wakers { sender: Some(waker), .. }) = self
            && !fault("sender_not_told")
        {
            wake(waker);
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let polled = poll_lazily(cx.waker(), |waker| {
            let mut stage = shim::lock(&self.shared);
            if let Stage::Waiting(wakers) = &mut *stage {
                waker.store(&mut wakers.receiver);
                record_wait(Thing::Oneshot, Arc::as_ptr(&self.shared).addr(), waker.as_borrowed());
                return Poll::Pending;
            }
            Poll::Ready(mem::replace(&mut *stage, Stage::Closed))
        });
        let replaced = ready!(polled);
        budget::spend();
        Poll::Ready(self.receive(replaced))
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        note(Kind::Closed, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
        note(Kind::GaveUp, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
        // O2: the lock is released at the end of the first statement, and the value or the wakers dropped
        // after it.
        let replaced = mem::replace(&mut *shim::lock(&self.shared), Stage::Closed);
        replaced.wake_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
