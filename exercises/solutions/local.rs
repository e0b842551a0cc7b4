//! An inbox whose owner may sleep, and a run loop that is fair. One solution.

use std::collections::VecDeque;
use std::mem;
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

    /// First the value, then the wake: the owner that is woken finds it.
    pub fn push(&self, number: u32) {
        self.mail.lock().unwrap().push(number);
        self.owner.unpark();
    }

    /// An `unpark` between the look and the sleep leaves its token: `park` returns at once.
    pub fn take(&self) -> Vec<u32> {
        loop {
            let mail = mem::take(&mut *self.mail.lock().unwrap());
            if !mail.is_empty() {
                return mail;
            }
            thread::park();
        }
    }
}

/// Polls every task that is in the queue now, once, in its order.
pub fn run_round(queue: &mut VecDeque<u32>, poll: &mut dyn FnMut(u32, &mut VecDeque<u32>) -> bool) {
    for _ in 0..queue.len() {
        let Some(task) = queue.pop_front() else { return };
        if poll(task, queue) {
            queue.push_back(task);
        }
    }
}
