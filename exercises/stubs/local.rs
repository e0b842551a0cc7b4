//! An inbox whose owner may sleep, and a run loop that is fair.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub, to be filled in")]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread::{self, Thread};

/// Numbers from any thread for one owner, who sleeps while there are none.
pub struct Inbox {
    mail: Mutex<Vec<u32>>,
    owner: Thread,
}

impl Inbox {
    /// An inbox of the calling thread.
    pub fn new() -> Inbox {
        Inbox { mail: Mutex::new(Vec::new()), owner: thread::current() }
    }

    /// Exercise 1. Leaves a number, and rings.
    pub fn push(&self, number: u32) {
        todo!("exercise 1: in which order?")
    }

    /// Exercise 1. All that is there. Sleeps (`thread::park`) while there is nothing; never spins.
    pub fn take(&self) -> Vec<u32> {
        todo!("exercise 1: look before each sleep")
    }
}

/// Exercise 2. Polls every task that is in the queue now, once, in its order. `poll` returns whether the
/// task is to be polled again: then it goes to the back, and waits for the next round. Tasks that come into
/// the queue meanwhile wait for the next round, too.
pub fn run_round(queue: &mut VecDeque<u32>, poll: &mut dyn FnMut(u32, &mut VecDeque<u32>) -> bool) {
    todo!("exercise 2: how many are there at the beginning?")
}
