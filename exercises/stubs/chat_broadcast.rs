//! From a broadcast channel to a writer: lost lines are reported, and lines that are ready are batched.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::io;
use std::sync::Arc;

use executor::sync::broadcast::{Receiver, RecvError, TryRecvError};
use reactor::io::{AsyncWrite, AsyncWriteExt};

/// Exercises 1 and 2. Writes each line with a newline until the channel is closed. In place of N lines that
/// were dropped before they could be written, it writes `lost N` (exercise 1). Whenever it receives a line,
/// it also takes all others that are ready, and writes them in one call of `write_all` (exercise 2).
pub async fn deliver(mut lines: Receiver<Arc<str>>, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    while let Ok(line) = lines.recv().await {
        to.write_all(line.as_bytes()).await?;
        to.write_all(b"\n").await?;
    }
    Ok(())
}
