//! A task's state word, with three bits and a reference count. One solution.

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
    /// The task is idle, and the runner's reference is dropped.
    Idle,
    /// The task was woken while it ran: it is QUEUED, with the runner's reference.
    Requeue,
}

impl Word {
    /// A new task: QUEUED, with the queue's reference.
    pub fn new() -> Word {
        Word(AtomicUsize::new(QUEUED | REFERENCE))
    }

    /// Exercise 1. Wakes the task. If the task is idle, it adds one reference and returns `Schedule`.
    pub fn wake(&self) -> Action {
        // ORDERING[wake]: Release publishes what the waker did; pairs with the Acquire of `start`.
        let old = self.0.fetch_or(QUEUED, Ordering::Release);
        if old & (QUEUED | RUNNING | COMPLETE) != 0 {
            return Action::Nothing;
        }
        // ORDERING: Relaxed; made from an existing reference, it publishes nothing.
        self.0.fetch_add(REFERENCE, Ordering::Relaxed);
        Action::Schedule
    }

    /// Exercise 1. From QUEUED to RUNNING.
    pub fn start(&self) {
        // ORDERING[wake]: Acquire; pairs with the Release of every wake since the last poll.
        // ORDERING[poll]: Acquire; pairs with the Release of `finish`.
        self.0.fetch_xor(QUEUED | RUNNING, Ordering::Acquire);
    }

    /// Exercise 1. The poll returned `Pending`: clears RUNNING. Was the task woken meanwhile?
    pub fn finish(&self) -> Finish {
        // ORDERING: Relaxed; the compare-exchange below decides.
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let (new, finish) = match old & QUEUED {
                0 => ((old & !RUNNING) - REFERENCE, Finish::Idle),
                _ => (old & !RUNNING, Finish::Requeue),
            };
            // ORDERING[poll]: Release publishes the future to the next runner; pairs with `start`.
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return finish,
                Err(seen) => old = seen,
            }
        }
    }

    /// The poll returned `Ready`: clears RUNNING and sets COMPLETE. The runner keeps its reference.
    pub fn complete(&self) {
        // ORDERING[output]: Release publishes the output; pairs with the Acquire of the last reference.
        self.0.fetch_xor(RUNNING | COMPLETE, Ordering::Release);
    }

    /// Exercise 2. Drops a reference. If it is the last one of a complete task, the task is freed. If it is
    /// the last one of an unfinished task, it is kept: the task becomes QUEUED, and the queue owns the
    /// reference.
    pub fn drop_reference(&self) -> Action {
        // ORDERING: Relaxed; the compare-exchange below decides.
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let last = old / REFERENCE == 1;
            let (new, action) = match (last, old & COMPLETE != 0) {
                (true, true) => (old - REFERENCE, Action::Free),
                (true, false) => (old | QUEUED, Action::Schedule),
                (false, _) => (old - REFERENCE, Action::Nothing),
            };
            // ORDERING[output]: Release puts our last use before the free. Acquire makes all uses visible to
            // the last owner.
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return action,
                Err(seen) => old = seen,
            }
        }
    }
}
