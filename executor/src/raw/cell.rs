//! The task's one allocation, and every access to what is in it.
//!
//!   Header ───────────────────────────────┐  what every task has, whatever its types:
//!   │ vtable │ state │ join waker │ links │  a pointer to it is a pointer to the task
//!   ├────────┴───────┴────────────┴───────┤
//!   │ scheduler: S                        │  whose queue it goes to
//!   │ name: N                             │  `()` costs nothing
//!   │ future: F   or   outcome: Result<T> │  in one place: the one dies before the other is born
//!   └─────────────────────────────────────┘
//!
//! C1  A pointer to a task is used only by who has a claim on it: a reference, the queue's place, or
//!     the scheduler's list under its lock.
//! C2  The future stands in the stage until COMPLETE, and is never moved: it is pinned.
//! C3  The outcome stands there from COMPLETE until its owner (T3) takes or drops it, once.
//! C4  The functions behind a header's vtable are those of the types it was allocated with.
//!
//! T1 to T5 are in `state`. Called by `runnable`, `join_handle`, `waker`. Next: `waker`.
#![allow(
    unsafe_code,
    reason = "the allocation is shared by the queue, the runner, the handle and the wakers"
)]

use std::any::Any;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, RawWakerVTable, Waker};

use reactor::shim::UnsafeCell;

use super::list::Links;
use super::runnable::Runnable;
use super::state::{Action, Finish, Start, State};
use crate::context::{Polled, TaskId};

/// Why there is no value: a panic's payload (boxed once more, to be one word), or a cancellation.
pub(crate) struct Failure(pub(crate) Option<Box<Box<dyn Any + Send>>>);

/// What a task leaves behind.
pub(crate) type Outcome<T> = Result<T, Failure>;

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
    fn polled(id: TaskId) -> Polled {
        Polled::Task(id)
    }
    /// A woken task goes to its queue.
    fn schedule(&self, task: Runnable);
    /// A task that was woken while it ran goes to the back of its queue.
    fn requeue(&self, task: Runnable) {
        self.schedule(task);
    }
    /// The runner begins.
    fn start(&self, header: &Header) -> Start {
        header.state.start_poll()
    }
    /// The poll answered `Pending`.
    fn finish(&self, header: &Header) -> Finish {
        header.state.finish_poll()
    }
    /// The future is gone: the scheduler's list need not hold the task any more.
    fn retire(&self, header: &Header);
    /// Wakes here and now if that takes no word shared with other threads.
    #[inline]
    fn wake_at_home(&self, _header: &Header) -> bool {
        false
    }
}

/// A task's name, or the lack of one.
pub(crate) trait Name: Send + 'static {
    /// The name.
    fn name(&self) -> Option<&str>;
}

impl Name for () {
    fn name(&self) -> Option<&str> {
        None
    }
}

impl Name for Box<str> {
    fn name(&self) -> Option<&str> {
        Some(self)
    }
}

/// The functions that know a task's types.
pub(crate) struct Vtable {
    /// Polls it, or drops its future, in the name of the queue's claim.
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
    free: unsafe fn(NonNull<Header>),
}

/// What every task begins with.
pub(crate) struct Header {
    pub(crate) vtable: &'static Vtable,
    pub(crate) state: State,
    pub(crate) join_waker: UnsafeCell<Option<Waker>>,
    pub(crate) links: Links,
}

/// A header with its scheduler: what a waker needs to know of the types.
#[repr(C)]
pub(crate) struct Placed<S> {
    header: Header,
    pub(crate) scheduler: S,
}

/// The whole allocation.
#[repr(C)]
pub(crate) struct TaskCell<F: Future, S, N> {
    placed: Placed<S>,
    name: N,
    stage: UnsafeCell<Stage<F>>,
}

/// The future, and in its place later the outcome. The state word says which (C2, C3). In C's layout
/// a pointer to the stage is a pointer to either.
#[repr(C)]
union Stage<F: Future> {
    future: ManuallyDrop<F>,
    outcome: ManuallyDrop<Outcome<F::Output>>,
}

/// Allocates a task: the queue's claim, and the handle's reference.
pub(crate) fn allocate<F, S, N>(future: F, scheduler: S, name: N) -> (Runnable, TaskRef)
where
    F: Future,
    S: Schedule,
    N: Name,
{
    let cell = Box::new(TaskCell {
        placed: Placed {
            header: Header {
                vtable: &TaskCell::<F, S, N>::VTABLE,
                state: S::new_state(),
                join_waker: UnsafeCell::new(None),
                links: Links::default(),
            },
            scheduler,
        },
        name,
        stage: UnsafeCell::new(Stage {
            future: ManuallyDrop::new(future),
        }),
    });
    let pointer = NonNull::from(Box::leak(cell)).cast::<Header>();
    (Runnable::from_raw(pointer), TaskRef(pointer))
}

/// One counted reference to a task.
pub(crate) struct TaskRef(NonNull<Header>);

// SAFETY: T2, T3, T4: what a reference reaches from any thread is the atomic word, and parts that
// the word gives to one thread at a time. Whether the future may move is the scheduler's care.
unsafe impl Send for TaskRef {}
// SAFETY: as for Send: shared use is use of the word.
unsafe impl Sync for TaskRef {}

impl TaskRef {
    /// Where the task stands.
    pub(crate) fn as_raw(&self) -> NonNull<Header> {
        self.0
    }

