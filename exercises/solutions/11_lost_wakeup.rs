//! Two workers and one push; and a blocking queue. One solution.

use std::collections::VecDeque;
use std::sync::Mutex;

use exercises::Condvar;

/// One atomic step of a worker or of the pusher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A worker takes the task, if it is there. Then it is done.
    Look,
    /// A worker announces that it is about to sleep.
    Announce,
    /// A worker sleeps until it is woken. An earlier wake ends the sleep at once. Then it looks.
    Sleep,
    /// The pusher pushes the task.
    Push,
    /// The pusher wakes one worker that has announced its sleep, if there is one.
    WakeOne,
}

/// Exercise 1. The steps of each of the two workers when it has nothing to do.
pub fn worker() -> Vec<Step> {
    vec![Step::Announce, Step::Look, Step::Sleep]
}

/// Exercise 1. The steps of the pusher.
pub fn pusher() -> Vec<Step> {
    vec![Step::Push, Step::WakeOne]
}

/// Exercise 2. A queue whose readers sleep while it is empty.
#[derive(Default)]
pub struct Queue {
    tasks: Mutex<VecDeque<u32>>,
    /// Like that of std, which may wake for no reason; this one does so at every other `wait`.
    pub pushed: Condvar,
}

impl Queue {
    pub fn push(&self, task: u32) {
        self.tasks.lock().unwrap().push_back(task);
        self.pushed.notify_one();
    }

    /// Returns the oldest task. Sleeps while there is none.
    pub fn pop(&self) -> u32 {
        let mut tasks = self.tasks.lock().unwrap();
        loop {
            if let Some(task) = tasks.pop_front() {
                return task;
            }
            tasks = self.pushed.wait(tasks).unwrap();
        }
    }
}
