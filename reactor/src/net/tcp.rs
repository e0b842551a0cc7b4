//! TCP: a listener, and streams.
//!
//! A stream is a shared `Async<std::net::TcpStream>`. Without a stream that can be cloned, a task that reads and
//! a task that writes would need a duplicated descriptor, and a second registration, for each connection. A
//! clone here costs neither, and dropping the last one closes the socket (`closing`). A stream is made in
//! `connect`; it is read and written in `byte_stream`.
//!
//! Called by programs. Here the core path ends. Next: `time`.

use std::io;
use std::net::{self, Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::addr::{ToSocketAddrs, first_that_works};
use super::byte_stream::byte_stream;
use super::closing::Connection;
use super::connect::connect;
use super::new_socket::accept;
use crate::async_io::Async;

/// Connections that may wait to be accepted. With std's 128 a burst of clients overflows the queue, and a client
/// that finds it full waits a second for its next attempt.
const BACKLOG: i32 = 4096;

/// A socket that waits for connections.
#[derive(Debug)]
pub struct TcpListener {
    pub(super) socket: Async<net::TcpListener>,
}

impl TcpListener {
    /// Listens on an address; with port 0 the system chooses the port. Up to 4096 connections can wait to be
    /// accepted, or fewer if the system's limit is lower (on Linux `net.core.somaxconn`).
    ///
    /// A name may have several addresses, as `localhost` often has. It listens on the first that works. An
    /// address that is in use ends the search: otherwise a second server would take another address of the same
    /// name, both would run, and their clients would not meet.
    ///
    /// # Errors
    ///
    /// The error of the lookup; or one error that lists those of all addresses tried (in use, not of this
    /// machine) and names the operation. The error that explains most comes first, gives the kind, and is the
    /// source.
    ///
    /// ```
    /// use reactor::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// executor::task::block_on(async {
    ///     let first = TcpListener::bind("localhost:0").await?;
    ///     let port = first.local_addr()?.port();
    ///     let error = TcpListener::bind(("localhost", port)).await.unwrap_err();
    ///     assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        first_that_works("bind", address, |address| {
            let socket = net::TcpListener::bind(address)?;
            rustix::net::listen(&socket, BACKLOG)?; // A second time: only the backlog changes.
            Self::try_from(socket)
        })
        .await
    }

    /// Waits for the next connection, and returns it with the peer's address.
    ///
    /// Cancel-safe: dropping the future loses no connection.
    ///
    /// # Errors
    ///
    /// The system's, unchanged: for example, too many open descriptors. That error returns at once, each time,
    /// until a descriptor is free: wait a little before the next call.
    ///
    /// ```
    /// use reactor::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// executor::task::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let near = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (far, from) = listener.accept().await?;
    ///     assert_eq!(from, near.local_addr()?);
    ///     assert_eq!(far.peer_addr()?, from);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (socket, from) = self.socket.read_with(accept).await?;
        Ok((TcpStream::new(Async::non_blocking(socket)?), from))
    }

    /// Returns a stream of the connections, as [`accept`](Self::accept) returns them. It never ends, not even
    /// after an error.
    ///
    /// ```
    /// use futures_lite::StreamExt;
    /// use reactor::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// executor::task::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let near = TcpStream::connect(listener.local_addr()?).await?;
    ///     let far = listener.incoming().next().await.expect("it never ends")?;
    ///     assert_eq!(far.peer_addr()?, near.local_addr()?);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn incoming(&self) -> impl Stream<Item = io::Result<TcpStream>> + Unpin + Send {
        Incoming { listener: self }
    }

    /// Returns the address on which it listens, with the port that the system chose.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }
}

impl AsFd for TcpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Adopts a listener, with its backlog; it becomes non-blocking.
impl TryFrom<net::TcpListener> for TcpListener {
    type Error = io::Error;

    fn try_from(socket: net::TcpListener) -> io::Result<Self> {
        Ok(Self { socket: Async::new(socket)? })
    }
}

struct Incoming<'a> {
    listener: &'a TcpListener,
}

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let accepted = self.listener.socket.poll_read_with(cx, accept);
        accepted.map(|accepted| {
            Some(accepted.and_then(|(socket, _)| Ok(TcpStream::new(Async::non_blocking(socket)?))))
        })
    }
}

