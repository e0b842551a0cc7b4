//! A stream in two halves, one to read and one to write.
//!
//! A clone of a stream reads and writes too, and costs no descriptor; `(&stream, &stream)` is a pair for one task.
//! So why halves? Because of the end. A peer that reads until the end waits for this side to shut down its write
//! half. With clones, no drop does that while the task that reads still has its clone: both sides read, and wait
//! for each other. The task that writes would have to call `close` on every path by which it can end, also when it
//! panics or is cancelled. A half has a destructor, which runs on all of them.
//!
//! ```text
//!   into_split ──┬─▶ ReadHalf     reads                          ┐ the socket is closed when
//!                └─▶ WriteHalf    writes; its drop: FIN ──▶ peer ┘ both have been dropped
//! ```
//!
//! Also, a function that takes a half cannot use the other one by mistake.
//!
//! Called by programs. Next: `udp`.

use std::io::{IoSlice, IoSliceMut, Result};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::{AsyncRead, AsyncWrite};

use super::tcp::TcpStream;
use super::unix::UnixStream;

/// The half of a stream that reads: what [`TcpStream::into_split`] and [`UnixStream::into_split`] return.
/// Dropping it has no effect for the peer.
///
/// ```
/// # executor::task::block_on(async {
/// use reactor::io::{AsyncReadExt, AsyncWriteExt};
/// use reactor::net::{ReadHalf, UnixStream, WriteHalf};
///
/// let (near, far) = UnixStream::pair()?;
/// let (mut near_read, mut near_write): (ReadHalf<_>, WriteHalf<_>) = near.into_split();
/// let (mut far_read, mut far_write) = far.into_split();
///
/// let echo = executor::task::spawn(async move {
///     let mut all = Vec::new();
///     far_read.read_to_end(&mut all).await?;
///     far_write.write_all(&all).await
/// });
/// near_write.write_all(b"to the end").await?;
/// drop(near_write); // `echo` reads the end. A clone would have left the stream open.
/// let mut all = String::new();
/// near_read.read_to_string(&mut all).await?;
/// assert_eq!(all, "to the end");
/// assert!(near_read.as_ref().peer_addr()?.is_unnamed());
/// # echo.await
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct ReadHalf<S> {
    stream: S,
}

impl<S> AsRef<S> for ReadHalf<S> {
    /// The stream, for its other methods: `peek`, `readable`, its addresses.
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

/// The half of a stream that writes. Dropping it shuts down the write half for all clones of the stream: the peer
/// reads the end, after all that was written.
///
/// ```
/// # executor::task::block_on(async {
/// use reactor::io::{AsyncReadExt, AsyncWriteExt};
/// use reactor::net::UnixStream;
///
/// let (near, mut far) = UnixStream::pair()?;
/// let (read, mut write) = near.into_split();
/// write.write_all(b"one").await?;
/// // Together again: nothing is shut down.
/// drop(read);
/// let mut near = write.into_stream();
/// near.write_all(b", two").await?;
/// drop(near);
/// let mut all = String::new();
/// far.read_to_string(&mut all).await?;
/// assert_eq!(all, "one, two");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct WriteHalf<S: Halves> {
    /// `None` once the stream was taken out.
    stream: Option<S>,
}

impl<S: Halves> WriteHalf<S> {
    /// Returns the whole stream, and shuts down nothing. The read half, if it is still there, goes on.
    pub fn into_stream(mut self) -> S {
        self.stream.take().expect(WHOLE)
    }
}

impl<S: Halves> AsRef<S> for WriteHalf<S> {
    /// The stream, for its other methods: `writable`, `try_write`, its addresses.
    fn as_ref(&self) -> &S {
        self.stream.as_ref().expect(WHOLE)
    }
}

impl<S: Halves> Drop for WriteHalf<S> {
    fn drop(&mut self) {
        if let Some(stream) = &self.stream {
            // An error means that the connection is over: the peer needs no notice.
            let _ = stream.shut_down(Shutdown::Write);
        }
    }
}

const WHOLE: &str = "only into_stream takes it, and takes self";

/// The streams that have halves: [`TcpStream`] and [`UnixStream`]. No other crate can implement it.
///
/// ```
/// use reactor::net::{Halves, UnixStream, WriteHalf};
///
/// /// For a half of either stream.
/// fn hang_up<S: Halves>(half: WriteHalf<S>) {
///     drop(half);
/// }
/// let (near, far) = UnixStream::pair()?;
/// hang_up(near.into_split().1);
/// assert_eq!(far.try_read(&mut [0])?, 0, "the end");
/// # std::io::Result::Ok(())
/// ```
#[allow(private_bounds, reason = "sealed")]
pub trait Halves: Sealed {}

impl Halves for TcpStream {}
impl Halves for UnixStream {}

trait Sealed {
    fn shut_down(&self, how: Shutdown) -> Result<()>;
}

impl Sealed for TcpStream {
    fn shut_down(&self, how: Shutdown) -> Result<()> {
        self.shutdown(how)
    }
}

impl Sealed for UnixStream {
    fn shut_down(&self, how: Shutdown) -> Result<()> {
        self.shutdown(how)
    }
}

impl TcpStream {
    /// Splits the stream, so that one task can read and another one write. Dropping the [`WriteHalf`] shuts down
    /// the write half. For one task, `(&stream, &stream)` reads and writes without a split.
    ///
    /// ```
    /// # executor::task::block_on(async {
    /// use reactor::io::{AsyncReadExt, AsyncWriteExt};
    /// use reactor::net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let near = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut far, _) = listener.accept().await?;
    /// let (mut read, write) = near.into_split();
    /// drop(write);
    /// assert_eq!(far.read(&mut [0]).await?, 0, "the end");
    /// far.write_all(b"!").await?;
    /// assert_eq!(read.read(&mut [0]).await?, 1);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn into_split(self) -> (ReadHalf<Self>, WriteHalf<Self>) {
        split(self)
    }
}

impl UnixStream {
    /// Splits the stream, as [`TcpStream::into_split`] does.
    pub fn into_split(self) -> (ReadHalf<Self>, WriteHalf<Self>) {
        split(self)
    }
}

fn split<S: Halves + Clone>(stream: S) -> (ReadHalf<S>, WriteHalf<S>) {
    (ReadHalf { stream: stream.clone() }, WriteHalf { stream: Some(stream) })
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadHalf<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [IoSliceMut<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_read_vectored(cx, into)
    }
}

impl<S: Halves + AsyncWrite + Unpin> WriteHalf<S> {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut S> {
        Pin::new(self.get_mut().stream.as_mut().expect(WHOLE))
    }
}

impl<S: Halves + AsyncWrite + Unpin> AsyncWrite for WriteHalf<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<Result<usize>> {
        self.stream().poll_write(cx, from)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.stream().poll_write_vectored(cx, from)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.stream().poll_close(cx)
    }
}
