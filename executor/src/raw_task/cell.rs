//! The task's one allocation, and every access to its contents.
//!
//! A separate allocation for the outcome, or a channel, would cost each spawn a second call of the allocator.
//! An enum of future and outcome would be safe code, but its tag would repeat what the task's word says, and
//! reading the tag would borrow the future too. So the two share a union, the stage.
//!
//! ```text
//!   Header ───────────────────────────────┐
//!   │ vtable │ state │ join waker │ place │
//!   ├────────┴───────┴────────────┴───────┤
//!   │ scheduler: S                        │  which queue it goes to
//!   │ name: N                             │  `()` costs nothing
//!   │ future: F   or   outcome: Result<T> │  in one place: the future is dropped before the outcome is written
//!   └─────────────────────────────────────┘
//! ```
//!
//! - [pinned]  The future is in the stage until its runner drops it, just before COMPLETE, and is never
//!   moved: it is pinned.
//! - [one-outcome]  The outcome is in the stage from COMPLETE until its owner [outcome-owner] takes or drops
//!   it, which happens once.
//!
//! Called by `run`. Next: `run`.
#![allow(
    unsafe_code,
    reason = "the allocation is shared by the queue, the runner, the handle and the wakers"
)]

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use reactor::shim::UnsafeCell;

use super::header::{self, Header, HeaderWith, Schedule, Vtable};

/// Why there is no value: a panic's payload, or [`Cancelled`] in its place. It is boxed twice, which makes it
/// one word that is never null: so a `Result<(), Failure>` is one word as well.
pub(crate) struct Failure(Box<Box<dyn Any + Send>>);

/// Takes the payload's place in a cancelled task.
struct Cancelled;

impl Failure {
    /// The future was dropped before it was ready.
    pub(super) fn cancelled() -> Self {
        Self::panicked(Box::new(Cancelled))
    }

    /// A poll panicked, with this payload.
    pub(super) fn panicked(payload: Box<dyn Any + Send>) -> Self {
        Self(Box::new(payload))
    }

    /// Whether there was no panic.
    pub(super) fn is_cancelled(&self) -> bool {
        self.0.is::<Cancelled>()
    }

    /// The panic's payload; `None` for a cancellation.
    pub(crate) fn into_panic(self) -> Option<Box<dyn Any + Send>> {
        if self.is_cancelled() { None } else { Some(*self.0) }
    }
}

/// What a task leaves behind.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// What a task stores as its name; `()` if it has none.
pub(crate) trait Name: Send + 'static {
    /// The name, if there is one.
    fn name(&self) -> Option<&str>;
}

impl Name for () {
    fn name(&self) -> Option<&str> {
        None
    }
}

impl Name for Option<Box<str>> {
    fn name(&self) -> Option<&str> {
        self.as_deref()
    }
}

/// The whole allocation.
#[repr(C)]
pub(crate) struct TaskCell<F: Future, S, N> {
    pub(super) header_with: HeaderWith<S>,
    name: N,
    stage: UnsafeCell<Stage<F>>,
}

/// The future, and later, in the same place, the outcome. The state word says which it is [pinned]
/// [one-outcome]. With `repr(C)` a pointer to the stage is a pointer to either.
#[repr(C)]
union Stage<F: Future> {
    #[allow(dead_code, reason = "written by its pointer")]
    future: ManuallyDrop<F>,
    #[allow(dead_code, reason = "as above")]
    outcome: ManuallyDrop<Outcome<F::Output>>,
    #[allow(dead_code, reason = "before the future is written")]
    empty: (),
}

impl<F: Future, S: Schedule, N: Name> TaskCell<F, S, N> {
    /// Allocates a task. The caller still has to write the future to the second pointer that is returned. The
    /// future is not an argument, since in an unoptimised build each move of a large future is a copy on the
    /// stack.
    pub(super) fn allocate(scheduler: S, name: N, vtable: &'static Vtable) -> (NonNull<Header>, *mut F) {
        let header =
            Header { vtable, state: S::new_state(), join_waker: UnsafeCell::new(None), place: Cell::new(0) };
        let cell = Box::into_raw(Box::<Self>::new_uninit()).cast::<Self>();
        // SAFETY: allocated in the line above, and a `TaskCell` begins with this field (repr(C)).
        unsafe { cell.cast::<HeaderWith<S>>().write(HeaderWith { header, scheduler }) };
        // SAFETY: inside the allocation.
        let (to, stage) = (unsafe { &raw mut (*cell).name }, unsafe { &raw mut (*cell).stage });
        // SAFETY: as above.
        unsafe { to.write(name) };
        // SAFETY: as above; loom's cell holds more than its value, so it has to be written.
        #[cfg(loom)]
        unsafe {
            stage.write(UnsafeCell::new(Stage { empty: () }));
        }
        // SAFETY: as above; a union needs no value.
        let stage = unsafe { &*stage }.with_mut(<*mut Stage<F>>::cast);
        (NonNull::new(cell.cast()).expect("a box is never null"), stage) // [claim]: it reaches the whole cell.
    }

