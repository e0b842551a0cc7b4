//! A loop that loses no line, a future that is dropped at each of its waits, and a guard. One solution.

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
pub async fn lines_and_notices<R: AsyncRead + Unpin>(
    reader: R,
    mut notices: mpsc::Receiver<String>,
) -> io::Result<Vec<String>> {
    let mut all = Vec::new();
    let mut lines = BufReader::new(reader).lines();
    loop {
        match select((lines.try_next(), notices.recv())).await {
            Selected::First(line) => match line? {
                Some(line) => all.push(line),
                None => return Ok(all),
            },
            Selected::Second(Some(notice)) => all.push(notice),
            Selected::Second(None) => break,
        }
    }
    // There are no notices any more. Now nothing is dropped.
    while let Some(line) = lines.try_next().await? {
        all.push(line);
    }
    Ok(all)
}

/// Exercise 2. Polls a future until it begins to wait for the `wait`th time, and drops it there. If `wait` is zero, it
/// is dropped unpolled. Returns its output if it ends first.
pub async fn drop_at<F: Future>(wait: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut waits = 0;
    poll_fn(|cx| {
        if wait == 0 {
            return Poll::Ready(None);
        }
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => return Poll::Ready(Some(output)),
            Poll::Pending => waits += 1,
        }
        if waits == wait { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// Exercise 2. Calls `run` with 0, 1, 2, …, until it returns an output. Returns how often the future had waited then.
pub async fn at_each_wait<T>(mut run: impl AsyncFnMut(usize) -> Option<T>) -> usize {
    let mut wait = 0;
    while run(wait).await.is_none() {
        wait += 1;
    }
    wait - 1
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

/// A message that a worker has taken.
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
        if let Some(message) = self.message.take() {
            self.messages.queue.borrow_mut().push_front(message);
            self.messages.pushed.notify_one();
        }
    }
}
