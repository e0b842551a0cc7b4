//! Asking again, and a path that somebody has left behind.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::io;
use std::path::Path;
use std::time::Duration;

use reactor::net::{UdpSocket, UnixListener, UnixStream};
use reactor::time::timeout;

/// Exercise 1. Asks until there is a response, at most `attempts` times, and waits for `patience` each time.
/// The socket is connected. `TimedOut` if none comes.
pub async fn ask(
    socket: &UdpSocket,
    question: &[u8],
    patience: Duration,
    attempts: u32,
) -> io::Result<Vec<u8>> {
    socket.send(question).await?;
    let mut buffer = vec![0; 512];
    let length = socket.recv(&mut buffer).await?; // exercise 1: and if it was lost?
    buffer.truncate(length);
    Ok(buffer)
}

/// Exercise 2. Listens at a path. If it is taken by a service that lives, the error is `AddrInUse`; what a
/// dead one has left is removed.
pub async fn listen(path: &Path) -> io::Result<UnixListener> {
    let _ = std::fs::remove_file(path); // exercise 2: and if a service is running?
    UnixListener::bind(path).await
}
