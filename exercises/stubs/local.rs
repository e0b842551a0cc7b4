//! An inbox whose owner may sleep, and a fair run loop.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub for the reader to fill in")]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread::{self, Thread};

/// Numbers from any thread for one owner thread, which sleeps while there are none.
pub struct Inbox {
    numbers: Mutex<Vec<u32>>,
    owner: Thread,
}

impl Inbox {
    /// Creates an inbox owned by the calling thread.
    pub fn new() -> Inbox {
        Inbox { numbers: Mutex::new(Vec::new()), owner: thread::current() }
    }

    /// Exercise 1. Adds a number, and notifies the owner.
    pub fn push(&self, number: u32) {
        todo!("exercise 1: in which order?")
    }

    /// Exercise 1. Takes all numbers. Sleeps (`thread::park`) while there are none. Never spins.
    pub fn take(&self) -> Vec<u32> {
        todo!("exercise 1: check before each sleep")
    }
}

/// Exercise 2. Polls every task that is in the queue now, once, in order. `poll` returns whether the task is
/// to be polled again. If so, it goes to the back of the queue, and waits for the next round. Tasks that
/// enter the queue meanwhile wait for the next round, too.
pub fn run_round(queue: &mut VecDeque<u32>, poll: &mut dyn FnMut(u32, &mut VecDeque<u32>) -> bool) {
    todo!("exercise 2: how many tasks are in the queue at the beginning?")
}
