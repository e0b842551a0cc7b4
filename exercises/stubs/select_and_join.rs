//! Two halves that wait for each other, a join that polls too often, and a stream that hides another.
#![allow(dead_code, unused_imports, reason = "a stub for the reader to fix")]

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use executor::future::join;
use executor::stream::Stream;
use executor::sync::mpsc;

/// Exercise 1. Sends the words into a channel, and returns what comes out of it. With more words than the channel has
/// room for, it hangs. Fix it.
pub async fn relay(
    words: &[&str],
    sender: mpsc::Sender<String>,
    mut receiver: mpsc::Receiver<String>,
) -> Vec<String> {
    for word in words {
        sender.send((*word).to_owned()).await.expect("the receiver is there");
    }
    drop(sender);
    let mut received = Vec::new();
    while let Some(word) = receiver.recv().await {
        received.push(word);
    }
    received
}

/// Exercise 2. Waits for all futures, and returns their outputs in the order of the futures. Each wake polls all that
/// are not ready. Give each branch a waker of its own, and poll only those that were woken since the last poll.
pub async fn join_all<F: Future>(branches: Vec<F>) -> Vec<F::Output> {
    let mut outputs: Vec<Option<F::Output>> = branches.iter().map(|_| None).collect();
    let mut branches: Vec<Pin<Box<F>>> = branches.into_iter().map(Box::pin).collect();
    poll_fn(|cx| {
        for (branch, output) in branches.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let Poll::Ready(ready) = branch.as_mut().poll(cx)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().map(|output| output.expect("every branch is ready")).collect()
}

/// Exercise 3. The items of two streams, as they come. While the first always has an item, the second gets no turn;
/// and a stream that has ended is polled again, which a stream need not allow. Fix both.
pub struct Merge<A, B> {
    first: A,
    second: B,
}

pub fn merge<A, B>(first: A, second: B) -> Merge<A, B>
where
    A: Stream + Unpin,
    B: Stream<Item = A::Item> + Unpin,
{
    Merge { first, second }
}

impl<A, B> Stream for Merge<A, B>
where
    A: Stream + Unpin,
    B: Stream<Item = A::Item> + Unpin,
{
    type Item = A::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<A::Item>> {
        let first = Pin::new(&mut self.first).poll_next(cx);
        if let Poll::Ready(Some(item)) = first {
            return Poll::Ready(Some(item));
        }
        match (first, Pin::new(&mut self.second).poll_next(cx)) {
            (Poll::Pending, Poll::Ready(None)) => Poll::Pending,
            (_, second) => second,
        }
    }
}
