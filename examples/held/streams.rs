//! Two streams that keep several futures going, as `buffered` and `FuturesUnordered` of futures-util do.
//!
//! Both poll their futures when they are polled themselves, and at no other time.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use executor::stream::Stream;

// ANCHOR: held_buffered_stream
/// Keeps up to `limit` futures going, and returns their outputs in the order in which they were made.
pub(crate) struct Buffered<I: Iterator<Item: Future>> {
    source: I,
    limit: usize,
    going: VecDeque<Going<I::Item>>,
}

enum Going<F: Future> {
    Pending(Pin<Box<F>>),
    Done(F::Output),
}

impl<I: Iterator<Item: Future>> Stream for Buffered<I> {
    type Item = <I::Item as Future>::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        while this.going.len() < this.limit
            && let Some(future) = this.source.next()
        {
            this.going.push_back(Going::Pending(Box::pin(future)));
        }
        for going in &mut this.going {
            if let Going::Pending(future) = going
                && let Poll::Ready(output) = future.as_mut().poll(cx)
            {
                *going = Going::Done(output);
            }
        }
        match this.going.pop_front() {
            Some(Going::Done(output)) => Poll::Ready(Some(output)),
            Some(pending) => {
                this.going.push_front(pending);
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}
// ANCHOR_END: held_buffered_stream

impl<I: Iterator<Item: Future>> Buffered<I> {
    pub(crate) fn new(limit: usize, source: I) -> Self {
        Buffered { source, limit, going: VecDeque::new() }
    }
}

/// The futures are in boxes, and nothing else is pinned.
impl<I: Iterator<Item: Future>> Unpin for Buffered<I> {}

/// Keeps all of its futures going, and returns their outputs in the order in which they become ready. It polls only
/// futures that were woken: each has a waker of its own.
pub(crate) struct Unordered<F> {
    futures: Vec<Option<Pin<Box<F>>>>,
    woken: Arc<Mutex<Woken>>,
}

#[derive(Default)]
struct Woken {
    numbers: VecDeque<usize>,
    /// That of the task that polls the stream.
    task: Option<Waker>,
}

/// A future's waker.
struct Number(usize, Arc<Mutex<Woken>>);

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        let mut woken = lock(&self.1);
        woken.numbers.push_back(self.0);
        let task = woken.task.take();
        drop(woken);
        task.into_iter().for_each(Waker::wake);
    }
}

fn lock(woken: &Mutex<Woken>) -> MutexGuard<'_, Woken> {
    woken.lock().expect("nobody panics with it")
}

impl<F> Unordered<F> {
    pub(crate) fn new(futures: impl Iterator<Item = F>) -> Self {
        let futures: Vec<_> = futures.map(|future| Some(Box::pin(future))).collect();
        let woken = Woken { numbers: (0..futures.len()).collect(), task: None };
        Unordered { futures, woken: Arc::new(Mutex::new(woken)) }
    }
}

impl<F: Future> Stream for Unordered<F> {
    type Item = F::Output;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        lock(&self.woken).task = Some(cx.waker().clone());
        loop {
            let next = lock(&self.woken).numbers.pop_front();
            let Some(number) = next else { break };
            let waker = Waker::from(Arc::new(Number(number, Arc::clone(&self.woken))));
            let Some(future) = &mut self.futures[number] else { continue };
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.futures[number] = None;
                return Poll::Ready(Some(output));
            }
        }
        if self.futures.iter().all(Option::is_none) { Poll::Ready(None) } else { Poll::Pending }
    }
}
