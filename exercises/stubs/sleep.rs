//! A parker that loses wakeups, and the two sides of the sleep protocol.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub, to be mended")]

use std::sync::{Condvar, Mutex};

/// Exercise 1. It loses wakeups. Where? Mend it.
#[derive(Default)]
pub struct Parker {
    notified: Mutex<bool>,
    condvar: Condvar,
}

impl Parker {
    /// Makes the current or the next `park` end.
    pub fn unpark(&self) {
        *self.notified.lock().unwrap() = true;
        self.condvar.notify_one();
    }

    /// Sleeps until it is unparked, and takes the notification.
    pub fn park(&self) {
        let mut notified = self.notified.lock().unwrap();
        *notified = false;
        while !*notified {
            notified = self.condvar.wait(notified).unwrap();
        }
        *notified = false;
    }
}

/// What the two sides may do. Writes go through a buffer, as on real machines: a later read may overtake
/// them. A fence empties the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The pusher writes the task to the queue.
    Push,
    /// The pusher reads whether somebody is listed as a sleeper, and if so wakes it.
    WakeIfListed,
    /// The sleeper writes itself to the list.
    List,
    /// The sleeper reads the queue, and goes to sleep if it is empty.
    SleepIfEmpty,
    /// What was written before is seen by all before anything after it is read.
    Fence,
}

/// Exercise 2. What the pusher does, in which order.
pub fn pusher() -> Vec<Step> {
    vec![Step::WakeIfListed, Step::Push]
}

/// Exercise 2. What the sleeper does, in which order.
pub fn sleeper() -> Vec<Step> {
    vec![Step::SleepIfEmpty, Step::List]
}
