//! A call that runs nothing, and two futures at once. One solution.

use std::cell::RefCell;

use futures_lite::future::zip;

/// Writes a word to the journal.
async fn write(journal: &RefCell<Vec<&'static str>>, word: &'static str) {
    journal.borrow_mut().push(word);
}

/// Exercise 1. It should write "first", then "second". What does it write, and why?
pub async fn both_words(journal: &RefCell<Vec<&'static str>>) {
    write(journal, "first").await;
    write(journal, "second").await;
}

/// Exercise 2. Returns both outputs. Each future may need something from the other before it is ready.
pub async fn together<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    zip(first, second).await
}
