//! Few writes for many lines, and a sender that may be cancelled.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::io;

use reactor::io::{AsyncWrite, AsyncWriteExt};

/// Exercise 1. Sends lines, each with a newline, in as few writes as may be: no call of `write_all` gets more
/// than `most` bytes, unless one line alone is longer. No line is split over two calls.
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
    /// What is still to be written.
    queued: Vec<u8>,
}

impl<W: AsyncWrite + Unpin> Sender<W> {
    pub fn new(to: W) -> Sender<W> {
        Sender { to, queued: Vec::new() }
    }

    /// Takes a line in. It never waits.
    pub fn push(&mut self, line: &str) {
        self.queued.extend_from_slice(line.as_bytes());
        self.queued.push(b'\n');
    }

    /// Writes what is queued. What a `write` has taken must be out of the queue before the next await.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(&self.queued).await?;
        self.queued.clear();
        Ok(())
    }

    pub fn get_ref(&self) -> &W {
        &self.to
    }
}
