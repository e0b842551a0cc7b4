//! What is done at the call, and many futures in one list.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::num::ParseIntError;
use std::pin::Pin;

use executor::task;

/// Exercise 1. Waits for as many turns as the text says. A text that is no number is told *at the call*, and the
/// future borrows nothing of the text.
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

/// A future of a word, of whatever type it is.
pub type Word = Pin<Box<dyn Future<Output = String>>>;

/// Exercise 2. Three futures in one list: `first` at once, `second` after a turn, and `third` whenever it is
/// ready.
pub fn three(first: &str, second: &str, third: impl Future<Output = String> + 'static) -> Vec<Word> {
    todo!("exercise 2: a block for each, in a box; what do they own?")
}