    /// What every task has.
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: C1: we have a reference.
        unsafe { self.0.as_ref() }
    }

    /// Asks for the future to be dropped.
    pub(crate) fn cancel(&self) {
        if self.header().state.cancel() == Action::Schedule {
            // SAFETY: C4; T1: `cancel` made us the one who queues it, and counted a reference.
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
    // SAFETY: C1: the reference to be dropped is the claim.
    let header = unsafe { task.as_ref() };
    match header.state.drop_reference() {
        Action::Nothing => {}
        Action::Free => free(task),
        // SAFETY: C4; T5: the reference goes to the queue.
        Action::Schedule => unsafe { (header.vtable.schedule)(task) },
    }
}

/// Frees a completed task, in the name of the last reference.
pub(crate) fn free(task: NonNull<Header>) {
    // SAFETY: C1: the last reference is the claim.
    let vtable = unsafe { task.as_ref() }.vtable;
    // SAFETY: C4; C3: no reference is left, and the outcome has been taken or dropped by its owner.
    unsafe { (vtable.free)(task) }
}

impl<S> Placed<S> {
    /// The typed view of a header.
    ///
    /// # Safety
    ///
    /// The caller has a claim on the task (C1) for as long as it uses the answer, and the task was
    /// allocated with the scheduler type `S` (C4).
    #[inline]
    pub(crate) unsafe fn of<'a>(task: NonNull<Header>) -> &'a Self {
        // SAFETY: C1, C4: the caller's; `Placed` begins with its header (repr(C)).
        unsafe { task.cast::<Self>().as_ref() }
    }

    /// What every task has.
    #[inline]
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }
}

impl<F, S, N> TaskCell<F, S, N>
where
    F: Future,
    S: Schedule,
    N: Name,
{
    const VTABLE: Vtable = Vtable {
        run: super::runnable::run::<F, S, N>,
        schedule: Self::schedule,
        take_outcome: Self::take_outcome,
        drop_outcome: Self::drop_outcome,
        name: Self::name,
        free: Self::free,
    };

    /// The typed view of a header.
    ///
    /// # Safety
    ///
    /// As for [`Placed::of`]; and `F` and `N` are the types it was allocated with (C4).
    #[inline]
    pub(crate) unsafe fn of<'a>(task: NonNull<Header>) -> &'a Self {
        // SAFETY: C1, C4: the caller's; the cell begins with its header (repr(C)).
        unsafe { task.cast::<Self>().as_ref() }
    }

    /// The header and the scheduler.
    #[inline]
    pub(crate) fn placed(&self) -> &Placed<S> {
        &self.placed
    }

    /// Polls the future.
    ///
    /// # Safety
    ///
    /// The caller is the runner (T2), and the future is still there (C2).
    #[inline]
    pub(crate) unsafe fn poll_future(&self, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.stage.with_mut(|stage| {
            // SAFETY: T2: we are the runner, nobody else touches the stage; C2: it holds the future.
            let future = unsafe { &mut *stage.cast::<F>() };
            // SAFETY: C2: the future stays in this allocation until it is dropped in place.
            unsafe { Pin::new_unchecked(future) }.poll(cx)
        })
    }

    /// Drops the future in place. It may panic: then the future counts as dropped.
    ///
    /// # Safety
    ///
    /// The caller is the runner (T2), and the future is still there (C2); afterwards it is not.
    pub(crate) unsafe fn drop_future(&self) {
        self.stage.with_mut(|stage| {
            // SAFETY: T2, C2, as in `poll_future`; dropped once, by the one runner that completes.
            unsafe { stage.cast::<F>().drop_in_place() }
        });
    }

    /// Writes the outcome where the future was.
    ///
    /// # Safety
    ///
    /// The caller is the runner (T2), has dropped the future, and writes once, before COMPLETE.
    pub(crate) unsafe fn write_outcome(&self, outcome: Outcome<F::Output>) {
        self.stage.with_mut(|stage| {
            let outcome = Stage {
                outcome: ManuallyDrop::new(outcome),
            };
            // SAFETY: T2: we are the runner; what stood here is dropped already.
            unsafe { stage.write(outcome) }
        });
    }

    unsafe fn schedule(task: NonNull<Header>) {
        // SAFETY: C1, C4: the caller's reference, and this is its vtable.
        let placed = unsafe { Placed::<S>::of(task) };
        placed.scheduler.schedule(Runnable::from_raw(task));
    }

    unsafe fn take_outcome(task: NonNull<Header>, to: *mut ()) {
        // SAFETY: C1, C4: the handle's reference, and this is its vtable.
        let cell = unsafe { Self::of(task) };
        let outcome = cell.stage.with_mut(|stage| {
            // SAFETY: T3: the outcome is the handle's; C3: it stands here, and is taken once, for
            // `outcome_taken` keeps the handle from coming again.
            unsafe { stage.cast::<Outcome<F::Output>>().read() }
        });
        // SAFETY: `JoinHandle::poll` hands in an `Option<Outcome<F::Output>>` of its own, on its
        // stack: T is in the handle's type (C4).
        unsafe { *to.cast::<Option<Outcome<F::Output>>>() = Some(outcome) };
    }

    unsafe fn drop_outcome(task: NonNull<Header>) {
        // SAFETY: C1, C4: the caller's claim, and this is its vtable.
        let cell = unsafe { Self::of(task) };
        cell.stage.with_mut(|stage| {
            // SAFETY: T3: the caller owns the outcome; C3: it stands here, and is dropped once.
            unsafe { stage.cast::<Outcome<F::Output>>().drop_in_place() }
        });
    }

    unsafe fn name(task: NonNull<Header>) -> Option<NonNull<str>> {
        // SAFETY: C1, C4: the caller's reference, and this is its vtable.
        unsafe { Self::of(task) }.name.name().map(NonNull::from)
    }

    unsafe fn free(task: NonNull<Header>) {
        // SAFETY: the last reference is gone (T5), and this is the type it was allocated with (C4).
        // The stage is a union: nothing in it is dropped here (C3).
        drop(unsafe { Box::from_raw(task.cast::<Self>().as_ptr()) });
    }
}
