//! An `Async` of your own, and a copy that yields.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub for the reader to fill in")]

use std::io::{self, PipeReader};
use std::time::Duration;

use reactor::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Exercise 1. Returns the next bytes of a pipe, at most 64, or `None` if none come within `patience`. It
/// must not block the thread: wait with `reactor::Async` and `reactor::time::timeout`.
pub async fn read_within(pipe: PipeReader, patience: Duration) -> io::Result<Option<Vec<u8>>> {
    todo!("exercise 1: an Async of the pipe, a read from it, a timeout around the read")
}

/// Exercise 2. Copies until the end, and returns the number of bytes. After every 4096 bytes, or more often, it lets
/// other tasks run: a reader in memory is always ready, and is not charged to the budget.
pub async fn copy_yielding(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<u64> {
    todo!("exercise 2: read, write, yield")
}
