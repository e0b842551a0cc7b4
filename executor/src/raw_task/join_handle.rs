//! The handle of a task: waits for its output, cancels it, or detaches it.
//!
//! A oneshot channel between the task and its handle would need a second allocation. Here the handle reads the
//! outcome from the task itself. The task's word says which of the two owns it.
//!
//! ```text
//!   await, try_join ──▶ the outcome, once               cancel ──▶ requests it, waits for the future's drop
//!   abort           ──▶ requests it, does not wait      drop   ──▶ detaches: the task keeps running
//! ```
//!
//! - J1  The handle has a reference. HANDLE is set until it has taken the outcome.
//! - J2  Only the handle writes the join waker's slot, and only while JOIN_WAKER is clear [join-slot].
//! - J3  A waker that is replaced is dropped only after the word has settled who owns the slot: its drop is
//!   arbitrary code.
//!
//! Returned by every spawn function. Next: `parker`.
#![allow(unsafe_code, reason = "the outcome and the join waker's slot are in the task")]

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::fault;
use reactor::{budget, contain_panic};

use super::cell::Outcome;
use super::header::TaskRef;
use super::join_error::JoinError;
use super::state::Join;
use crate::task_id::TaskId;

/// A handle to a spawned task: a future that resolves to the task's output.
///
/// Dropping the handle detaches the task: it keeps running, and its output is dropped when it finishes. A
/// detached task that nothing can wake any more is dropped at once, with everything it holds.
///
/// Awaiting `&mut handle` is cancel-safe: if that future is dropped, the handle still has the output.
///
/// A task's memory is one block, and each waker keeps it, also after the future was dropped. So a waker that stays
/// registered with something that never happens costs as many bytes as the future.
///
/// A panic in the drop of a task's future is caught. If two drops of one future panic, the second while the first
/// unwinds, Rust aborts the process, and no runtime can prevent that.
///
/// # Panics
///
/// If the task panicked, awaiting the handle resumes that panic. If the task was cancelled, awaiting the
/// handle panics with a message that names the task. [`try_join`](Self::try_join) returns both as an error
/// instead.
///
/// Polling the handle again after it was ready panics.
///
/// ```
/// use executor::task;
///
/// let handle = task::spawn(async { 6 * 7 });
/// assert_eq!(task::block_on(handle), 42);
/// ```
pub struct JoinHandle<T> {
    pub(super) task: TaskRef,
    output: PhantomData<fn() -> T>,
}

