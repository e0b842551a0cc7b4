//! From a broadcast channel to a writer: what was lost is told, what is ready is joined. One solution.

use std::io;
use std::sync::Arc;

use executor::sync::broadcast::{Receiver, RecvError, TryRecvError};
use reactor::io::{AsyncWrite, AsyncWriteExt};

/// Exercises 1 and 2. Writes each line with a newline until the channel is closed. For lines that were pushed
/// out before they could be written it writes `lost N` in their place (exercise 1). After a wait it takes one
/// line, and with it all others that are ready, and writes them in one call of `write_all` (exercise 2).
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
