//! A future that gives up after some polls, a stream that loses items, and a search that is begun anew.
#![forbid(unsafe_code)]
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use executor::stream::Stream;
use executor::sync::mpsc;

/// The error of a future that was polled too often.
#[derive(Debug, PartialEq, Eq)]
pub struct GaveUp;

/// Exercise 1. Polls its inner future at most `limit` times. If it is still pending then, the inner future is dropped
/// at once, and the output is an error. The inner future need not be `Unpin`. Choose the field's type.
pub struct Patient<F> {
    future: F,
    left: u32,
}

/// The limit is at least one.
pub fn patient<F: Future>(limit: u32, future: F) -> Patient<F> {
    Patient { future, left: limit }
}

impl<F: Future> Future for Patient<F> {
    type Output = Result<F::Output, GaveUp>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("exercise 1: what must the type of the field be, so that you may poll it, and drop it early?")
    }
}

/// Exercise 2. The items of a stream, two at a time. If their number is odd, the last one comes alone. A stream that has
/// ended is not polled again. This loses an item if the stream is pending in the middle of a pair, and the last one if
/// it is alone. Fix it.
pub struct Pairs<S: Stream> {
    stream: S,
}

pub fn pairs<S: Stream + Unpin>(stream: S) -> Pairs<S> {
    Pairs { stream }
}

/// The items are never pinned.
impl<S: Stream + Unpin> Unpin for Pairs<S> {}

impl<S: Stream + Unpin> Stream for Pairs<S> {
    type Item = (S::Item, Option<S::Item>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(first) = ready!(Pin::new(&mut this.stream).poll_next(cx)) else { return Poll::Ready(None) };
        let Some(second) = ready!(Pin::new(&mut this.stream).poll_next(cx)) else { return Poll::Ready(None) };
        Poll::Ready(Some((first, Some(second))))
    }
}

/// Exercise 3. Begins a search for each request, and drops the one before it, since only the newest counts. Returns the
/// output of the first search that is ready, or `None` if the requests end before there was one request. As written,
/// it goes on with the first search, and ignores later requests. Fix it without a box.
pub async fn newest<R, F: Future>(
    mut requests: mpsc::Receiver<R>,
    mut begin: impl FnMut(R) -> F,
) -> Option<F::Output> {
    let request = requests.recv().await?;
    Some(begin(request).await)
}
