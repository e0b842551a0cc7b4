//! What every task begins with, whatever its types, and the two claims on a task.
//!
//! ```text
//!   Runnable   the queue's claim: one, made by whoever set QUEUED, used up by running
//!   TaskRef    a counted reference: the handle's; a waker is one too (see `waker`)
//! ```
//!
//! [claim]  A pointer to a task is used only by whoever has a claim on it: a reference, the queue's place, or
//!     the scheduler's list (under its lock, or on its thread). It is the pointer that the allocation gave,
//!     never one made from a reference, which would reach no further than what it refers to.
//! [same-types]  The functions behind a header's vtable are those of the types it was allocated with.
//! [no-live-reference]  No reference into a task is live when its claim is given away: from then on another
//!     thread may free the task. A function's argument is live until the function returns, so what gives a
//!     claim away takes the pointer. The word's verbs alone take a reference, `&State`: all of the word is in
//!     an UnsafeCell, and of that neither Stacked nor Tree Borrows nor the compiler wants that it outlives
//!     the call.
//!
//! Called by everything that holds a task. Next: `waker`.
#![allow(unsafe_code, reason = "a claim is a pointer to the task")]

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{RawWakerVTable, Waker};

use reactor::shim::{UnsafeCell, fault};

use super::state::{Action, Finish, Start, State};
use crate::context::Scope;
use crate::task_id::TaskId;

/// What every task begins with: a pointer to it is a pointer to the task.
pub(crate) struct Header {
    pub(crate) vtable: &'static Vtable,
    pub(crate) state: State,
    pub(crate) join_waker: UnsafeCell<Option<Waker>>,
    /// Where it stands in its scheduler's list (see `list`).
    pub(super) place: Cell<usize>,
}

/// The functions that know a task's types.
pub(crate) struct Vtable {
    /// Polls it, or drops its future, on the strength of the queue's claim.
    pub(crate) run: unsafe fn(NonNull<Header>),
    /// Hands it to its scheduler, with one reference.
    pub(crate) schedule: unsafe fn(NonNull<Header>),
    /// Moves the outcome to an `Option<Outcome<T>>`.
    pub(crate) take_outcome: unsafe fn(NonNull<Header>, *mut ()),
    /// Drops the outcome where it stands.
    pub(crate) drop_outcome: unsafe fn(NonNull<Header>),
    /// Its name, which lives as long as the allocation.
    pub(crate) name: unsafe fn(NonNull<Header>) -> Option<NonNull<str>>,
    /// Frees the allocation.
    pub(crate) free: unsafe fn(NonNull<Header>),
}

/// A header with its scheduler: what a waker needs to know of the types.
#[repr(C)]
pub(crate) struct HeaderWith<S> {
    pub(crate) header: Header,
    pub(crate) scheduler: S,
}

/// Who runs a task: the pool, a thread's own queue, or a thread for blocking calls.
pub(crate) trait Schedule: Sized + 'static {
    /// Whether a value that comes after the cancellation is still handed out.
    const KEEPS_LATE_VALUE: bool = true;
    /// This scheduler's waker functions: one address, so that `will_wake` can compare it.
    fn waker_vtable() -> &'static RawWakerVTable;
    /// The state of a new task.
    fn new_state() -> State {
        State::new()
    }
    /// How `context` marks this scheduler's polls.
    fn scope(id: TaskId) -> Scope {
        Scope::Task(id)
    }
    /// Where its tasks are queued.
    type Queue;
    /// A copy, to push by when the task itself may be gone [no-live-reference].
    fn queue(&self) -> Self::Queue;
    /// A woken task goes to its queue.
    fn schedule(queue: Self::Queue, task: Runnable);
    /// A task that was woken while it ran goes to the back of its queue.
    fn requeue(queue: Self::Queue, task: Runnable) {
        Self::schedule(queue, task);
    }
    /// The runner begins.
    ///
    /// # Safety
    ///
    /// Here and below: the caller has a claim on the task [claim], which is of this scheduler [same-types].
    unsafe fn start(task: NonNull<Header>) -> Start {
        // SAFETY: [claim]: the caller's.
        unsafe { task.as_ref() }.state.start_poll()
    }
    /// The poll returned `Pending`. After `Idle` the caller's claim is gone.
    unsafe fn finish(task: NonNull<Header>) -> Finish {
        // SAFETY: [claim]: the caller's.
        unsafe { task.as_ref() }.state.finish_poll()
    }
    /// The future is gone: the scheduler's list need not hold the task any more.
    unsafe fn retire(_task: NonNull<Header>) {}
    /// Wakes the task here and now, if that can be done without the word that other threads share; answers
    /// whether it was.
    #[inline]
    unsafe fn wake_locally(_task: NonNull<Header>) -> bool {
        false
    }
}

