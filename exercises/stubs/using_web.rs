//! A protocol without waiting, and one deadline for several steps.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::time::{Duration, Instant};

use reactor::time::timeout;

/// Exercise 1. The body of a response in chunks: each a line with its length in hexadecimal, that many bytes,
/// and a line end; a length of 0 and an empty line end it. (Every line ends with `\r\n`.) Bytes come in
/// pieces of any size.
#[derive(Default)]
pub struct Chunked {
    unread: Vec<u8>,
    body: Vec<u8>,
    done: bool,
}

impl Chunked {
    /// Takes more bytes in. An error says what makes no sense.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), String> {
        todo!("exercise 1: as long as `unread` begins with a whole chunk, take it off")
    }

    /// The whole body, once it has ended.
    pub fn body(&self) -> Option<&[u8]> {
        self.done.then_some(&self.body)
    }
}

/// Exercise 2. Does the steps one after the other, all of them within `limit`. Otherwise the number of the
/// step that was not done in time.
pub async fn within<F: Future<Output = ()>>(limit: Duration, steps: Vec<F>) -> Result<(), usize> {
    for (number, step) in steps.into_iter().enumerate() {
        timeout(limit, step).await.map_err(|_| number)?; // exercise 2: each has all of the time
    }
    Ok(())
}
