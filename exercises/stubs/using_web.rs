//! A protocol without I/O, and one deadline for several steps.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::time::{Duration, Instant};

use reactor::time::timeout;

/// Exercise 1. A response body in chunks. Each chunk is a line with its length in hexadecimal, that many
/// bytes, and a line end. A length of 0 and an empty line end the body. (Every line ends with `\r\n`.) The
/// bytes arrive in pieces of any size.
#[derive(Default)]
pub struct Chunked {
    unread: Vec<u8>,
    body: Vec<u8>,
    done: bool,
}

impl Chunked {
    /// Adds more bytes. An error says what is malformed.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), String> {
        todo!("exercise 1: while `unread` begins with a whole chunk, remove it")
    }

    /// Returns the whole body, once it has ended.
    pub fn body(&self) -> Option<&[u8]> {
        self.done.then_some(&self.body)
    }
}

/// Exercise 2. Runs the steps one after the other, all of them within `limit`. The error is the number of the
/// step that was not done in time.
pub async fn within<F: Future<Output = ()>>(limit: Duration, steps: Vec<F>) -> Result<(), usize> {
    for (number, step) in steps.into_iter().enumerate() {
        timeout(limit, step).await.map_err(|_| number)?; // exercise 2: here each step gets the whole limit
    }
    Ok(())
}
