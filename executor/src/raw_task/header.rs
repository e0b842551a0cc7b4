//! What every task begins with, whatever its types, and the two values that hold a claim on a task.
//!
//! A queue holds tasks of many types. A `Box<dyn Task>` would be two words wide, too wide for an atomic
//! slot or a waker's pointer. So a task is one pointer to a header, and the header points to the table of
//! functions that know the types.
//!
//! ```text
//!   Runnable   the queue's claim: there is one, made where QUEUED is set, consumed by running the task
//!   TaskRef    a counted reference, such as the handle's; a waker is one too (see `waker`)
//! ```
//!
//! - [claim]  Code uses a pointer to a task only while it has a claim on the task: a counted reference, a
//!   place in a queue, or the scheduler's list (under its lock, or on its thread). The pointer is the one that
//!   the allocation returned. A pointer made from a `&Header` could reach only the header.
//! - [same-types]  The functions in a header's vtable are those of the types that the task was allocated with.
//! - [no-live-reference]  No Rust reference into a task is live when a claim is given away: from then on
//!   another thread may free the task. A function's argument is live until the function returns, so a
//!   function that gives a claim away takes the pointer. Only the word's methods take a reference,
//!   `&State`. The whole word is in an UnsafeCell, so Stacked Borrows, Tree Borrows and the compiler
//!   allow that it is freed during the call.
//! - H1  The thread that drops the last reference to a complete task frees the allocation.
//!
//! Called by everything that holds a task. Next: `waker`.
#![allow(unsafe_code, reason = "a claim is a pointer to the task")]

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{RawWakerVTable, Waker};

use reactor::record::{Kind, TaskKind, is_on, note};
use reactor::shim::{UnsafeCell, fault};

use super::state::{Action, Finish, Start, State};
use crate::context::Scope;
use crate::task_id::TaskId;

/// What every task begins with. A pointer to it is a pointer to the task.
pub(crate) struct Header {
    pub(crate) vtable: &'static Vtable,
    pub(crate) state: State,
    pub(crate) join_waker: UnsafeCell<Option<Waker>>,
    /// Its index in its scheduler's list (see `list`).
    pub(super) place: Cell<usize>,
}

/// The functions that know a task's types.
pub(crate) struct Vtable {
    /// Polls it, or drops its future; takes over the queue's claim.
    pub(crate) run: unsafe fn(NonNull<Header>),
    /// Hands it to its scheduler, with one reference.
    pub(crate) schedule: unsafe fn(NonNull<Header>),
    /// Moves the outcome to an `Option<Outcome<T>>`.
    pub(crate) take_outcome: unsafe fn(NonNull<Header>, *mut ()),
    /// Drops the outcome in place.
    pub(crate) drop_outcome: unsafe fn(NonNull<Header>),
    /// Its name, which lives as long as the allocation.
    pub(crate) name: unsafe fn(NonNull<Header>) -> Option<NonNull<str>>,
    /// The allocation's size, for a dump.
    pub(crate) size: usize,
    /// Frees the allocation.
    pub(crate) free: unsafe fn(NonNull<Header>),
}

/// A header with its scheduler: the only type that a waker needs to know.
///
/// Tasks that are neighbours in memory may share a cache line. With an alignment of 128 bytes they would not. It was
/// measured: on two cores near each other, a thousand tasks that yield took 3 % less time. But a spawn took 1.3 to 2.8
/// times as long, since the allocator is slow with such an alignment, and a pending task took 459 bytes instead of 82.
#[repr(C)]
pub(crate) struct HeaderWith<S> {
    pub(crate) header: Header,
    pub(crate) scheduler: S,
}

/// What runs a task: the pool, a thread's own queue, or a thread for blocking calls.
pub(crate) trait Schedule: Sized + 'static {
    /// Whether a value that is returned after the cancellation is still the outcome.
    const KEEPS_LATE_VALUE: bool = true;
    /// What a recording calls it.
    const KIND: TaskKind = TaskKind::Pool;
    /// This scheduler's waker functions, at one address, which `will_wake` compares.
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
    /// The queue that the task is pushed to. It is a copy: once the task is pushed, the scheduler in it may be
    /// gone [no-live-reference].
    fn queue(&self) -> Self::Queue;
    /// Queues a woken task.
    fn schedule(queue: Self::Queue, task: Runnable);
    /// Queues a task that was woken while it ran, at the back.
    fn requeue(queue: Self::Queue, task: Runnable) {
        Self::schedule(queue, task);
    }
    /// The runner begins.
    ///
    /// # Safety
    ///
    /// Here and below: the caller has a claim on the task [claim], and the task was allocated with this
    /// scheduler [same-types].
    unsafe fn start(task: NonNull<Header>) -> Start {
        // SAFETY: [claim]: the caller's.
        unsafe { task.as_ref() }.state.start_poll()
    }
    /// The poll returned `Pending`. After `Idle` the caller's claim is gone.
    unsafe fn finish(task: NonNull<Header>) -> Finish {
        // SAFETY: [claim]: the caller's.
        unsafe { task.as_ref() }.state.finish_poll()
    }
    /// The future is gone: removes the task from the scheduler's list, if it is there.
    unsafe fn retire(_task: NonNull<Header>) {}
    /// Wakes the task without its shared word, if the calling thread owns it. Returns whether it does.
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
    /// The caller has a claim on the task [claim] for as long as it uses the returned reference, and the task
    /// was allocated with the scheduler type `S` [same-types].
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

