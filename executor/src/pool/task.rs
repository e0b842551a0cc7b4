//! A pool's tasks: where they go when they are woken, and how they find their pool.
//!
//! A task has to find its pool when another thread wakes it. With an `Arc` in each task, every spawn and every
//! end of a task would write the pool's reference count, for which all workers would contend. So a task has a
//! plain pointer, and these rules say why the pool still exists.
//!
//! - [list-owns-pool]  A task is in one of the pool's lists from its first `Pending` on. As long as a task
//!   waits in a list the pool's workers stay [pool-is-over], each with an `Arc` of the pool: a wake from
//!   any thread finds the pool. Before that the task is in a queue or on a worker.
//! - [pusher-owns-pool]  A thread that pushes from outside holds its own `Arc` of the pool until it returns,
//!   since the pushed task may run meanwhile, and the pool may end.
//!
//! Called by the task's waker and its runner. Next: `poller`, the first file of the reactor.
#![allow(unsafe_code, reason = "a task reaches its pool by a pointer, so that short tasks count nothing")]

use std::ptr::NonNull;
use std::sync::Arc;
use std::task::RawWakerVTable;

use reactor::record::{Kind, note, record};
use reactor::shim::fault;

use super::shared::Shared;
use super::worker;
use crate::raw_task::header::{Header, HeaderWith, Runnable, Schedule};
use crate::raw_task::state::Finish;
use crate::raw_task::waker;

/// The scheduler of a pool's tasks.
pub(crate) struct PoolScheduler {
    shared: *const Shared,
}

static WAKER: RawWakerVTable = waker::vtable::<PoolScheduler>();

impl PoolScheduler {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::as_ptr(shared) }
    }

    /// For a task that is dropped before it has run, since there is no pool.
    pub(super) fn nowhere() -> Self {
        Self { shared: std::ptr::null() }
    }
}

impl Schedule for PoolScheduler {
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
        let Err(task) = worker::push_slot(shared, task) else {
            return;
        };
        // SAFETY: [list-owns-pool]: the task is in a list, and not in a queue yet, so the workers have
        // their `Arc`s; the pointer is from `Arc::as_ptr`.
        unsafe { Arc::increment_strong_count(shared) };
        // SAFETY: [pusher-owns-pool]: the reference that was counted in the line above.
        let shared = unsafe { Arc::from_raw(shared) };
        if fault("dropped_inside_the_wake") && shared.is_closed() {
            return drop(task);
        }
        note(Kind::Injected, 0, task.number());
        shared.inject(task);
    }

    fn requeue(shared: *const Shared, task: Runnable) {
        if let Err(task) = worker::push_back(shared, task) {
            // SAFETY: [list-owns-pool]: the caller has run the task: it is a worker, with an `Arc` of its own.
            unsafe { &*shared }.inject(task);
        }
    }

    unsafe fn finish(task: NonNull<Header>) -> Finish {
        // SAFETY: [claim], [same-types]: the caller's; `finish_poll` may end the claim, and is the last use
        // [no-live-reference].
        let header_with = unsafe { HeaderWith::<Self>::of(task) };
        let state = &header_with.header.state;
        if !state.is_listed() {
            // SAFETY: [list-owns-pool]: called by the task's runner, a worker.
            let shared = unsafe { &*header_with.scheduler.shared };
            state.set_listed();
            shared.task_list(task, |list| {
                // SAFETY: [claim]: the caller's; it was in no list, and `retire` removes it [listed-is-live].
                unsafe { list.push(task) };
                if shared.is_closed() {
                    state.cancel_claimed(); // [closed-under-lock]
                }
            });
        }
        state.finish_poll()
    }

    unsafe fn retire(task: NonNull<Header>) {
        // SAFETY: [claim], [same-types]: the caller's.
        let header_with = unsafe { HeaderWith::<Self>::of(task) };
        if header_with.header.state.is_listed() {
            // SAFETY: [list-owns-pool]: called by the task's runner, a worker.
            let shared = unsafe { &*header_with.scheduler.shared };
            // SAFETY: LISTED: `finish` has put it into this list.
            shared.task_list(task, |list| unsafe { list.remove(task) });
        }
    }
}
