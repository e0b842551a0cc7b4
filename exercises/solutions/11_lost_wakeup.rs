//! Two workers and one push; and a blocking queue. One solution.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

/// What a side does in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A worker takes the task, if it is there, and goes no further.
    Look,
    /// A worker says that it is about to sleep.
    Announce,
    /// A worker sleeps until it is woken; a wake that came before ends the sleep at once. Then it looks.
    Sleep,
    /// The pusher pushes the task.
    Push,
    /// The pusher wakes one worker that has announced its sleep, if there is one.
    WakeOne,
}

/// Exercise 1. What each of the two workers does when it has nothing to do.
pub fn worker() -> Vec<Step> {
    vec![Step::Announce, Step::Look, Step::Sleep]
}

/// Exercise 1. What the pusher does.
pub fn pusher() -> Vec<Step> {
    vec![Step::Push, Step::WakeOne]
}

/// Exercise 2. A queue whose readers sleep while it is empty.
#[derive(Default)]
pub struct Queue {
    tasks: Mutex<VecDeque<u32>>,
    pushed: Condvar,
}

impl Queue {
    pub fn push(&self, task: u32) {
        self.tasks.lock().unwrap().push_back(task);
        self.pushed.notify_one();
    }

    /// The oldest task. Sleeps while there is none.
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
