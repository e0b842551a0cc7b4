//! A stream of words, and a merge of two streams.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

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
        let mut word = Vec::new();
        let mut byte = [0];
        loop {
            let length = self.reader.read(&mut byte).await?;
            if length == 1 && !byte[0].is_ascii_whitespace() {
                word.push(byte[0]);
            } else if !word.is_empty() {
                return Ok(Some(String::from_utf8_lossy(&word).into_owned()));
            } else if length == 0 {
                return Ok(None);
            }
        }
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
        todo!("exercise 2: poll both, taking turns; drop a stream that has ended")
    }
}
