//! A task's state word, with three bits and a reference count. You write its transitions.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub for the reader to fill in")]

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
        todo!("exercise 1: set QUEUED, and look at the previous value")
    }

    /// Exercise 1. From QUEUED to RUNNING.
    pub fn start(&self) {
        todo!("exercise 1: clear QUEUED and set RUNNING, in one step")
    }

    /// Exercise 1. The poll returned `Pending`: clears RUNNING. Was the task woken meanwhile?
    pub fn finish(&self) -> Finish {
        todo!("exercise 1: one compare-exchange must decide, or a wake may come in between")
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
        todo!("exercise 2: is it the last reference, and is the task complete?")
    }
}
