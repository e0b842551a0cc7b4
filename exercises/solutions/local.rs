//! An inbox whose owner may sleep, and a fair run loop. One solution.

use std::collections::VecDeque;
use std::mem;
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

    /// First the value, then the wake: so the woken owner finds the value.
    pub fn push(&self, number: u32) {
        self.numbers.lock().unwrap().push(number);
        self.owner.unpark();
    }

    /// An `unpark` between the check and the sleep leaves its token: `park` returns at once.
    pub fn take(&self) -> Vec<u32> {
        loop {
            let numbers = mem::take(&mut *self.numbers.lock().unwrap());
            if !numbers.is_empty() {
                return numbers;
            }
            thread::park();
        }
    }
}

/// Polls every task that is in the queue now, once, in order.
pub fn run_round(queue: &mut VecDeque<u32>, poll: &mut dyn FnMut(u32, &mut VecDeque<u32>) -> bool) {
    for _ in 0..queue.len() {
        let Some(task) = queue.pop_front() else { return };
        if poll(task, queue) {
            queue.push_back(task);
        }
    }
}
