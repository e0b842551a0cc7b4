//! Two workers and one push; and a blocking queue.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

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
    vec![Step::Look, Step::Announce, Step::Sleep]
}

/// Exercise 1. The steps of the pusher.
pub fn pusher() -> Vec<Step> {
    vec![Step::WakeOne, Step::Push]
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
        todo!("exercise 2")
    }

    /// Returns the oldest task. Sleeps while there is none.
    pub fn pop(&self) -> u32 {
        todo!("exercise 2: a Condvar may also wake for no reason, or another reader may be quicker")
    }
}
