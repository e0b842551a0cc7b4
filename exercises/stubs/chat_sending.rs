//! Few writes for many lines, and a sender that is cancel-safe.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::io;

use reactor::io::{AsyncWrite, AsyncWriteExt};

/// Exercise 1. Sends lines, each with a newline, in as few writes as possible. No call of `write_all` gets
/// more than `most` bytes, unless a single line is longer. No line is split between two calls.
pub async fn send_all(to: &mut (impl AsyncWrite + Unpin), lines: &[&str], most: usize) -> io::Result<()> {
    for line in lines {
        to.write_all(line.as_bytes()).await?;
        to.write_all(b"\n").await?;
    }
    Ok(())
}

/// Exercise 2. A sender of lines whose `flush` may be dropped at any await, and called again.
pub struct Sender<W> {
    to: W,
    /// The bytes that are still to be written.
    queued: Vec<u8>,
}

impl<W: AsyncWrite + Unpin> Sender<W> {
    pub fn new(to: W) -> Sender<W> {
        Sender { to, queued: Vec::new() }
    }

    /// Queues a line. It never waits.
    pub fn push(&mut self, line: &str) {
        self.queued.extend_from_slice(line.as_bytes());
        self.queued.push(b'\n');
    }

    /// Writes the queued bytes. Bytes that a `write` has taken must leave the queue before the next await.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(&self.queued).await?;
        self.queued.clear();
        Ok(())
    }

    pub fn get_ref(&self) -> &W {
        &self.to
    }
}
