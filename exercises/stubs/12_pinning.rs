//! A pinned field, and a future that may be moved.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Exercise 1. Counts the polls of its inner future. The inner future need not be `Unpin`, so it must be
/// pinned whenever the `Counted` is.
pub struct Counted<F> {
    future: F,
    polls: u32,
}

pub fn counted<F: Future>(future: F) -> Counted<F> {
    Counted { future, polls: 0 }
}

impl<F: Future> Future for Counted<F> {
    type Output = (F::Output, u32);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("exercise 1: get_unchecked_mut, and Pin::new_unchecked for one field; what do you promise?")
    }
}

/// Exercise 2. Its first poll finds the last word of its text, and returns `Pending`. The second poll returns
/// the word. The future may be moved in between, so it must not store an address.
pub struct Reader {
    text: String,
    word: Option<Range<usize>>,
}

impl Reader {
    pub fn new(text: &str) -> Reader {
        Reader { text: text.to_owned(), word: None }
    }
}

impl Future for Reader {
    type Output = String;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<String> {
        todo!("exercise 2: store a position in the text")
    }
}
