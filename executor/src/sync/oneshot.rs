//! A channel for one value, which is sent once: the reply to a request.
//!
//! An `mpsc` channel could carry it. With one value and one waiter the queue and the wait list are not needed,
//! and `send` never has to wait.
//!
//! ```text
//!   Waiting ──send──▶ Sent ──received──▶ Closed
//!      └──an end is dropped─────────────────▲
//! ```
//!
//! O1  The stage is one enum under one lock: a stage holds only the value or the waker that it needs.
//! O2  The stage that is replaced is moved out of the lock before it is dropped.
//! O3  A sender that has sent closes nothing: the value stays until the receiver takes it or is dropped.
//! O4  A `send`, or the drop of the sender, takes the receiver's waker out of the stage and wakes it.
//!
//! Next: `mpsc`.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, fault};
use reactor::wait_list::{poll_lazily, wake};

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
    let shared = Arc::new(shim::Mutex::new(Stage::Waiting(None)));
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

/// The sender was dropped and had sent nothing.
///
/// ```
/// use executor::sync::oneshot::{self, RecvError};
///
/// let (sender, receiver) = oneshot::channel::<u32>();
/// drop(sender);
/// assert_eq!(executor::task::block_on(receiver), Err(RecvError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

enum Stage<T> {
    /// Both ends exist, and nothing was sent. The receiver's waker, if it waits.
    Waiting(Option<Waker>),
    Sent(T),
    Closed,
}

impl<T> Sender<T> {
    /// Sends the value and wakes the receiver. It never waits.
    ///
    /// # Errors
    /// Returns the value if the receiver is gone.
    pub fn send(mut self, value: T) -> Result<(), T> {
        self.sent = !fault("sent_value_withdrawn");
        let mut stage = shim::lock(&self.shared);
        let Stage::Waiting(waiter) = &mut *stage else {
            return Err(value);
        };
        let waiter = waiter.take();
        *stage = Stage::Sent(value);
        note(Kind::Sent, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
        drop(stage);
        if let Some(waker) = waiter {
            wake(waker);
        }
        Ok(())
    }

    /// Returns whether the receiver is gone. Then the value need not be computed.
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
        if let Stage::Waiting(Some(waker)) = replaced
            && !fault("silent_close")
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
            if let Stage::Waiting(waiter) = &mut *stage {
                waker.store(waiter);
                record_wait(Thing::Oneshot, Arc::as_ptr(&self.shared).addr(), waker.as_borrowed());
                return Poll::Pending;
            }
            Poll::Ready(mem::replace(&mut *stage, Stage::Closed))
        });
        let replaced = ready!(polled);
        self.done = true;
        budget::spend();
        Poll::Ready(match replaced {
            Stage::Sent(value) => {
                note(Kind::Received, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
                Ok(value)
            }
            Stage::Closed | Stage::Waiting(_) => Err(RecvError),
        })
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        note(Kind::Closed, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
        note(Kind::GaveUp, Thing::Oneshot as u8, Arc::as_ptr(&self.shared).addr());
        // O2: the lock is released at the end of the first statement, and the value or the waker dropped
        // after it.
        let replaced = mem::replace(&mut *shim::lock(&self.shared), Stage::Closed);
        drop(replaced);
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

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sender is gone and has sent nothing")
    }
}

impl std::error::Error for RecvError {}
