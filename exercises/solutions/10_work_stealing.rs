//! Where a worker looks, and from whom it steals. One solution.

use std::collections::VecDeque;

/// At least one in this many tasks comes from the injector, if it has one.
pub const FAIR: u32 = 10;

#[derive(Default)]
pub struct Worker {
    pub own: VecDeque<u32>,
    pub injector: VecDeque<u32>,
    /// Tasks since the injector was looked at first.
    pub since: u32,
}

impl Worker {
    /// Exercise 1. The next task: its own first. But a worker that always has tasks of its own must not let
    /// those from outside wait for ever.
    pub fn find(&mut self) -> Option<u32> {
        self.since += 1;
        if self.since >= FAIR {
            self.since = 0;
            if let Some(task) = self.injector.pop_front() {
                return Some(task);
            }
        }
        self.own.pop_front().or_else(|| self.injector.pop_front())
    }
}

/// Exercise 2. From whom worker `thief` of `workers` tries to steal, in this order, in its `round`-th search:
/// from each of the others once. All thieves of one round begin at different victims, and each thief begins at
/// every other worker in some round.
pub fn victims(thief: usize, workers: usize, round: usize) -> Vec<usize> {
    let others = workers - 1;
    (0..others).map(|step| (thief + 1 + (round + step) % others) % workers).collect()
}
