//! A pinned field, and a future that may be moved. One solution.
#![allow(unsafe_code, reason = "a field is pinned with its struct, which the compiler cannot check")]

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
        // SAFETY: nothing below moves the struct: one field is incremented, the other is pinned at once.
        let this = unsafe { self.get_unchecked_mut() };
        this.polls += 1;
        // SAFETY: the field is pinned with the struct: no code moves it out, or gives out a `&mut` to it.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        future.poll(cx).map(|output| (output, this.polls))
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
        if let Some(word) = self.word.clone() {
            return Poll::Ready(self.text[word].to_owned());
        }
        let start = self.text.rfind(' ').map_or(0, |space| space + 1);
        self.word = Some(start..self.text.len());
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
