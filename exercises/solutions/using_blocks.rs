//! Work at the call, and different futures in one list. One solution.

use std::num::ParseIntError;
use std::pin::Pin;

use executor::task;

/// Exercise 1. Yields as many times as the text says. The *call* returns an error if the text is not a number,
/// and the future does not borrow the text.
pub fn wait_for(text: &str) -> Result<impl Future<Output = u32> + use<>, ParseIntError> {
    let turns = text.parse()?;
    Ok(async move {
        for _ in 0..turns {
            task::yield_now().await;
        }
        turns
    })
}

/// Any future whose output is a word.
pub type Word = Pin<Box<dyn Future<Output = String>>>;

/// Exercise 2. Returns three futures in one list: `first` is ready at once, `second` after it has yielded
/// once, and `third` when it is ready.
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
