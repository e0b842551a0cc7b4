//! Sending a request again, and a stale socket file.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::io;
use std::path::Path;
use std::time::Duration;

use reactor::net::{UdpSocket, UnixListener, UnixStream};
use reactor::time::timeout;

/// Exercise 1. Sends the request until there is a response, at most `attempts` times, and waits for
/// `patience` each time. The socket is connected. If no response comes, the error is `TimedOut`.
pub async fn ask(
    socket: &UdpSocket,
    request: &[u8],
    patience: Duration,
    attempts: u32,
) -> io::Result<Vec<u8>> {
    socket.send(request).await?;
    let mut buffer = vec![0; 512];
    let length = socket.recv(&mut buffer).await?; // exercise 1: and if it was lost?
    buffer.truncate(length);
    Ok(buffer)
}

/// Exercise 2. Listens at a path. If a running service uses the path, the error is `AddrInUse`. A stale file,
/// left by a service that has ended, is removed.
pub async fn listen(path: &Path) -> io::Result<UnixListener> {
    let _ = std::fs::remove_file(path); // exercise 2: and if a service is running?
    UnixListener::bind(path).await
}
