//! A protocol without I/O, and one deadline for several steps. One solution.

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
        self.unread.extend_from_slice(bytes);
        while !self.done {
            let Some(end) = self.unread.windows(2).position(|two| two == b"\r\n") else { return Ok(()) };
            let line = String::from_utf8_lossy(&self.unread[..end]).into_owned();
            let length = usize::from_str_radix(&line, 16).map_err(|error| format!("{line:?}: {error}"))?;
            let begin = end + 2;
            let next = length.checked_add(begin + 2).ok_or_else(|| format!("{line:?}: too long"))?;
            let Some(chunk) = self.unread.get(begin..next) else { return Ok(()) };
            let (chunk, line_end) = chunk.split_at(length);
            if line_end != b"\r\n" {
                return Err("a chunk without its line end".to_owned());
            }
            self.body.extend_from_slice(chunk);
            self.unread.drain(..next);
            self.done = length == 0;
        }
        Ok(())
    }

    /// Returns the whole body, once it has ended.
    pub fn body(&self) -> Option<&[u8]> {
        self.done.then_some(&self.body)
    }
}

/// Exercise 2. Runs the steps one after the other, all of them within `limit`. The error is the number of the
/// step that was not done in time.
pub async fn within<F: Future<Output = ()>>(limit: Duration, steps: Vec<F>) -> Result<(), usize> {
    let begun = Instant::now();
    for (number, step) in steps.into_iter().enumerate() {
        let left = limit.saturating_sub(begun.elapsed());
        timeout(left, step).await.map_err(|_| number)?;
    }
    Ok(())
}
