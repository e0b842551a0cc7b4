//! A worker's queues on one thread, and a theft between two.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub, to be filled in")]

use std::collections::VecDeque;
use std::sync::Mutex;

/// How often in a row the slot may come before the queue.
pub const SLOT_RUNS: u32 = 3;

#[derive(Default)]
pub struct Worker {
    pub slot: Option<u32>,
    pub queue: VecDeque<u32>,
    /// How often in a row the slot came first.
    pub slot_runs: u32,
}

impl Worker {
    /// Exercise 1. A task was woken here: into the slot. The task that was there goes to the back of the queue.
    pub fn wake(&mut self, task: u32) {
        todo!("exercise 1: the newest runs next")
    }

    /// Exercise 1. The next task: the slot's, but after SLOT_RUNS in a row the queue's, if it has one.
    pub fn next(&mut self) -> Option<u32> {
        todo!("exercise 1: two tasks that wake each other must starve nobody")
    }
}

/// Exercise 2. Moves the older half of `from`, rounded up, to the back of `to`, in its order. Returns how
/// many. Two threads may steal from each other at the same time: never hold both locks.
pub fn steal_half(from: &Mutex<VecDeque<u32>>, to: &Mutex<VecDeque<u32>>) -> usize {
    todo!("exercise 2: one lock at a time")
}