// SAFETY: [queued-once]: a queue has one claim on a task, and it moves with this value. The queue's claim on a
// local task stays on the task's thread (`local` ensures that). What other threads put into its inbox is a counted
// reference.
unsafe impl Send for Runnable {}

impl Runnable {
    /// Takes over the queue's claim. The caller has set QUEUED, or has taken the pointer from a queue.
    #[inline]
    pub(crate) fn from_raw(task: NonNull<Header>) -> Self {
        Self(task)
    }

    /// The task's number in the records.
    #[inline]
    pub(crate) fn number(&self) -> usize {
        self.0.addr().get()
    }

    /// Gives the claim to a container that stores pointers.
    #[inline]
    pub(crate) fn into_raw(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    /// The pointer to the task.
    #[cfg(all(test, not(loom)))]
    pub(super) fn as_raw(&self) -> NonNull<Header> {
        self.0
    }

    /// The task's header.
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
        // To run a cancelled task is to drop its future.
        self.header().state.cancel_claimed();
        Self(self.0).run();
    }
}

/// One counted reference to a task.
pub(crate) struct TaskRef(NonNull<Header>);

// SAFETY: [runner-only], [outcome-owner], [join-slot]: a reference gives access to the atomic word, and to
// parts that the word grants to one thread at a time. The scheduler decides on which threads the future is
// polled.
unsafe impl Send for TaskRef {}
// SAFETY: as for Send: a shared `TaskRef` gives access to the word.
unsafe impl Sync for TaskRef {}

impl TaskRef {
    /// Takes over a reference that is already counted.
    pub(crate) fn from_raw(task: NonNull<Header>) -> Self {
        Self(task)
    }

    /// The pointer to the task.
    pub(crate) fn as_raw(&self) -> NonNull<Header> {
        self.0
    }

    /// The task's header.
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: [claim]: we have a reference.
        unsafe { self.0.as_ref() }
    }

    /// Wakes a task that is not local. If it was idle the reference becomes the queue's claim, and is returned
    /// as that.
    pub(crate) fn wake(self) -> Option<Runnable> {
        let task = ManuallyDrop::new(self).0;
        // SAFETY: [claim]: the reference, which `wake` consumes.
        match unsafe { task.as_ref() }.state.wake() {
            Action::Schedule => return Some(Runnable::from_raw(task)),
            Action::Free => free(task),
            Action::Nothing => {}
        }
        None
    }

    /// Requests that the future be dropped.
    pub(crate) fn cancel(&self) {
        note(Kind::Cancel, 0, self.0.addr().get());
        if self.header().state.cancel() == Action::Schedule {
            // SAFETY: [same-types]; [queued-once]: our `cancel` set QUEUED on an idle task, and counted a
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

/// Notes a wake that will queue nothing. It is called before the wake, because a recording shows a wake before the
/// poll that it causes, and because the task may be gone afterwards. The caller has a claim.
#[inline]
pub(super) fn note_vain_wake(task: NonNull<Header>) {
    // SAFETY: [claim]: the caller's.
    if is_on() && !unsafe { task.as_ref() }.state.look().is_idle() {
        note(Kind::WakeInVain, 0, task.addr().get());
    }
}

/// Drops one counted reference.
#[inline]
pub(crate) fn drop_reference(task: NonNull<Header>) {
    // SAFETY: [claim]: the reference to be dropped is the claim.
    let header = unsafe { task.as_ref() };
    match header.state.drop_reference() {
        Action::Free if !fault("forgotten_free") => free(task),
        Action::Nothing | Action::Free => {} // [no-live-reference]: `header` is not used from here on.
        // SAFETY: [same-types]; [last-reference]: the reference goes to the queue.
        Action::Schedule => unsafe { (header.vtable.schedule)(task) },
    }
}

/// Hands a task to its scheduler, with one reference.
///
/// # Safety
///
/// The caller gives up a reference [queued-once], and the task was allocated with the scheduler `S`
/// [same-types].
#[inline]
pub(crate) unsafe fn schedule<S: Schedule>(task: NonNull<Header>) {
    // SAFETY: [claim], [same-types]: the caller's.
    let queue = unsafe { HeaderWith::<S>::of(task) }.scheduler.queue();
    S::schedule(queue, Runnable::from_raw(task));
}

/// Frees a completed task. The caller has the last reference.
pub(crate) fn free(task: NonNull<Header>) {
    // SAFETY: [claim]: the last reference is the claim.
    let vtable = unsafe { task.as_ref() }.vtable;
    // SAFETY: [same-types]; [one-outcome]: no other reference is left, and the outcome's owner has taken or
    // dropped it.
    unsafe { (vtable.free)(task) }
}
