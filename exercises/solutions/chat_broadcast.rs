//! From a broadcast channel to a writer: lost lines are reported, and lines that are ready are batched. One
//! solution.

use std::io;
use std::sync::Arc;

use executor::sync::broadcast::{Receiver, RecvError, TryRecvError};
use reactor::io::{AsyncWrite, AsyncWriteExt};

/// Exercises 1 and 2. Writes each line with a newline until the channel is closed. In place of N lines that
/// were dropped before they could be written, it writes `lost N` (exercise 1). Whenever it receives a line,
/// it also takes all others that are ready, and writes them in one call of `write_all` (exercise 2).
pub async fn deliver(mut lines: Receiver<Arc<str>>, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    loop {
        let mut batch = match lines.recv().await {
            Ok(line) => format!("{line}\n"),
            Err(RecvError::Lagged(count)) => format!("lost {count}\n"),
            Err(RecvError::Closed) => return Ok(()),
        };
        loop {
            match lines.try_recv() {
                Ok(line) => batch.extend([&line, "\n"]),
                Err(TryRecvError::Lagged(count)) => batch.push_str(&format!("lost {count}\n")),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        to.write_all(batch.as_bytes()).await?;
    }
}
