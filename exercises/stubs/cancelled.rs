//! A loop that loses lines, a future to drop at each of its waits, and a guard that guards nothing.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fix and fill in"
)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::ops::Deref;
use std::pin::pin;
use std::task::Poll;

use executor::future::{Selected, select};
use executor::sync::{Notify, mpsc};
use reactor::io::prelude::*;
use reactor::io::{AsyncRead, BufReader};

/// Exercise 1. Returns the lines of a reader and the notices, in the order in which they come, until the reader ends.
/// If a notice comes in the middle of a line, the beginning of the line is lost. And when there are no more senders of
/// notices, the rest of the lines is not read. Fix both.
pub async fn lines_and_notices<R: AsyncRead + Unpin>(
    reader: R,
    mut notices: mpsc::Receiver<String>,
) -> io::Result<Vec<String>> {
    let mut all = Vec::new();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        match select((reader.read_line(&mut line), notices.recv())).await {
            Selected::First(length) => match length? {
                0 => return Ok(all),
                _ => all.push(line.trim_end().to_owned()),
            },
            Selected::Second(Some(notice)) => all.push(notice),
            Selected::Second(None) => return Ok(all),
        }
    }
}

/// Exercise 2. Polls a future until it begins to wait for the `wait`th time, and drops it there. If `wait` is zero, it
/// is dropped unpolled. Returns its output if it ends first.
pub async fn drop_at<F: Future>(wait: usize, future: F) -> Option<F::Output> {
    todo!("exercise 2: pin the future, and count in a `poll_fn` how often it was pending")
}

/// Exercise 2. Calls `run` with 0, 1, 2, …, until it returns an output. Returns how often the future waited in that
/// last run.
pub async fn at_each_wait<T>(mut run: impl AsyncFnMut(usize) -> Option<T>) -> usize {
    todo!("exercise 2: a loop")
}

/// Exercise 3. Messages for workers.
pub struct Messages<T> {
    queue: RefCell<VecDeque<T>>,
    pushed: Notify,
}

impl<T> Messages<T> {
    pub fn new() -> Messages<T> {
        Messages { queue: RefCell::new(VecDeque::new()), pushed: Notify::new() }
    }

    pub fn push(&self, message: T) {
        self.queue.borrow_mut().push_back(message);
        self.pushed.notify_one();
    }

    /// Waits for a message. It belongs to the worker that takes it, until the worker is done with it or is dropped.
    pub async fn take(&self) -> Taken<'_, T> {
        loop {
            let pushed = self.pushed.notified();
            if let Some(message) = self.queue.borrow_mut().pop_front() {
                return Taken { message: Some(message), messages: self };
            }
            pushed.await;
        }
    }
}

/// A message that a worker has taken. If the worker is dropped, the message is lost. Put it back instead, as the next
/// to be taken, and wake a worker that waits.
pub struct Taken<'a, T> {
    message: Option<T>,
    messages: &'a Messages<T>,
}

impl<T> Taken<'_, T> {
    /// Removes the message for good.
    pub fn done(mut self) -> T {
        self.message.take().expect("it is there until it is done")
    }
}

impl<T> Deref for Taken<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.message.as_ref().expect("it is there until it is done")
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        // Exercise 3: what is `self.message` now, if the worker is done, and if it is not?
    }
}
