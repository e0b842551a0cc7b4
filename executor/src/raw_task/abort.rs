//! Ending a task: from its handle, from elsewhere, or when its owner is dropped.
//!
//! A `JoinHandle` belongs to the one who waits for the task. Others may have to end it: a list of connections, a
//! command of the user. If they shared the handle, in a mutex, the one who waits would hold the lock all the time.
//! And a handle that is dropped lets its task run on. So a future that is dropped by a timeout would leave behind the
//! tasks that it has spawned.
//!
//! ```text
//!   JoinHandle ──abort_handle──▶ AbortHandle, any number      abort
//!       ││└──────── new ───────▶ AbortOnDrop, the one owner   await; drop: abort
//!       │└────try_join_mut─────▶ the outcome; the handle stays
//!       └────────cancel────────▶ the end of the future; the handle is used up
//! ```
//!
//! A caller that waits may also want to abort, if something else comes first. So there is a wait that only borrows
//! the handle (`try_join_mut`).
//!
//! One type cannot be both handles. One that aborts when it is dropped must not be cloned. One that is cloned freely
//! must not abort because a clone is dropped.
//!
//! - A1  An `AbortHandle` is a counted reference [claim], as a waker is. It gives access to the word, and to nothing
//!   that depends on the output's type.
//! - A2  As long as there is one, a task that nothing can wake any more stays: it can still be aborted.
//!
//! Used by programs and by `join_set`. Next: `join_error`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use reactor::contain_panic;

use super::header::TaskRef;
use super::join_error::JoinError;
use super::join_handle::JoinHandle;
use crate::task_id::TaskId;

/// Aborts a task. It can be cloned and sent to any thread, whatever the task's output.
///
/// Dropping it does nothing to the task, with one exception. A detached task that nothing can wake any more is
/// dropped at once, with all that it holds; it stays while there is an `AbortHandle`, and is dropped with the last
/// one. The memory of the task stays too, also after its future was dropped.
///
/// ```
/// use executor::task::{self, AbortHandle};
///
/// let task = task::spawn(std::future::pending::<()>());
/// let abort: AbortHandle = task.abort_handle();
/// let other = abort.clone();
/// std::thread::spawn(move || other.abort());
/// assert!(task::block_on(task.try_join()).unwrap_err().is_cancelled());
/// assert!(abort.is_finished());
/// ```
#[derive(Clone)]
pub struct AbortHandle(TaskRef);

impl UnwindSafe for AbortHandle {}
impl RefUnwindSafe for AbortHandle {}

impl AbortHandle {
    /// Requests the cancellation of the task, and does not wait. If the task has finished, this does nothing. A
    /// blocking call that has begun goes on, and its value is dropped.
    pub fn abort(&self) {
        self.0.cancel();
    }

    /// Returns whether the task has finished, as [`JoinHandle::is_finished`] does.
    pub fn is_finished(&self) -> bool {
        self.0.header().state.is_complete()
    }

    /// Returns the task's id. It does not become the id of another task while this handle exists.
    ///
    /// ```
    /// use executor::task;
    ///
    /// let task = task::spawn(async {});
    /// assert_eq!(task.abort_handle().id(), task.id());
    /// ```
    pub fn id(&self) -> TaskId {
        TaskId::of(self.0.as_raw())
    }
}

impl<T> JoinHandle<T> {
    /// Cancels the task, and returns a future that waits until the task's future has been dropped.
    ///
    /// It resolves to the output if the task had finished first, else to `None`. If the task panicked, the
    /// panic is discarded, and it resolves to `None`; so it does if the handle has returned the output already.
    ///
    /// The call itself requests the cancellation, before the returned future is polled. Dropping that future
    /// does not undo it.
    ///
    /// ```
    /// use executor::task;
    ///
    /// let handle = task::spawn(std::future::pending::<()>());
    /// assert_eq!(task::block_on(handle.cancel()), None);
    /// ```
    pub fn cancel(self) -> impl Future<Output = Option<T>> {
        self.abort();
        let mut join = (!self.task.header().state.is_outcome_taken()).then(|| self.try_join());
        poll_fn(move |cx| {
            let Some(join) = &mut join else { return Poll::Ready(None) };
            let joined = Pin::new(join).poll(cx);
            joined.map(|joined| joined.map_err(|failure| contain_panic(|| drop(failure))).ok())
        })
    }

