//! Packets with a length prefix: four bytes, big-endian. One solution.

use std::io;

use reactor::io::{AsyncRead, AsyncReadExt};

/// A packet longer than the limit. It holds the packet's length.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong(pub usize);

/// Reads packets of at most `limit` bytes.
pub struct Packets<R> {
    reader: R,
    limit: usize,
    /// Bytes that were read, but not returned yet.
    held: Vec<u8>,
    /// How many bytes of a packet that was too long are still to be skipped.
    to_skip: usize,
}

impl<R: AsyncRead + Unpin> Packets<R> {
    pub fn new(reader: R, limit: usize) -> Packets<R> {
        Packets { reader, limit, held: Vec::new(), to_skip: 0 }
    }

    /// Returns the next packet, or `None` if the stream ends between two packets. If it ends inside a packet,
    /// the error is `UnexpectedEof`.
    ///
    /// Exercise 1: it never holds more bytes than the limit and one read. Dropping the future loses nothing.
    ///
    /// Exercise 2: a packet that is too long is reported as soon as its length is known. The next call skips
    /// its bytes and continues after it.
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

    /// Returns the number of bytes held.
    pub fn held(&self) -> usize {
        self.held.len()
    }
}
