//! A worker's queues on one thread, and a theft between two. One solution.

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
    /// A task was woken here: into the slot. The task that was there goes to the back of the queue.
    pub fn wake(&mut self, task: u32) {
        self.queue.extend(self.slot.replace(task));
    }

    /// The next task: the slot's, but after SLOT_RUNS in a row the queue's, if it has one.
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

/// The stolen half is in no queue for a moment: it is the thief's alone.
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
