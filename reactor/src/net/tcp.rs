//! TCP: a listener, and streams.
//!
//! A stream is a shared `Async<std::net::TcpStream>`: a clone costs no descriptor, and the last one to be
//! dropped closes it (`closing`). It begins in `connect`; bytes go in and out through `byte_stream`.
//!
//! Called by programs. Here the core path ends. Next: `udp`.

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
use crate::async_io::Async;

/// Connections that may wait to be accepted. With std's 128 a burst of clients overflows the queue, and
/// each that does waits a second for its next attempt.
const BACKLOG: i32 = 4096;

/// A socket that waits for connections.
#[derive(Debug)]
pub struct TcpListener {
    socket: Async<net::TcpListener>,
}

impl TcpListener {
    /// Listens on an address; port 0 lets the system choose one. Up to 4096 connections wait to be accepted.
    ///
    /// Of several addresses, as `localhost` has them, it listens on the first that works. An
    /// address that is in use ends the attempt: else a second server would take another address of the
    /// same name, both would run, and their clients would not meet.
    ///
    /// # Errors
    ///
    /// The lookup's; or the error of each address (in use, not ours), with the operation.
    /// The error that explains most comes first; it gives the kind, and is the source.
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
            rustix::net::listen(&socket, BACKLOG)?; // Once more: only the backlog changes.
            Self::try_from(socket)
        })
        .await
    }

    /// The next connection, and where it comes from. Dropping the returned future loses none.
    ///
    /// # Errors
    ///
    /// The system's, untouched and each time: descriptors at the limit, for one. Wait a little then.
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
        let (socket, from) = self.socket.read_with(net::TcpListener::accept).await?;
        Ok((TcpStream::try_from(socket)?, from))
    }

    /// The connections, one after the other; it never ends.
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

    /// Where it listens.
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
        let accepted = self.listener.socket.poll_read_with(cx, net::TcpListener::accept);
        accepted.map(|accepted| Some(accepted.and_then(|(socket, _)| TcpStream::try_from(socket))))
    }
}

/// A TCP connection: a byte stream in each direction.
///
/// A clone is the same connection and costs no descriptor; the last one to be dropped closes it, and never
/// waits for the peer, whatever SO_LINGER says: the system sends the rest. Both
/// `TcpStream` and `&TcpStream` read and write, so that one task may do the one and another task the
/// other. `close` shuts the write half; reading goes on.
///
/// Read and write errors are the system's, untouched. Cancelling a read or a write loses no byte: what
/// is not answered has not been taken.
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
    /// Connects. Of several addresses each is tried until one works: the families in turn, each address when
    /// the one before has failed, or has not replied for a quarter of a second (RFC 8305).
    ///
    /// A connection of a socket to itself, which TCP allows where nobody listens on a local port, counts as
    /// refused.
    ///
    /// # Errors
    ///
    /// The lookup's; or the error of each address (refused, unreachable), with the operation. The error that
    /// explains most comes first; it gives the kind, and is the source.
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

    fn new(socket: Async<net::TcpStream>) -> Self {
        Self { socket: Arc::new(Connection(socket)) }
    }

    /// Looks at what comes next, without taking it. Zero means the end.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        self.socket.read_with(|socket| socket.peek(into)).await
    }

    /// Shuts one half, or both, of this connection and its clones.
    ///
    /// # Errors
    ///
    /// The system's: not connected any more, for one.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.get_ref().shutdown(how)
    }

    /// Sends small writes at once (true), or lets the system join them for a while (Nagle's algorithm).
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.get_ref().set_nodelay(nodelay)
    }

    /// Whether small writes are sent at once.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.get_ref().nodelay()
    }

    /// This end's address.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }

    /// The other end's address.
    ///
    /// # Errors
    ///
    /// The system's.
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

byte_stream!(TcpStream, short_read_says_empty: true);
