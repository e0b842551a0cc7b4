//! A futurelock, a stream whose futures are not polled while the loop's body waits, and a lock whose wake goes to a
//! future that is not polled.
#![allow(dead_code, unused_imports, reason = "a stub for the reader to fix")]

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync;
use std::task::{Context, Poll, Waker};

use executor::future::{Selected::*, join, select};
use executor::stream::Stream;
use executor::sync::Mutex;

/// Writes a line.
pub async fn write(journal: &Mutex<Vec<String>>, line: String) {
    journal.lock().await.push(line);
}

/// Exercise 1. Writes the order into the journal. If `slow` ends first, it writes a second line, which says so. It
/// hangs. Fix it, so that both lines are written, and the order keeps its place among those who wait for the journal.
pub async fn store(journal: &Mutex<Vec<String>>, order: &str, slow: impl Future<Output = ()>) {
    let mut storing = pin!(write(journal, order.to_owned()));
    if let Second(()) = select((storing.as_mut(), slow)).await {
        write(journal, format!("{order} is slow")).await;
        storing.await;
    }
}

/// Keeps up to `limit` futures going, and returns their outputs in the order in which they were made.
pub struct Buffered<I: Iterator<Item: Future>> {
    source: I,
    limit: usize,
    going: VecDeque<Going<I::Item>>,
}

enum Going<F: Future> {
    Pending(Pin<Box<F>>),
    Done(F::Output),
}

impl<I: Iterator<Item: Future>> Unpin for Buffered<I> {}

impl<I: Iterator<Item: Future>> Buffered<I> {
    pub fn new(limit: usize, source: I) -> Self {
        Buffered { source, limit, going: VecDeque::new() }
    }

    /// Starts futures up to the limit, and polls those that are not ready.
    fn poll_all(&mut self, cx: &mut Context<'_>) {
        while self.going.len() < self.limit
            && let Some(future) = self.source.next()
        {
            self.going.push_back(Going::Pending(Box::pin(future)));
        }
        for going in &mut self.going {
            if let Going::Pending(future) = going
                && let Poll::Ready(output) = future.as_mut().poll(cx)
            {
                *going = Going::Done(output);
            }
        }
    }

    /// Exercise 2. Awaits the body, and returns its output. Poll the futures meanwhile, and keep the outputs of those
    /// that become ready for the next items of the stream.
    pub async fn meanwhile<T>(&mut self, body: impl Future<Output = T>) -> T {
        body.await
    }
}

impl<I: Iterator<Item: Future>> Stream for Buffered<I> {
    type Item = <I::Item as Future>::Output;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_all(cx);
        match self.going.pop_front() {
            Some(Going::Done(output)) => Poll::Ready(Some(output)),
            Some(pending) => {
                self.going.push_front(pending);
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}

/// Exercise 3. A lock that is grabbed: an unlock makes it free, and wakes the first waiter. If that is a future which
/// is not polled any more, the others wait beside a free lock. Fix it.
#[derive(Default)]
pub struct Lock(sync::Mutex<State>);

#[derive(Default)]
struct State {
    held: bool,
    waiters: VecDeque<Waker>,
}

pub struct Guard<'a>(&'a Lock);

impl Lock {
    pub async fn lock(&self) -> Guard<'_> {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap();
            if !state.held {
                state.held = true;
                return Poll::Ready(Guard(self));
            }
            // A task has one waker in the list, however often it is polled.
            if !state.waiters.iter().any(|waiter| waiter.will_wake(cx.waker())) {
                state.waiters.push_back(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap();
        state.held = false;
        let first = state.waiters.pop_front();
        drop(state);
        if let Some(first) = first {
            first.wake();
        }
    }
}
