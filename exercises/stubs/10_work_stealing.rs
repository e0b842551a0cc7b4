//! Where a worker looks for tasks, and which workers it steals from.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::collections::VecDeque;

/// At least one in this many tasks comes from the injector, if it has one.
pub const FAIR: u32 = 10;

#[derive(Default)]
pub struct Worker {
    pub own: VecDeque<u32>,
    pub injector: VecDeque<u32>,
    /// The number of tasks since it last looked at the injector first.
    pub since: u32,
}

impl Worker {
    /// Exercise 1. Returns the next task, the worker's own first. But even if it always has tasks of its own,
    /// those from outside must not wait forever.
    pub fn find(&mut self) -> Option<u32> {
        self.own.pop_front().or_else(|| self.injector.pop_front())
    }
}

/// Exercise 2. Returns the workers from which worker `thief` of `workers` tries to steal in its `round`-th
/// search, in order: each of the others once. In the same round all thieves begin at different victims. And
/// each thief begins at every other worker in some round.
pub fn victims(thief: usize, workers: usize, round: usize) -> Vec<usize> {
    (0..workers).filter(|victim| *victim != thief).collect()
}