impl<S> HeaderWith<S> {
    /// The typed view of a header.
    ///
    /// # Safety
    ///
    /// The caller has a claim on the task [claim] for as long as it uses the answer, and the task was
    /// allocated with the scheduler type `S` [same-types].
    #[inline]
    pub(crate) unsafe fn of<'a>(task: NonNull<Header>) -> &'a Self {
        // SAFETY: [claim], [same-types]: the caller's; `HeaderWith` begins with its header (repr(C)).
        unsafe { task.cast::<Self>().as_ref() }
    }
}

/// A task that is in a queue: the queue's claim on it.
///
/// Dropped without being run, it cancels the task and drops its future here.
pub(crate) struct Runnable(NonNull<Header>);

// SAFETY: [queued-once]: there is one claim of a queue's, and it moves with this value. A local task's claim
// never leaves its thread (`local` keeps that), except in the inbox, where it is only counted.
unsafe impl Send for Runnable {}

impl Runnable {
    /// The claim of whoever made the task QUEUED.
    #[inline]
    pub(crate) fn from_raw(task: NonNull<Header>) -> Self {
        Self(task)
    }

    /// Which task it is, for a record.
    #[inline]
    pub(crate) fn number(&self) -> usize {
        self.0.addr().get()
    }

    /// Gives the claim up to a place that stores pointers.
    #[inline]
    pub(crate) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    /// Where the task stands.
    #[cfg(all(test, not(loom)))]
    pub(super) fn as_raw(&self) -> NonNull<Header> {
        self.0
    }

    /// What every task has.
    pub(super) fn header(&self) -> &Header {
        // SAFETY: [claim]: the queue's claim.
        unsafe { self.0.as_ref() }
    }

    /// Polls the task once, or drops its future if it was cancelled.
    #[inline]
    pub(crate) fn run(self) {
        let task = self.into_raw();
        // SAFETY: [claim]: the queue's claim, which `run` takes over.
        let vtable = unsafe { task.as_ref() }.vtable;
        // SAFETY: [same-types]; [queued-once]: we hold the queue's claim, and give it up.
        unsafe { (vtable.run)(task) }
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // What is left to do for a cancelled task is to run it: that drops the future.
        self.header().state.cancel_claimed();
        Self(self.0).run();
    }
}

/// One counted reference to a task.
pub(crate) struct TaskRef(NonNull<Header>);

// SAFETY: [runner-only], [outcome-owner], [join-slot]: what a reference reaches from any thread is the atomic
// word, and parts that the word gives to one thread at a time. Whether the future may move is the scheduler's
// care.
unsafe impl Send for TaskRef {}
// SAFETY: as for Send: shared use is use of the word.
unsafe impl Sync for TaskRef {}

impl TaskRef {
    /// Takes over a reference that is already counted.
    pub(crate) fn from_raw(task: NonNull<Header>) -> Self {
        Self(task)
    }

    /// Where the task stands.
    pub(crate) fn as_raw(&self) -> NonNull<Header> {
        self.0
    }

    /// What every task has.
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: [claim]: we have a reference.
        unsafe { self.0.as_ref() }
    }

    /// Asks for the future to be dropped.
    pub(crate) fn cancel(&self) {
        if self.header().state.cancel() == Action::Schedule {
            // SAFETY: [same-types]; [queued-once]: `cancel` made us the one who queues it, and counted a
            // reference.
            unsafe { (self.header().vtable.schedule)(self.0) }
        }
    }
}

impl Drop for TaskRef {
    fn drop(&mut self) {
        drop_reference(self.0);
    }
}

/// Drops one counted reference.
#[inline]
pub(crate) fn drop_reference(task: NonNull<Header>) {
    // SAFETY: [claim]: the reference to be dropped is the claim.
    let header = unsafe { task.as_ref() };
    match header.state.drop_reference() {
        Action::Free if !fault("forgotten_free") => free(task),
        Action::Nothing | Action::Free => {} // [no-live-reference]: `header` is not used any more.
        // SAFETY: [same-types]; [last-reference]: the reference goes to the queue.
        Action::Schedule => unsafe { (header.vtable.schedule)(task) },
    }
}

/// Hands a task to its scheduler, with one reference.
///
/// # Safety
///
/// The caller gives the reference up [queued-once], and the task is of the scheduler `S` [same-types].
#[inline]
pub(crate) unsafe fn schedule<S: Schedule>(task: NonNull<Header>) {
    // SAFETY: [claim], [same-types]: the caller's.
    let queue = unsafe { HeaderWith::<S>::of(task) }.scheduler.queue();
    S::schedule(queue, Runnable::from_raw(task));
}

/// Frees a completed task, on the strength of the last reference.
pub(crate) fn free(task: NonNull<Header>) {
    // SAFETY: [claim]: the last reference is the claim.
    let vtable = unsafe { task.as_ref() }.vtable;
    // SAFETY: [same-types]; [one-outcome]: no reference is left, and the outcome has been taken or dropped by
    // its owner.
    unsafe { (vtable.free)(task) }
}
