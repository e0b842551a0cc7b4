//! The outgoing half of a connection: whole lines, from several tasks, in few writes.
//!
//! Without this file two tasks that write to one socket would mix their lines. A std mutex would not help:
//! the lock is held while a task waits for the socket, and would block the threads of the others. The other
//! design is a task that owns the socket, with a channel in front of it. It costs one more task for each
//! connection, and each line passes through one more queue.
//!
//! ```text
//!   subscription task ─┐
//!   subscription task ─┼─▶ async Mutex ─▶ Outgoing { stream } ─▶ one write for all that is ready
//!   connection (errors)┘
//! ```
//!
//! The task that holds the lock writes. The others wait, each with one line at most. So a client that never
//! reads costs one batch, and a line for each of its groups. What is posted meanwhile stays in the groups'
//! channels, and a channel drops its oldest lines when it is full.
//!
//! - W1  Lines are not interleaved: a task writes a whole batch under the lock.
//! - W2  `poisoned` is set before a write and cleared after it. A write that fails, or whose task is cancelled
//!   in the middle of a line, leaves it set, and nothing is written after the incomplete line.
//! - W3  A failed write shuts the socket down, so that the connection's reader sees the end too.
//!
//! Used by `group/subscription`, `ending` and `connection/joining`. Next: `log`.

use std::io;
use std::net::Shutdown;
use std::sync::atomic::AtomicUsize;

use executor::sync::{Mutex, MutexGuard};
use futures_lite::AsyncWriteExt;

use super::stream::Stream;

/// The outgoing half, shared by the tasks of one connection.
pub(super) struct Outbound {
    outgoing: Mutex<Outgoing>,
    /// How much waits for this client, in bytes: what its subscription tasks have reported, and the names of
    /// its groups.
    pub(super) waiting: AtomicUsize,
}

impl Outbound {
    pub(super) fn new(stream: Stream) -> Self {
        Self { outgoing: Mutex::new(Outgoing { stream, poisoned: false }), waiting: AtomicUsize::new(0) }
    }

    /// Waits until no other task writes. Cancel-safe.
    pub(super) async fn lock(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().await
    }

    /// Waits for the lock, and writes whole lines. If it is dropped while it writes, all later calls fail.
    pub(super) async fn send_lines(&self, lines: &[u8]) -> io::Result<()> {
        self.lock().await.write_lines(lines).await
    }
}

/// What the lock guards: a socket to which only whole lines have been written.
pub(super) struct Outgoing {
    stream: Stream,
    poisoned: bool,
}

impl Outgoing {
    /// Writes whole lines. If a call fails, or is dropped, all later calls fail with `BrokenPipe`.
    pub(super) async fn write_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.poisoned {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.poisoned = true;
        if let Err(error) = self.stream.write_all(lines).await {
            let _ = self.stream.shutdown(Shutdown::Both);
            return Err(error);
        }
        self.poisoned = false;
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use executor::task;
    use futures_lite::{AsyncReadExt, future};
    use reactor::net::{TcpListener, TcpStream};
    use reactor::time::timeout;
    use std::time::Duration;

    /// Returns the server's end of a connection, and the client's.
    pub(in crate::server) async fn connected() -> io::Result<(TcpStream, TcpStream)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        Ok((listener.accept().await?.0, client))
    }

    #[test]
    fn nothing_follows_a_torn_line() -> io::Result<()> {
        task::block_on(async {
            let (stream, mut client) = connected().await?;
            let outbound = Outbound::new(Stream::Tcp(stream));
            let long = vec![b'x'; 16 << 20];
            assert!(future::poll_once(outbound.lock().await.write_lines(&long)).await.is_none());
            assert!(matches!(future::poll_once(outbound.send_lines(b"another\n")).await, Some(Err(_))));
            drop(outbound);
            let mut got = Vec::new();
            client.read_to_end(&mut got).await?;
            assert!(!got.is_empty() && got.iter().all(|&byte| byte == b'x'));
            Ok(())
        })
    }

    #[test]
    fn a_failed_write_ends_the_reading_too() -> io::Result<()> {
        task::block_on(async {
            let (mut stream, _client) = connected().await?;
            let outbound = Outbound::new(Stream::Tcp(stream.clone()));
            stream.shutdown(Shutdown::Write)?;
            assert!(outbound.send_lines(b"in vain\n").await.is_err());
            assert_eq!(timeout(Duration::from_secs(30), stream.read(&mut [0])).await??, 0);
            Ok(())
        })
    }
}
