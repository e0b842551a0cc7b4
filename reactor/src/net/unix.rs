//! Unix sockets: byte streams between processes of one machine, addressed by a path.
//!
//! The file system finds the peer, so only its permissions decide who may connect, and no packet leaves the
//! machine. A connection is made in `unix_connect`, and is read and written in `byte_stream`.
//!
//! As with std's listener, the path stays when the listener is dropped: remove it before the next `bind`. A
//! removal on drop could remove the path of a successor that has bound it in the meantime.
//!
//! Called by programs. Next: `unix_names`.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_lite::Stream;
use rustix::net::SocketAddrUnix;

use super::unix_connect::connect;
use crate::async_io::Async;
use crate::budget;
use crate::explain::explain;
use crate::net::byte_stream::byte_stream;

/// A socket that listens at a path. A clone costs no descriptor. Dropping the last one closes the socket, and
/// leaves the path where it is.
///
/// ```
/// # executor::task::block_on(async {
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future::zip};
/// use reactor::net::{UnixListener, UnixStream};
///
/// let path = std::env::temp_dir().join(format!("unix-example-{}", std::process::id()));
/// let listener = UnixListener::bind(&path).await?;
/// let (accepted, connected) = zip(listener.accept(), UnixStream::connect(&path)).await;
/// std::fs::remove_file(&path)?;
///
/// let (mut accepted, _) = accepted?;
/// connected?.write_all(b"hi").await?;
/// let mut text = String::new();
/// accepted.read_to_string(&mut text).await?;
/// assert_eq!(text, "hi");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct UnixListener {
    pub(super) socket: Arc<Async<net::UnixListener>>,
}

impl UnixListener {
    /// Listens at `path`, which must not exist yet.
    ///
    /// # Errors
    ///
    /// The system's (the path exists, or cannot be created), with the operation and the path. An empty path is
    /// `InvalidInput`.
    pub async fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        budget::take_one().await;
        let path = path.as_ref();
        let bound = not_empty(path).and_then(net::UnixListener::bind).and_then(Self::try_from);
        bound.map_err(|error| explain(format_args!("bind {}", shown(path)), error))
    }

    /// Waits for the next stream, and returns it with the peer's address, which mostly has no path.
    ///
    /// Cancel-safe: dropping the future loses no stream.
    ///
    /// # Errors
    ///
    /// The system's: for example, too many open descriptors. That error returns at once, each time, until a
    /// descriptor is free: wait a little before the next call.
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, from) = self.socket.read_with(net::UnixListener::accept).await?;
        Ok((UnixStream::try_from(stream)?, from))
    }

    /// Returns the accepted streams, one after the other. It never ends, not even after an error.
    ///
    /// ```
    /// # executor::task::block_on(async {
    /// use futures_lite::{StreamExt, future::zip};
    /// use reactor::net::{UnixIncoming, UnixListener, UnixStream};
    ///
    /// let path = std::env::temp_dir().join(format!("unix-incoming-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path).await?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// let mut incoming: UnixIncoming<'_> = listener.incoming();
    /// let (accepted, connected) = zip(incoming.next(), UnixStream::connect(&path)).await;
    /// std::fs::remove_file(&path)?;
    ///
    /// let accepted = accepted.expect("it never ends")?;
    /// assert_eq!(accepted.local_addr()?.as_pathname(), Some(path.as_path()));
    /// assert_eq!(connected?.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn incoming(&self) -> UnixIncoming<'_> {
        UnixIncoming { listener: self }
    }

    /// Returns the address at which this socket listens.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }
}

/// What [`UnixListener::incoming`] returns; errors are those of [`UnixListener::accept`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct UnixIncoming<'a> {
    listener: &'a UnixListener,
}

impl Stream for UnixIncoming<'_> {
    type Item = io::Result<UnixStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let accepted = self.listener.socket.poll_read_with(cx, net::UnixListener::accept);
        accepted.map(|outcome| Some(outcome.and_then(|(stream, _)| UnixStream::try_from(stream))))
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

/// Adopts a listener; it becomes non-blocking.
impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    fn try_from(listener: net::UnixListener) -> io::Result<Self> {
        Ok(Self { socket: Arc::new(Async::new(listener)?) })
    }
}

/// A byte stream to another process. A clone costs no descriptor; dropping the last one closes the stream.
///
/// Both `UnixStream` and `&UnixStream` read and write. `close` shuts down the write half; reading continues.
/// A single `read` or `write` is cancel-safe: one whose future is dropped before it is ready has transferred nothing.
///
/// ```
/// # executor::task::block_on(async {
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use reactor::net::UnixStream;
///
/// let (mut one, mut other) = UnixStream::pair()?;
/// one.write_all(b"hello").await?;
/// one.close().await?;
///
/// let mut text = String::new();
/// other.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct UnixStream {
    pub(super) socket: Arc<Async<net::UnixStream>>,
}

impl UnixStream {
    /// Connects to the listener at `path`. While the listener's backlog is full it tries again, after pauses of
    /// 1 to 50 milliseconds.
    ///
    /// Cancel-safe: dropping the future closes its socket.
    ///
    /// # Errors
    ///
    /// The system's (there is no such path, no process listens there), with the operation and the path. An empty
    /// path is `InvalidInput`.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        budget::take_one().await;
        let path = path.as_ref();
        let connecting = async {
            let address = SocketAddrUnix::new(not_empty(path)?)?;
            Ok(Self { socket: Arc::new(connect(&address).await?) })
        };
        let connected = connecting.await;
        connected.map_err(|error| explain(format_args!("connect {}", shown(path)), error))
    }

    /// Returns two streams that are connected to each other.
    ///
    /// # Errors
    ///
    /// The system's: for example, too many open descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((Self::try_from(one)?, Self::try_from(other)?))
    }

    /// Shuts down one half of the stream, or both, for all clones.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// ```
    /// # executor::task::block_on(async {
    /// use reactor::io::AsyncReadExt;
    /// use reactor::net::UnixStream;
    /// use std::net::Shutdown;
    ///
    /// let (near, mut far) = UnixStream::pair()?;
    /// near.shutdown(Shutdown::Write)?;
    /// assert_eq!(far.read(&mut [0; 8]).await?, 0, "the end");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.get_ref().shutdown(how)
    }

    /// Returns the address of this end, which mostly has no path.
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
    /// The system's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().peer_addr()
    }
}

byte_stream!(UnixStream, short_read_means_empty: false);

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

/// Adopts a stream; it becomes non-blocking.
impl TryFrom<net::UnixStream> for UnixStream {
    type Error = io::Error;

    fn try_from(stream: net::UnixStream) -> io::Result<Self> {
        Ok(Self { socket: Arc::new(Async::new(stream)?) })
    }
}

/// For an empty path the system would choose a name itself, which nobody knows.
pub(super) fn not_empty(path: &Path) -> io::Result<&Path> {
    if path.as_os_str().is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path is empty"));
    }
    Ok(path)
}

/// The path as an error shows it: an empty one is shown as `""`.
pub(super) fn shown(path: &Path) -> impl fmt::Display {
    if path.as_os_str().is_empty() { "\"\"".to_owned() } else { path.display().to_string() }
}
