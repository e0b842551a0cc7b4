//! An `Async` of your own, and a copy that yields. One solution.

use std::io::{self, PipeReader};
use std::time::Duration;

use executor::task;
use reactor::Async;
use reactor::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use reactor::time::timeout;

/// Returns the next bytes of a pipe, at most 64, or `None` if none come in time.
pub async fn read_within(pipe: PipeReader, patience: Duration) -> io::Result<Option<Vec<u8>>> {
    let mut pipe = Async::new(pipe)?;
    let mut bytes = vec![0; 64];
    match timeout(patience, pipe.read(&mut bytes)).await {
        Err(_elapsed) => Ok(None),
        Ok(read) => {
            bytes.truncate(read?);
            Ok(Some(bytes))
        }
    }
}

/// Copies until the end, and yields after each piece.
pub async fn copy_yielding(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<u64> {
    let mut piece = [0; 4096];
    let mut copied = 0;
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(copied);
        }
        to.write_all(&piece[..length]).await?;
        copied += length as u64;
        task::yield_now().await;
    }
}