    /// The vtable for these types; the caller supplies `run`.
    pub(super) const fn vtable(run: unsafe fn(NonNull<Header>)) -> Vtable {
        Vtable {
            run,
            schedule: header::schedule::<S>,
            take_outcome: Self::take_outcome,
            drop_outcome: Self::drop_outcome,
            name: Self::name,
            size: size_of::<Self>(),
            free: Self::free,
        }
    }

    /// The typed view of a header.
    ///
    /// # Safety
    ///
    /// As for [`HeaderWith::of`]; and `F` and `N` are the types it was allocated with [same-types].
    #[inline]
    pub(crate) unsafe fn of<'a>(task: NonNull<Header>) -> &'a Self {
        // SAFETY: [claim], [same-types]: the caller's; the cell begins with its header (repr(C)).
        unsafe { task.cast::<Self>().as_ref() }
    }

    /// Polls the future once.
    ///
    /// # Safety
    ///
    /// The caller is the runner [runner-only], and the future is still there [pinned].
    #[inline]
    pub(crate) unsafe fn poll_future(&self, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.stage.with_mut(|stage| {
            // SAFETY: [runner-only]: we are the runner, no other thread touches the stage; [pinned]: it holds
            // the future.
            let future = unsafe { &mut *stage.cast::<F>() };
            // SAFETY: [pinned]: the future stays in this allocation until it is dropped in place.
            unsafe { Pin::new_unchecked(future) }.poll(cx)
        })
    }

    /// Drops the future in place. If the drop panics, the future counts as dropped.
    ///
    /// # Safety
    ///
    /// The caller is the runner [runner-only], and the future is still there [pinned]; afterwards it is not.
    pub(crate) unsafe fn drop_future(&self) {
        self.stage.with_mut(|stage| {
            // SAFETY: [runner-only], [pinned], as in `poll_future`; dropped once, by the one runner that
            // completes.
            unsafe { stage.cast::<F>().drop_in_place() }
        });
    }

    /// Writes the outcome where the future was.
    ///
    /// # Safety
    ///
    /// The caller is the runner [runner-only], has dropped the future, and writes once, before COMPLETE.
    pub(crate) unsafe fn write_outcome(&self, outcome: Outcome<F::Output>) {
        self.stage.with_mut(|stage| {
            // SAFETY: [runner-only]: we are the runner; the future that was here has been dropped.
            unsafe { stage.cast::<Outcome<F::Output>>().write(outcome) }
        });
    }

    unsafe fn take_outcome(task: NonNull<Header>, to: *mut ()) {
        // SAFETY: [claim], [same-types]: the handle's reference, and this is its vtable.
        let cell = unsafe { Self::of(task) };
        let outcome = cell.stage.with_mut(|stage| {
            // SAFETY: [outcome-owner]: the outcome belongs to the handle; [one-outcome]: it is in the stage,
            // and is taken once, since `outcome_taken` keeps the handle from taking it again.
            unsafe { stage.cast::<Outcome<F::Output>>().read() }
        });
        // SAFETY: `JoinHandle` passes a pointer to an `Option<Outcome<F::Output>>` on its own stack: T is in
        // the handle's type [same-types].
        unsafe { *to.cast::<Option<Outcome<F::Output>>>() = Some(outcome) };
    }

    unsafe fn drop_outcome(task: NonNull<Header>) {
        // SAFETY: [claim], [same-types]: the caller's claim, and this is its vtable.
        let cell = unsafe { Self::of(task) };
        cell.stage.with_mut(|stage| {
            // SAFETY: [outcome-owner]: the caller owns the outcome; [one-outcome]: it is in the stage, and is
            // dropped once.
            unsafe { stage.cast::<Outcome<F::Output>>().drop_in_place() }
        });
    }

    unsafe fn name(task: NonNull<Header>) -> Option<NonNull<str>> {
        // SAFETY: [claim], [same-types]: the caller's reference, and this is its vtable.
        unsafe { Self::of(task) }.name.name().map(NonNull::from)
    }

    unsafe fn free(task: NonNull<Header>) {
        // SAFETY: the last reference is gone [last-reference], and this is the type it was allocated with
        // [same-types]. The stage is a union: nothing in it is dropped here [one-outcome].
        drop(unsafe { Box::from_raw(task.cast::<Self>().as_ptr()) });
    }
}
