//! A stream of words, and a merge of two streams. One solution.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::Stream;
use reactor::io::{AsyncRead, AsyncReadExt};

/// Exercise 1. The words of a reader, separated by ASCII white space.
pub struct Words<R> {
    reader: R,
    // The part of a word that was read must be here, not in the future of `next`, which may be dropped.
    word: Vec<u8>,
    rest: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Words<R> {
    pub fn new(reader: R) -> Words<R> {
        Words { reader, word: Vec::new(), rest: Vec::new() }
    }

    /// Returns the next word, or `None` at the end. Dropping the future loses nothing.
    pub async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            while !self.rest.is_empty() {
                let byte = self.rest.remove(0);
                if !byte.is_ascii_whitespace() {
                    self.word.push(byte);
                } else if !self.word.is_empty() {
                    return Ok(Some(self.take_word()));
                }
            }
            let mut piece = [0; 64];
            let length = self.reader.read(&mut piece).await?;
            self.rest.extend_from_slice(&piece[..length]);
            if length == 0 {
                return Ok((!self.word.is_empty()).then(|| self.take_word()));
            }
        }
    }

    fn take_word(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.word)).into_owned()
    }
}

/// Exercise 2. The items of two streams, in the order in which they come. It ends when both have ended.
pub struct Merge<A, B> {
    first: Option<A>,
    second: Option<B>,
    /// Which stream is polled first the next time, so that neither starves the other.
    turn: bool,
}

pub fn merge<A, B>(first: A, second: B) -> Merge<A, B> {
    Merge { first: Some(first), second: Some(second), turn: false }
}

impl<T, A, B> Stream for Merge<A, B>
where
    A: Stream<Item = T> + Unpin,
    B: Stream<Item = T> + Unpin,
{
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.turn = !self.turn;
        for poll_first in [self.turn, !self.turn] {
            let polled = if poll_first { poll(&mut self.first, cx) } else { poll(&mut self.second, cx) };
            if let Poll::Ready(Some(item)) = polled {
                return Poll::Ready(Some(item));
            }
        }
        let ended = self.first.is_none() && self.second.is_none();
        if ended { Poll::Ready(None) } else { Poll::Pending }
    }
}

/// Polls a stream, and drops it when it has ended.
fn poll<S: Stream + Unpin>(stream: &mut Option<S>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
    let Some(open) = stream else { return Poll::Ready(None) };
    let polled = Pin::new(open).poll_next(cx);
    if let Poll::Ready(None) = polled {
        *stream = None;
    }
    polled
}
