//! A parker that loses no wakeup, and the two sides of the sleep protocol. One solution.

use std::sync::{Condvar, Mutex};

/// A notification that comes before the sleep is kept: `park` must not throw it away.
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

/// What the pusher does, in which order.
pub fn pusher() -> Vec<Step> {
    vec![Step::Push, Step::Fence, Step::WakeIfListed]
}

/// What the sleeper does, in which order.
pub fn sleeper() -> Vec<Step> {
    vec![Step::List, Step::Fence, Step::SleepIfEmpty]
}
