//! Asking again, and a path that somebody has left behind. One solution.

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
    let mut buffer = vec![0; 512];
    for _ in 0..attempts {
        socket.send(question).await?;
        if let Ok(received) = timeout(patience, socket.recv(&mut buffer)).await {
            buffer.truncate(received?);
            return Ok(buffer);
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Exercise 2. Listens at a path. If it is taken by a service that lives, the error is `AddrInUse`; what a
/// dead one has left is removed.
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
