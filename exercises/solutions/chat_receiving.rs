//! Packets with their length in front: four bytes, the highest first. One solution.

use std::io;

use reactor::io::{AsyncRead, AsyncReadExt};

/// A packet that is longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong(pub usize);

/// Reads packets of at most `limit` bytes.
pub struct Packets<R> {
    reader: R,
    limit: usize,
    /// What was read, and is not given out yet.
    held: Vec<u8>,
    /// Bytes of a packet that was too long: still to be thrown away.
    to_skip: usize,
}

impl<R: AsyncRead + Unpin> Packets<R> {
    pub fn new(reader: R, limit: usize) -> Packets<R> {
        Packets { reader, limit, held: Vec::new(), to_skip: 0 }
    }

    /// The next packet; `None` at the end between two packets. An end inside of one is `UnexpectedEof`.
    ///
    /// Exercise 1: it never holds more than the limit and a piece, and dropping the future loses nothing.
    /// Exercise 2: a packet that is too long is told at once, by its length; the next call skips its bytes
    /// and goes on behind it.
    pub async fn next(&mut self) -> io::Result<Option<Result<Vec<u8>, TooLong>>> {
        loop {
            let skipped = self.to_skip.min(self.held.len());
            self.held.drain(..skipped);
            self.to_skip -= skipped;
            if let Some((head, rest)) = self.held.split_first_chunk::<4>() {
                let length = u32::from_be_bytes(*head) as usize;
                if length > self.limit {
                    self.to_skip = 4 + length;
                    return Ok(Some(Err(TooLong(length))));
                }
                if rest.len() >= length {
                    let packet = rest[..length].to_vec();
                    self.held.drain(..4 + length);
                    return Ok(Some(Ok(packet)));
                }
            }
            let mut piece = [0; 64];
            match self.reader.read(&mut piece).await? {
                0 if self.held.is_empty() && self.to_skip == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => self.held.extend_from_slice(&piece[..length]),
            }
        }
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        self.held.len()
    }
}
