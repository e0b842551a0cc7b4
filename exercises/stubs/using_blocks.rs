//! Work at the call, and different futures in one list.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::num::ParseIntError;
use std::pin::Pin;

use executor::task;

/// Exercise 1. Yields as many times as the text says. The *call* returns an error if the text is not a number,
/// and the future does not borrow the text.
pub fn wait_for(text: &str) -> Result<impl Future<Output = u32> + use<>, ParseIntError> {
    let text = text.to_owned();
    Ok(async move {
        let turns = text.parse().expect("a number");
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
    todo!("exercise 2: an async block for each, in a box; what must they own?")
}
