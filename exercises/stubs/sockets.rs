//! A descriptor of your own, and a copy that gives way.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub, to be filled in")]

use std::io::{self, PipeReader};
use std::time::Duration;

use reactor::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Exercise 1. The next bytes of a pipe, at most 64; `None` if none come in time. The thread must not be
/// blocked meanwhile: `reactor::Async` and `reactor::time::timeout` do the waiting.
pub async fn read_within(pipe: PipeReader, patience: Duration) -> io::Result<Option<Vec<u8>>> {
    todo!("exercise 1: an Async of the pipe, a read of it, a timeout around that")
}

/// Exercise 2. Copies until the end, and returns how many bytes. After each 4096 bytes, or so, it lets the
/// other tasks run: a reader in memory is always ready, and nobody else charges it to the budget.
pub async fn copy_politely(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<u64> {
    todo!("exercise 2: read, write, give way")
}
