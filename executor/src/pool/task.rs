//! A pool's tasks: where they go when they are woken, and how they find their pool.
//!
//! P1  A task is in one of the pool's lists from its first `Pending` on, and as long as one of them waits there
//!     the pool's workers stay (P3), each with a share of the pool: a wake from anywhere finds it. Before that
//!     the task is in a queue or on a worker.
//! P2  Whoever pushes from outside holds a share of its own until it is done, for the pushed task may run, and
//!     end with its pool meanwhile.
//!
//! C1, C4 and C5 are in `raw::header`, I2 in `raw::list`, P3 in `end`, P4 in `shared`. Called by the task's waker and
//! its runner. Next: `poller`, the first file of the reactor.
#![allow(unsafe_code, reason = "a task reaches its pool by a pointer, so that short tasks count nothing")]

use std::ptr::NonNull;
use std::sync::Arc;
use std::task::RawWakerVTable;

use reactor::record::{Kind, record};

use super::shared::Shared;
use super::worker;
use crate::raw::header::{Header, Placed, Runnable, Schedule};
use crate::raw::state::Finish;
use crate::raw::waker;

/// The scheduler of a pool's tasks.
pub(crate) struct Pooled {
    shared: *const Shared,
}

static WAKER: RawWakerVTable = waker::vtable::<Pooled>();

impl Pooled {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::as_ptr(shared) }
    }

    /// For a task that is dropped before it has run, for want of a pool.
    pub(super) fn nowhere() -> Self {
        Self { shared: std::ptr::null() }
    }
}

impl Schedule for Pooled {
    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    type Queue = *const Shared;

    #[inline]
    fn queue(&self) -> *const Shared {
        self.shared
    }

    #[inline]
    fn schedule(shared: *const Shared, task: Runnable) {
        record(Kind::Wake, task.number());
        let Err(task) = worker::push_here(shared, task) else {
            return;
        };
        // SAFETY: P1: the task is in a list, and not in a queue yet, so the workers have shares; the pointer is
        // from `Arc::as_ptr`.
        unsafe { Arc::increment_strong_count(shared) };
        // SAFETY: P2: the share that was counted in the line above.
        let shared = unsafe { Arc::from_raw(shared) };
        shared.inject(task);
    }

    fn requeue(shared: *const Shared, task: Runnable) {
        if let Err(task) = worker::push_back_here(shared, task) {
            // SAFETY: P1: the caller has run the task: a worker, with a share of its own.
            unsafe { &*shared }.inject(task);
        }
    }

    unsafe fn finish(task: NonNull<Header>) -> Finish {
        // SAFETY: C1, C4: the caller's; `finish_poll` may end the claim, and is the last use (C5).
        let placed = unsafe { Placed::<Self>::of(task) };
        let state = &placed.header.state;
        if !state.is_listed() {
            // SAFETY: P1: called by the task's runner, a worker.
            let shared = unsafe { &*placed.scheduler.shared };
            state.set_listed();
            shared.list(task, |list| {
                // SAFETY: C1: the caller's; it was in no list, and `retire` takes it out (I2).
                unsafe { list.push(task) };
                if shared.is_closed() {
                    state.cancel_claimed(); // P4
                }
            });
        }
        state.finish_poll()
    }

    unsafe fn retire(task: NonNull<Header>) {
        // SAFETY: C1, C4: the caller's.
        let placed = unsafe { Placed::<Self>::of(task) };
        if placed.header.state.is_listed() {
            // SAFETY: P1: called by the task's runner, a worker.
            let shared = unsafe { &*placed.scheduler.shared };
            // SAFETY: LISTED: `finish` has put it there.
            shared.list(task, |list| unsafe { list.remove(task) });
        }
    }
}
