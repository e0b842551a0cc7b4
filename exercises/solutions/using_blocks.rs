//! What is done at the call, and many futures in one list. One solution.

use std::num::ParseIntError;
use std::pin::Pin;

use executor::task;

/// Exercise 1. Waits for as many turns as the text says. A text that is no number is told *at the call*, and the
/// future borrows nothing of the text.
pub fn wait_for(text: &str) -> Result<impl Future<Output = u32> + use<>, ParseIntError> {
    let turns = text.parse()?;
    Ok(async move {
        for _ in 0..turns {
            task::yield_now().await;
        }
        turns
    })
}

/// A future of a word, of whatever type it is.
pub type Word = Pin<Box<dyn Future<Output = String>>>;

/// Exercise 2. Three futures in one list: `first` at once, `second` after a turn, and `third` whenever it is
/// ready.
pub fn three(first: &str, second: &str, third: impl Future<Output = String> + 'static) -> Vec<Word> {
    let (first, second) = (first.to_owned(), second.to_owned());
    vec![
        Box::pin(async move { first }),
        Box::pin(async move {
            task::yield_now().await;
            second
        }),
        Box::pin(third),
    ]
}
