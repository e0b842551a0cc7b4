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

    /// Exercise 1. Wakes. Of an idle task it counts one reference, and the answer is `Schedule`.
    pub fn wake(&self) -> Action {
        let old = self.0.fetch_or(QUEUED, Ordering::AcqRel);
        if old & (QUEUED | RUNNING | COMPLETE) != 0 {
            return Action::Nothing;
        }
        self.0.fetch_add(REFERENCE, Ordering::Relaxed);
        Action::Schedule
    }

    /// Exercise 1. From QUEUED to RUNNING.
    pub fn start(&self) {
        self.0.fetch_xor(QUEUED | RUNNING, Ordering::AcqRel);
    }

    /// Exercise 1. The poll answered Pending: RUNNING goes. Was it woken meanwhile?
    pub fn finish(&self) -> Finish {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let (new, answer) = match old & QUEUED {
                0 => ((old & !RUNNING) - REFERENCE, Finish::Idle),
                _ => (old & !RUNNING, Finish::Requeue),
            };
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return answer,
                Err(seen) => old = seen,
            }
        }
    }

    /// The poll answered Ready: RUNNING goes, COMPLETE comes, the reference stays the runner's.
    pub fn complete(&self) {
        self.0.fetch_xor(RUNNING | COMPLETE, Ordering::AcqRel);
    }

    /// Exercise 2. Drops a reference. The last one of a complete task frees it; the last one of an
    /// unfinished task stays, makes it QUEUED, and is the queue's.
    pub fn drop_reference(&self) -> Action {
        let mut old = self.0.load(Ordering::Relaxed);
        loop {
            let last = old / REFERENCE == 1;
            let (new, answer) = match (last, old & COMPLETE != 0) {
                (true, true) => (old - REFERENCE, Action::Free),
                (true, false) => (old | QUEUED, Action::Schedule),
                (false, _) => (old - REFERENCE, Action::Nothing),
            };
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return answer,
                Err(seen) => old = seen,
            }
        }
    }
}
