//! A pool's tasks: where they go when they are woken, and how they find their pool.
//!
//! P1  A task is in one of the pool's lists from its first `Pending` on, and a list that is not empty owns
//!     a share of the pool: a wake from anywhere finds it. Before that the task is in a queue or on a worker.
//! P2  Whoever pushes from outside holds a share of its own until it is done, for the pushed task may run,
//!     end and give up its share meanwhile.
//!
//! P3 and P4 are in `shared`. Called by the task's waker and its runner. Next: `poller`,
//! the first file of the reactor.
#![allow(unsafe_code, reason = "a task reaches its pool by a pointer, so that short tasks count nothing")]

use std::ptr::NonNull;
use std::sync::Arc;
use std::task::RawWakerVTable;

use super::shared::Shared;
use super::worker;
use crate::metrics;
use crate::raw::header::{Header, Runnable, Schedule};
use crate::raw::state::Finish;
use crate::raw::waker;

/// The scheduler of a pool's tasks.
pub(super) struct Pooled {
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

    /// The pool, for the workers' own calls.
    fn shared(&self) -> &Shared {
        // SAFETY: P1: called by the task's runner, a worker, or whoever drops the task in its stead.
        unsafe { &*self.shared }
    }
}

impl Schedule for Pooled {
    fn waker_vtable() -> &'static RawWakerVTable {
        &WAKER
    }

    #[inline]
    fn schedule(&self, task: Runnable) {
        metrics::count(|counters| &counters.wakes);
        let shared = self.shared;
        let Err(task) = worker::push_here(shared, task) else {
            return;
        };
        // SAFETY: P1: the task is idle and ours to queue, so its list owns a share; the pointer is from
        // `Arc::as_ptr`.
        unsafe { Arc::increment_strong_count(shared) };
        // SAFETY: P2: the share that was counted in the line above.
        let shared = unsafe { Arc::from_raw(shared) };
        shared.inject(task);
    }

    fn requeue(&self, task: Runnable) {
        if let Err(task) = worker::push_back_here(self.shared, task) {
            self.shared().inject(task);
        }
    }

    fn finish(&self, header: &Header) -> Finish {
        if !header.state.is_listed() {
            let task = NonNull::from(header);
            let shared = self.shared();
            header.state.set_listed();
            shared.list(task, |list| {
                if list.is_empty() {
                    // SAFETY: P1: we are on a worker of this pool; `retire` gives the share back.
                    unsafe { Arc::increment_strong_count(self.shared) };
                }
                list.push(header);
                if shared.is_closed() {
                    header.state.cancel_claimed(); // P4
                }
            });
        }
        header.state.finish_poll()
    }

    fn retire(&self, header: &Header) {
        if header.state.is_listed() {
            let list_is_empty = self.shared().list(NonNull::from(header), |list| {
                list.remove(header);
                list.is_empty()
            });
            if list_is_empty {
                // SAFETY: P1: the share that `finish` counted for this list. The caller has one of its
                // own, if it goes on using the pool.
                unsafe { Arc::decrement_strong_count(self.shared) };
            }
        }
    }
}