/// A TCP connection: a byte stream in each direction.
///
/// A clone is the same connection and costs no descriptor. Dropping the last one closes the connection. The drop
/// never waits for the peer, whatever SO_LINGER says: the system sends the rest, or resets the connection if
/// the linger time is zero. Both `TcpStream` and `&TcpStream` read and write, so one task can read while another
/// writes. `close` shuts down the write half; reading continues.
///
/// Read and write errors are the system's, unchanged. A single `read` or `write` is cancel-safe: one whose future is
/// dropped before it is ready has transferred nothing. (`read_exact`, `write_all` and the like are several of them.)
///
/// ```
/// use reactor::io::{AsyncReadExt, AsyncWriteExt};
/// use reactor::net::{TcpListener, TcpStream};
/// use std::net::Shutdown;
///
/// # fn main() -> std::io::Result<()> {
/// executor::task::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let mut near = TcpStream::connect(listener.local_addr()?).await?;
///     let (mut far, _) = listener.accept().await?;
///     near.set_nodelay(true)?;
///     assert!(near.nodelay()?);
///
///     near.write_all(b"tea?").await?;
///     let mut bytes = [0; 4];
///     assert_eq!(far.peek(&mut bytes).await?, 4);
///     far.read_exact(&mut bytes).await?;
///     assert_eq!(&bytes, b"tea?");
///
///     near.shutdown(Shutdown::Write)?;
///     assert_eq!(far.read(&mut bytes).await?, 0, "the end; and `near` can still read");
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TcpStream {
    pub(super) socket: Arc<Connection>,
}

impl TcpStream {
    /// Connects. Of several addresses each is tried until one works: IPv6 and IPv4 alternate, and each
    /// address is tried when the one before has failed, or has not replied for a quarter of a second (RFC
    /// 8305).
    ///
    /// A socket that was connected to itself counts as refused. That happens if no socket listens on a local
    /// port, and the system chooses the same port for this end.
    ///
    /// Cancel-safe: dropping the future closes all sockets that it has made.
    ///
    /// # Errors
    ///
    /// The error of the lookup; or one error that lists those of all addresses (refused, unreachable) and names
    /// the operation. The error that explains most comes first, gives the kind, and is the source.
    ///
    /// ```
    /// use reactor::net::TcpStream;
    ///
    /// let error = executor::task::block_on(TcpStream::connect("127.0.0.1:1")).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    /// assert!(error.to_string().starts_with("connect 127.0.0.1:1: "));
    /// ```
    pub async fn connect(address: impl ToSocketAddrs) -> io::Result<Self> {
        let resolved = address.to_socket_addrs();
        drop(address);
        Ok(Self::new(connect(resolved.await?).await?))
    }

    pub(super) fn new(socket: Async<net::TcpStream>) -> Self {
        Self { socket: Arc::new(Connection::new(socket)) }
    }

    /// Waits for bytes, and copies them into the buffer without removing them from the stream. Returns how many;
    /// zero means the end, or an empty buffer.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        self.socket.read_with(|socket| socket.peek(into)).await
    }

    /// Shuts down one half of the connection, or both, for all clones.
    ///
    /// # Errors
    ///
    /// The system's: for example, that the socket is no longer connected.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.get_ref().shutdown(how)
    }

    /// Sends small writes at once (`true`), or lets the system delay and combine them (`false`, the default;
    /// Nagle's algorithm).
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.get_ref().set_nodelay(nodelay)
    }

    /// Returns whether small writes are sent at once.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.get_ref().nodelay()
    }

    /// Returns the address of this end.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }

    /// Returns the address of the other end.
    ///
    /// # Errors
    ///
    /// The system's: for example, that the socket is no longer connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().peer_addr()
    }
}

impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Adopts a connection; it becomes non-blocking.
impl TryFrom<net::TcpStream> for TcpStream {
    type Error = io::Error;

    fn try_from(socket: net::TcpStream) -> io::Result<Self> {
        Ok(Self::new(Async::new(socket)?))
    }
}

byte_stream!(TcpStream, short_read_means_empty: true);
