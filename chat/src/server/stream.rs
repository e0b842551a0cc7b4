//! The stream of one client: a TCP connection, or the pipe to a browser's bridge.
//!
//! A browser speaks WebSocket, and the rest of the server knows nothing of it: `web/bridge` copies
//! between the browser's frames and a pair of connected Unix sockets, and the other end of the pair is served like
//! any other client. With a trait instead of this enum, everything that holds a stream would be generic, and
//! compiled twice.
//!
//! ```text
//!   client  ── TCP ─────────────────────────▶ Stream::Tcp ──┐
//!   browser ── WebSocket ──▶ bridge ── pipe ▶ Stream::Pipe ─┴─▶ connection
//! ```
//!
//! Used by `outbound`, `ending`, `connection`, `web/mod` and `mod`. Next: `outbound`.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::{AsyncRead, AsyncWrite};
use reactor::net::{TcpStream, UnixStream};

use super::options::Options;

/// A client's stream. A clone costs no descriptor.
#[derive(Clone, Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg_attr(not(feature = "web"), expect(dead_code, reason = "only a browser has one"))]
    Pipe(UnixStream),
}

impl Stream {
    /// Waits until the stream is over in both directions.
    pub(super) async fn closed(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.closed().await,
            Stream::Pipe(stream) => stream.closed().await,
        }
    }

    /// Waits until the client sends no more.
    pub(super) async fn read_closed(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.read_closed().await,
            Stream::Pipe(stream) => stream.read_closed().await,
        }
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.shutdown(how),
            Stream::Pipe(stream) => stream.shutdown(how),
        }
    }

    fn reader(&mut self) -> &mut (dyn AsyncRead + Unpin) {
        match self {
            Stream::Tcp(stream) => stream,
            Stream::Pipe(stream) => stream,
        }
    }

    fn writer(&mut self) -> &mut (dyn AsyncWrite + Unpin) {
        match self {
            Stream::Tcp(stream) => stream,
            Stream::Pipe(stream) => stream,
        }
    }
}

/// Prepares a connection of a client: small writes are not held back, and a vanished machine is noticed.
pub(super) fn prepare(stream: &TcpStream, options: &Options) {
    // Each fails only if the connection has ended already; then the first read fails too.
    let _ = stream.set_nodelay(true);
    if options.keepalive.is_some() {
        let _ = stream.set_keepalive(options.keepalive);
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().reader()).poll_read(cx, to)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().writer()).poll_write(cx, from)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().writer()).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().writer()).poll_close(cx)
    }
}
