//! A parker that loses no wakeup, and the two sides of the sleep protocol. One solution.

use std::sync::Mutex;

use exercises::Condvar;

/// A notification that comes before the sleep is kept: `park` must not discard it.
#[derive(Default)]
pub struct Parker {
    notified: Mutex<bool>,
    /// Like that of std, which may wake for no reason; this one does so at every other `wait`.
    pub condvar: Condvar,
}

impl Parker {
    /// Ends the current or the next `park`.
    pub fn unpark(&self) {
        *self.notified.lock().unwrap() = true;
        self.condvar.notify_one();
    }

    /// Sleeps until `unpark` is called, and consumes the notification.
    pub fn park(&self) {
        let mut notified = self.notified.lock().unwrap();
        while !*notified {
            notified = self.condvar.wait(notified).unwrap();
        }
        *notified = false;
    }
}

/// The steps of the two sides. Writes go through a store buffer, as on real machines: a later read may
/// overtake them. A fence empties the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The pusher writes the task to the queue.
    Push,
    /// The pusher reads whether the sleeper is listed, and if so wakes it.
    WakeIfListed,
    /// The sleeper adds itself to the list.
    List,
    /// The sleeper reads the queue, and goes to sleep if it is empty.
    SleepIfEmpty,
    /// Earlier writes become visible to all threads before any later read.
    Fence,
}

/// The steps of the pusher, in order.
pub fn pusher() -> Vec<Step> {
    vec![Step::Push, Step::Fence, Step::WakeIfListed]
}

/// The steps of the sleeper, in order.
pub fn sleeper() -> Vec<Step> {
    vec![Step::List, Step::Fence, Step::SleepIfEmpty]
}
