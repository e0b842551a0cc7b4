//! Sending a request again, and a stale socket file. One solution.

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
    let mut buffer = vec![0; 512];
    for _ in 0..attempts {
        socket.send(request).await?;
        if let Ok(received) = timeout(patience, socket.recv(&mut buffer)).await {
            buffer.truncate(received?);
            return Ok(buffer);
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Exercise 2. Listens at a path. If a running service uses the path, the error is `AddrInUse`. A stale file,
/// left by a service that has ended, is removed.
pub async fn listen(path: &Path) -> io::Result<UnixListener> {
    let taken = match UnixListener::bind(path).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => error,
        outcome => return outcome,
    };
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)?;
            UnixListener::bind(path).await
        }
        _ => Err(taken),
    }
}
