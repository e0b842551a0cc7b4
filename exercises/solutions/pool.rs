//! A worker's queues on one thread, and a steal between two workers. One solution.

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
    /// A woken task goes into the slot. The task that was there goes to the back of the queue.
    pub fn wake(&mut self, task: u32) {
        self.queue.extend(self.slot.replace(task));
    }

    /// Returns the next task: the slot's, or, after SLOT_RUNS of those in a row, one from the queue if it has
    /// one.
    pub fn next(&mut self) -> Option<u32> {
        if self.slot_runs < SLOT_RUNS
            && let Some(task) = self.slot.take()
        {
            self.slot_runs += 1;
            return Some(task);
        }
        self.slot_runs = 0;
        self.queue.pop_front().or_else(|| self.slot.take())
    }
}

/// For a moment the stolen half is in no queue: only the thief has it.
pub fn steal_half(from: &Mutex<VecDeque<u32>>, to: &Mutex<VecDeque<u32>>) -> usize {
    let stolen: Vec<u32> = {
        let mut from = from.lock().unwrap();
        let half = from.len().div_ceil(2);
        from.drain(..half).collect()
    };
    let count = stolen.len();
    to.lock().unwrap().extend(stolen);
    count
}
