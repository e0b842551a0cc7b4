//! A call that runs nothing, and two futures at once.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::cell::RefCell;

/// Writes a word to the journal.
async fn write(journal: &RefCell<Vec<&'static str>>, word: &'static str) {
    journal.borrow_mut().push(word);
}

/// Exercise 1. It should write "first", then "second". What does it write, and why?
pub async fn both_words(journal: &RefCell<Vec<&'static str>>) {
    let first = write(journal, "first");
    let second = write(journal, "second");
    drop(first);
    second.await;
}

/// Exercise 2. Returns both outputs. Each future may need something from the other before it is ready.
pub async fn together<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    (first.await, second.await)
}