// SAFETY: [outcome-owner], [join-slot]: a handle gives access to the word, the join waker (Send) and the
// output, which is moved or dropped on the handle's thread: so T must be Send. Only runners touch the
// future.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: `&JoinHandle` gives access to the word, the id and the name, never to the output.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> Unpin for JoinHandle<T> {}
impl<T> std::panic::UnwindSafe for JoinHandle<T> {}
impl<T> std::panic::RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// Takes over the handle's reference to a new task, whose output is a `T`.
    pub(crate) fn new(task: TaskRef) -> Self {
        Self { task, output: PhantomData }
    }

    /// Requests the cancellation of the task, and does not wait. If the task has finished, this does nothing:
    /// its output stays available. A call of [`spawn_blocking`](crate::task::spawn_blocking) that has begun goes on,
    /// and its value is dropped.
    ///
    /// Awaiting the handle afterwards panics, unless the task finished first.
    pub fn abort(&self) {
        self.task.cancel();
    }

    /// Waits for the task, and returns its output, or a panic or a cancellation as an error.
    ///
    /// Dropping the returned future detaches the task, as dropping the handle does: its output is lost.
    ///
    /// # Errors
    ///
    /// [`JoinError::Panicked`] with the panic's payload, or [`JoinError::Cancelled`].
    ///
    /// # Panics
    ///
    /// If the handle has returned the output already.
    ///
    /// ```
    /// use executor::task::{self, JoinError};
    ///
    /// let handle = task::spawn(std::future::pending::<()>());
    /// handle.abort();
    /// assert!(matches!(task::block_on(handle.try_join()), Err(JoinError::Cancelled)));
    /// ```
    #[track_caller]
    pub fn try_join(mut self) -> impl Future<Output = Result<T, JoinError>> {
        self.assert_not_joined();
        std::future::poll_fn(move |cx| self.poll_outcome(cx).map(|outcome| outcome.map_err(JoinError::from)))
    }

    /// Returns whether the task has finished: it has returned its output, has panicked, or was cancelled and dropped.
    ///
    /// ```
    /// use executor::task;
    ///
    /// let mut task = task::spawn_local(async { 7 });
    /// assert!(!task.is_finished());
    /// assert_eq!(task::block_on(&mut task), 7);
    /// assert!(task.is_finished());
    /// ```
    pub fn is_finished(&self) -> bool {
        self.task.header().state.is_complete()
    }

    /// Returns the task's id: see [`TaskId`].
    ///
    /// ```
    /// use executor::task;
    ///
    /// let task = task::spawn(async { task::current() });
    /// let id = task.id();
    /// assert_eq!(task::block_on(task), Some(id));
    /// ```
    pub fn id(&self) -> TaskId {
        TaskId::of(self.task.as_raw())
    }

    /// Returns the name that a [`Builder`](crate::task::Builder) gave the task, if it has one.
    ///
    /// ```
    /// use executor::task::{self, Builder};
    ///
    /// assert_eq!(task::spawn(async {}).name(), None);
    /// assert_eq!(Builder::new().name("tea").spawn(async {}).name(), Some("tea"));
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.task.name()
    }

    #[track_caller]
    pub(super) fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        if self.poll_finished(cx.waker()) == Join::Pending {
            record_wait(Thing::Join, self.task.as_raw().addr().get(), cx.waker());
            return Poll::Pending;
        }
        budget::poll_take_one(cx).map(|()| self.take_outcome())
    }

    #[track_caller]
    pub(super) fn assert_not_joined(&self) {
        assert!(!self.task.header().state.is_outcome_taken(), "a JoinHandle was polled after it was ready");
    }

    /// Whether the outcome is there. If not, this waker will be woken when it is.
    #[track_caller]
    pub(crate) fn poll_finished(&mut self, waker: &Waker) -> Join {
        self.assert_not_joined();
        if self.task.header().state.poll_join() == Join::Complete {
            return Join::Complete;
        }
        let waker = waker.clone(); // Arbitrary code: it runs before the slot is touched.
        // SAFETY: J2: JOIN_WAKER is clear, and we are the handle.
        let replaced = unsafe { self.swap_waker(Some(waker)) };
        let join = self.task.header().state.store_waker();
        drop(replaced); // J3
        if join == Join::Complete {
            // SAFETY: J2: it was set too late: the runner did not see it, so the slot still belongs to us [join-slot].
            drop(unsafe { self.swap_waker(None) });
        }
        join
    }

    /// Puts a waker into the slot, and returns the previous one.
    ///
    /// # Safety
    /// JOIN_WAKER is clear, or was set too late (J2).
    unsafe fn swap_waker(&mut self, waker: Option<Waker>) -> Option<Waker> {
        let slot = &self.task.header().join_waker;
        // SAFETY: J2, by the caller: no other thread touches the slot now.
        slot.with_mut(|slot| unsafe { std::mem::replace(&mut *slot, waker) })
    }

    /// Takes the outcome. The caller has seen COMPLETE.
    fn take_outcome(&mut self) -> Outcome<T> {
        let mut outcome: Option<Outcome<T>> = None;
        let header = self.task.header();
        // SAFETY: [same-types]: T is the task's output type; [outcome-owner]: we are the handle, and
        // HANDLE was set at COMPLETE; [one-outcome]: not taken yet, as `poll_outcome` asserts.
        unsafe { (header.vtable.take_outcome)(self.task.as_raw(), (&raw mut outcome).cast()) };
        note(Kind::Taken, 0, self.task.as_raw().addr().get());
        header.state.outcome_taken();
        outcome.expect("take_outcome writes it")
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = T;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match std::task::ready!(self.poll_outcome(cx)) {
            Ok(value) => Poll::Ready(value),
            Err(failure) => match failure.into_panic() {
                Some(payload) => resume_unwind(payload),
                None => match self.name() {
                    Some(name) => panic!("the awaited task \"{name}\" was cancelled"),
                    None => panic!("the awaited task {} was cancelled", self.id()),
                },
            },
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        let header = self.task.header();
        if header.state.is_outcome_taken() && !fault("outcome_dropped_twice") {
            return;
        }
        note(Kind::GaveUp, Thing::Join as u8, self.task.as_raw().addr().get());
        match header.state.release_handle() {
            Join::Complete => contain_panic(|| {
                // SAFETY: [same-types]; [outcome-owner]: the outcome belongs to the handle, and was not
                // taken.
                unsafe { (header.vtable.drop_outcome)(self.task.as_raw()) }
            }),
            // SAFETY: J2, [join-slot]: JOIN_WAKER was cleared before COMPLETE, so the slot belongs to us.
            Join::Pending => drop(unsafe { self.swap_waker(None) }),
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("finished", &self.is_finished())
            .finish()
    }
}
