//! From a broadcast channel to a writer: what was lost is told, what is ready is joined.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::io;
use std::sync::Arc;

use executor::sync::broadcast::{Receiver, RecvError, TryRecvError};
use reactor::io::{AsyncWrite, AsyncWriteExt};

/// Exercises 1 and 2. Writes each line with a newline until the channel is closed. For lines that were pushed
/// out before they could be written it writes `lost N` in their place (exercise 1). After a wait it takes one
/// line, and with it all others that are ready, and writes them in one call of `write_all` (exercise 2).
pub async fn deliver(mut lines: Receiver<Arc<str>>, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    while let Ok(line) = lines.recv().await {
        to.write_all(line.as_bytes()).await?;
        to.write_all(b"\n").await?;
    }
    Ok(())
}
