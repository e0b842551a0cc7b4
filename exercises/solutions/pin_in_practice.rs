//! A future that loses its patience, a stream that loses nothing, and a search that is begun anew. One solution.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use executor::stream::Stream;
use executor::sync::mpsc;

/// The error of a future that was polled too often.
#[derive(Debug, PartialEq, Eq)]
pub struct GaveUp;

/// Exercise 1. Polls its inner future at most `limit` times. If it is still pending then, the inner future is dropped
/// at once, and the output is an error. The box is `Unpin`, whatever is in it.
pub struct Patient<F> {
    future: Option<Pin<Box<F>>>,
    left: u32,
}

/// The limit is at least one.
pub fn patient<F: Future>(limit: u32, future: F) -> Patient<F> {
    Patient { future: Some(Box::pin(future)), left: limit }
}

impl<F: Future> Future for Patient<F> {
    type Output = Result<F::Output, GaveUp>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let future = this.future.as_mut().expect("it is not polled after its end");
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        this.left -= 1;
        if this.left > 0 {
            return Poll::Pending;
        }
        this.future = None;
        Poll::Ready(Err(GaveUp))
    }
}

/// Exercise 2. The items of a stream, two at a time. If their number is odd, the last one comes alone. A stream that has
/// ended is not polled again.
pub struct Pairs<S: Stream> {
    stream: S,
    /// The first item of a pair whose second one has not come yet.
    first: Option<S::Item>,
    ended: bool,
}

pub fn pairs<S: Stream + Unpin>(stream: S) -> Pairs<S> {
    Pairs { stream, first: None, ended: false }
}

/// The items are never pinned.
impl<S: Stream + Unpin> Unpin for Pairs<S> {}

impl<S: Stream + Unpin> Stream for Pairs<S> {
    type Item = (S::Item, Option<S::Item>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        while !this.ended {
            match ready!(Pin::new(&mut this.stream).poll_next(cx)) {
                Some(item) => match this.first.take() {
                    Some(first) => return Poll::Ready(Some((first, Some(item)))),
                    None => this.first = Some(item),
                },
                None => this.ended = true,
            }
        }
        Poll::Ready(this.first.take().map(|first| (first, None)))
    }
}

/// Exercise 3. Begins a search for each request, and drops the one before it, since only the newest counts. Returns the
/// output of the first search that is ready. `None` if the requests end and there was none.
pub async fn newest<R, F: Future>(
    mut requests: mpsc::Receiver<R>,
    mut begin: impl FnMut(R) -> F,
) -> Option<F::Output> {
    let mut search = pin!(None);
    let mut open = true;
    poll_fn(|cx| {
        while open && let Poll::Ready(request) = Pin::new(&mut requests).poll_next(cx) {
            match request {
                Some(request) => search.set(Some(begin(request))),
                None => open = false,
            }
        }
        match search.as_mut().as_pin_mut() {
            Some(search) => search.poll(cx).map(Some),
            None if open => Poll::Pending,
            None => Poll::Ready(None),
        }
    })
    .await
}
