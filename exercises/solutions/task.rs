//! A task's word with three bits and a count. One solution.

use std::sync::atomic::{AtomicUsize, Ordering};

pub const QUEUED: usize = 1;
pub const RUNNING: usize = 2;
pub const COMPLETE: usize = 4;
pub const REFERENCE: usize = 8;

pub struct Word(pub AtomicUsize);

#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    Nothing,
    /// The caller puts the task into a queue, with one reference.
    Schedule,
    /// The caller frees the task.
    Free,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Finish {
    /// The runner's reference is gone.
    Idle,
    /// Woken while it ran: QUEUED, with the runner's reference.
    Requeue,
}

impl Word {
    /// A new task: QUEUED, with the queue's reference.
    pub fn new() -> Word {
        Word(AtomicUsize::new(QUEUED | REFERENCE))
    }

    /// Exercise 1. Wakes. Of an idle task it counts one reference, and returns `Schedule`.
    pub fn wake(&self) -> Action {
        // ORDERING[wake]: Release publishes what the waker did; pairs with the Acquire of `start`.
        let old = self.0.fetch_or(QUEUED, Ordering::Release);
        if old & (QUEUED | RUNNING | COMPLETE) != 0 {
            return Action::Nothing;
        }
        // ORDERING: Relaxed; made from a reference that exists.
        self.0.fetch_add(REFERENCE, Ordering::Relaxed);
        Action::Schedule
    }

    /// Exercise 1. From QUEUED to RUNNING.
    pub fn start(&self) {
        // ORDERING[wake]: Acquire; pairs with the Release of every wake since the last poll.
        // ORDERING[poll]: Acquire; pairs with the Release of `finish`.
        self.0.fetch_xor(QUEUED | RUNNING, Ordering::Acquire);
    }

    /// Exercise 1. The poll returned Pending: RUNNING goes. Was it woken meanwhile?
    pub fn finish(&self) -> Finish {
        // ORDERING: Relaxed; the compare-exchange below decides.
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let (new, answer) = match old & QUEUED {
                0 => ((old & !RUNNING) - REFERENCE, Finish::Idle),
                _ => (old & !RUNNING, Finish::Requeue),
            };
            // ORDERING[poll]: Release publishes the future to the next runner; pairs with `start`.
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return answer,
                Err(seen) => old = seen,
            }
        }
    }

    /// The poll returned Ready: RUNNING goes, COMPLETE comes, the reference stays the runner's.
    pub fn complete(&self) {
        // ORDERING[output]: Release publishes the output; pairs with the Acquire of the last reference.
        self.0.fetch_xor(RUNNING | COMPLETE, Ordering::Release);
    }

    /// Exercise 2. Drops a reference. The last one of a complete task frees it; the last one of an
    /// unfinished task stays, makes it QUEUED, and is the queue's.
    pub fn drop_reference(&self) -> Action {
        // ORDERING: Relaxed; the compare-exchange below decides.
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let last = old / REFERENCE == 1;
            let (new, answer) = match (last, old & COMPLETE != 0) {
                (true, true) => (old - REFERENCE, Action::Free),
                (true, false) => (old | QUEUED, Action::Schedule),
                (false, _) => (old - REFERENCE, Action::Nothing),
            };
            // ORDERING[output]: Release puts our last use before the free; Acquire, in the last owner, sees
            // all uses.
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return answer,
                Err(seen) => old = seen,
            }
        }
    }
}