    /// Returns a handle that can only abort the task.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(self.task.clone())
    }

    /// As [`try_join`](Self::try_join), but the handle stays here. So a task can be waited for, and aborted if
    /// something else happens first.
    ///
    /// Cancel-safe: if the future is dropped, the handle still has the outcome.
    ///
    /// # Errors
    ///
    /// As [`try_join`](Self::try_join).
    ///
    /// # Panics
    ///
    /// If the handle has returned the outcome already.
    ///
    /// ```
    /// use executor::task;
    /// use reactor::time::timeout;
    /// use std::time::Duration;
    ///
    /// task::block_on(async {
    ///     let mut task = task::spawn(std::future::pending::<()>());
    ///     assert!(timeout(Duration::from_millis(1), task.try_join_mut()).await.is_err());
    ///     task.abort();
    ///     assert!(task.try_join_mut().await.unwrap_err().is_cancelled());
    /// });
    /// ```
    #[track_caller]
    pub fn try_join_mut(&mut self) -> impl Future<Output = Result<T, JoinError>> + Unpin {
        self.assert_not_joined();
        TryJoinMut { handle: self, waits: false }
    }
}

/// The future of [`JoinHandle::try_join_mut`].
struct TryJoinMut<'a, T> {
    handle: &'a mut JoinHandle<T>,
    waits: bool,
}

impl<T> Future for TryJoinMut<'_, T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.handle.poll_outcome(cx);
        self.waits = polled.is_pending();
        polled.map(|outcome| outcome.map_err(JoinError::from))
    }
}

impl<T> Drop for TryJoinMut<'_, T> {
    fn drop(&mut self) {
        if self.waits {
            // Our waker leaves the task: it may be all that keeps another task's memory.
            _ = self.handle.poll_finished(Waker::noop());
        }
    }
}

impl Clone for TaskRef {
    fn clone(&self) -> Self {
        self.header().state.add_reference();
        Self::from_raw(self.as_raw())
    }
}

/// A handle whose drop aborts the task, where that of a [`JoinHandle`] detaches it.
///
/// Await it as a `JoinHandle`, with the same panics. It derefs to the `JoinHandle`: so all of its methods that
/// borrow it are there too, as [`try_join_mut`](JoinHandle::try_join_mut) is.
///
/// The drop does not wait until the task's future is dropped. [`JoinHandle::cancel`] does.
///
/// ```
/// use executor::task::{self, AbortOnDrop};
/// use reactor::time::timeout;
/// use std::time::Duration;
///
/// let (sender, receiver) = executor::sync::oneshot::channel::<()>();
/// task::block_on(async {
///     let work = async {
///         let helper = AbortOnDrop::new(task::spawn(async move {
///             let _held = sender;
///             std::future::pending::<()>().await
///         }));
///         helper.await
///     };
///     assert!(timeout(Duration::from_millis(1), work).await.is_err());
///     assert!(receiver.await.is_err(), "the helper was dropped, and what it held");
/// });
/// ```
#[must_use = "dropping it aborts the task"]
pub struct AbortOnDrop<T>(Option<JoinHandle<T>>);

impl<T> AbortOnDrop<T> {
    /// Takes over a handle.
    pub fn new(handle: JoinHandle<T>) -> Self {
        Self(Some(handle))
    }

    /// Returns the `JoinHandle`, whose drop detaches the task.
    ///
    /// ```
    /// use executor::task::{self, AbortOnDrop};
    ///
    /// let guarded = AbortOnDrop::new(task::spawn(async { 6 * 7 }));
    /// assert_eq!(task::block_on(guarded.into_inner()), 42);
    /// ```
    pub fn into_inner(mut self) -> JoinHandle<T> {
        self.0.take().expect(PRESENT)
    }
}

/// Only `into_inner` takes the handle out, and consumes the guard.
const PRESENT: &str = "the handle is there until `into_inner`";

impl<T> Deref for AbortOnDrop<T> {
    type Target = JoinHandle<T>;

    fn deref(&self) -> &JoinHandle<T> {
        self.0.as_ref().expect(PRESENT)
    }
}

impl<T> DerefMut for AbortOnDrop<T> {
    fn deref_mut(&mut self) -> &mut JoinHandle<T> {
        self.0.as_mut().expect(PRESENT)
    }
}

impl<T> Future for AbortOnDrop<T> {
    type Output = T;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut **self).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.abort();
        }
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("id", &self.id())
            .field("name", &self.0.name())
            .field("finished", &self.is_finished())
            .finish()
    }
}

impl<T> fmt::Debug for AbortOnDrop<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AbortOnDrop").field(&**self).finish()
    }
}
