//! A worker's queues on one thread, and a steal between two workers.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub for the reader to fill in")]

use std::collections::VecDeque;
use std::sync::Mutex;

/// How many times in a row the slot's task may run before one from the queue.
pub const SLOT_RUNS: u32 = 3;

#[derive(Default)]
pub struct Worker {
    pub slot: Option<u32>,
    pub queue: VecDeque<u32>,
    /// How many times in a row the slot's task has run.
    pub slot_runs: u32,
}

impl Worker {
    /// Exercise 1. A woken task goes into the slot. The task that was there goes to the back of the queue.
    pub fn wake(&mut self, task: u32) {
        todo!("exercise 1: the newest runs next")
    }

    /// Exercise 1. Returns the next task: the slot's, or, after SLOT_RUNS of those in a row, one from the
    /// queue if it has one.
    pub fn next(&mut self) -> Option<u32> {
        todo!("exercise 1: two tasks that wake each other must starve no other task")
    }
}

/// Exercise 2. Moves the older half of `from`, rounded up, to the back of `to`, in order. Returns the number
/// of tasks moved. Two threads may steal from each other at the same time: never hold both locks.
pub fn steal_half(from: &Mutex<VecDeque<u32>>, to: &Mutex<VecDeque<u32>>) -> usize {
    todo!("exercise 2: one lock at a time")
}
