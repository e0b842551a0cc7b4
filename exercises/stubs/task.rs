//! A task's word with three bits and a count. All transitions are yours to write.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub, to be filled in")]

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
        todo!("exercise 1: set QUEUED, and look at what was there before")
    }

    /// Exercise 1. From QUEUED to RUNNING.
    pub fn start(&self) {
        todo!("exercise 1: QUEUED goes, RUNNING comes, in one step")
    }

    /// Exercise 1. The poll returned Pending: RUNNING goes. Was it woken meanwhile?
    pub fn finish(&self) -> Finish {
        todo!("exercise 1: one compare-exchange must decide, or a wake falls in between")
    }

    /// The poll returned Ready: RUNNING goes, COMPLETE comes, the reference stays the runner's.
    pub fn complete(&self) {
        // ORDERING[output]: Release publishes the output; pairs with the Acquire of the last reference.
        self.0.fetch_xor(RUNNING | COMPLETE, Ordering::Release);
    }

    /// Exercise 2. Drops a reference. The last one of a complete task frees it; the last one of an
    /// unfinished task stays, makes it QUEUED, and is the queue's.
    pub fn drop_reference(&self) -> Action {
        todo!("exercise 2: is it the last, and is the task complete?")
    }
}
