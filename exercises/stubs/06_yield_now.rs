//! Yielding at regular intervals, and an order of turns.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

/// Exercise 1. Yields at each n-th call of `tick`, and at no other.
pub struct Every {
    n: u32,
    count: u32,
}

impl Every {
    pub fn new(n: u32) -> Every {
        Every { n, count: 0 }
    }

    pub async fn tick(&mut self) {
        todo!("exercise 1: count; at each n-th call wake the task, and return Pending once")
    }
}

/// Exercise 2. Two queues. While both have tasks, two favoured tasks run for each of the others.
#[derive(Default)]
pub struct Turns {
    favoured: VecDeque<u32>,
    others: VecDeque<u32>,
    // exercise 2: what else must it remember?
}

impl Turns {
    pub fn push(&mut self, task: u32, is_favoured: bool) {
        if is_favoured { &mut self.favoured } else { &mut self.others }.push_back(task);
    }

    pub fn next(&mut self) -> Option<u32> {
        self.favoured.pop_front().or_else(|| self.others.pop_front())
    }
}
