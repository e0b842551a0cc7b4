//! `AsyncRead` and `AsyncWrite` for any descriptor that reads and writes.
//!
//! A type's `Read` gets `&mut self`, so it could replace its descriptor by another, and `Async` would then
//! deregister the wrong one. The compiler cannot forbid that. So an `IoSafe` type promises not to do it,
//! and that keeps [no-swap] of `async_io`.
//!
//! - U1  A flush is tried at once, even if the source is not known to be ready: most flushes have nothing to
//!   write, and must not wait for room.
//!
//! Called by programs with descriptors of their own. Next: `try_io`.
#![allow(unsafe_code, reason = "IoSafe is a promise that the compiler cannot check")]

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_lite::{AsyncRead, AsyncWrite};

use crate::async_io::Async;
use crate::budget;
use crate::source::Wait;

/// A type whose `Read` and `Write` never replace or close its descriptor.
///
/// # Safety
///
/// The descriptor that `as_fd` returns must stay the same and open, whatever is called through `&mut self` in
/// `Read` and `Write`, or through `&self`. `Async` deregisters the descriptor that it finds at the end. If
/// that is not the one that it registered, the first one stays registered. And if it was closed meanwhile, its
/// number may belong to another descriptor, which would lose its registration.
///
/// `&T`, `Box<T>` and `Arc<T>` are `IoSafe` where `T` is. So an implementation also promises it for `Read`
/// and `Write` of these pointers to the type: the type's crate may implement those in safe code, such as
/// `impl Read for Box<Own>`.
///
/// ```
/// use std::io::{self, Read};
/// use std::os::fd::{AsFd, BorrowedFd};
/// use std::os::unix::net::UnixStream;
///
/// struct Counting(UnixStream, usize);
///
/// impl AsFd for Counting {
///     fn as_fd(&self) -> BorrowedFd<'_> {
///         self.0.as_fd()
///     }
/// }
///
/// impl Read for Counting {
///     fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
///         self.1 += 1;
///         self.0.read(into)
///     }
/// }
///
/// // SAFETY: the stream in it is never replaced.
/// unsafe impl reactor::IoSafe for Counting {}
///
/// # fn main() -> io::Result<()> {
/// use reactor::io::AsyncReadExt;
///
/// let (near, far) = UnixStream::pair()?;
/// drop(far);
/// let mut near = reactor::Async::new(Counting(near, 0))?;
/// assert_eq!(executor::task::block_on(near.read(&mut [0; 8]))?, 0);
/// assert_eq!(near.get_ref().1, 1);
/// # Ok(())
/// # }
/// ```
pub unsafe trait IoSafe {}

// SAFETY: std's types keep their descriptor until they are dropped.
unsafe impl IoSafe for std::net::TcpStream {}
// SAFETY: as above.
unsafe impl IoSafe for std::net::TcpListener {}
// SAFETY: as above.
unsafe impl IoSafe for std::net::UdpSocket {}
// SAFETY: as above.
unsafe impl IoSafe for std::os::unix::net::UnixStream {}
// SAFETY: as above.
unsafe impl IoSafe for std::os::unix::net::UnixListener {}
// SAFETY: as above.
unsafe impl IoSafe for std::os::unix::net::UnixDatagram {}
// SAFETY: as above.
unsafe impl IoSafe for std::fs::File {}
// SAFETY: as above.
unsafe impl IoSafe for std::process::ChildStdin {}
// SAFETY: as above.
unsafe impl IoSafe for std::process::ChildStdout {}
// SAFETY: as above.
unsafe impl IoSafe for std::process::ChildStderr {}
// SAFETY: as above.
unsafe impl IoSafe for std::io::PipeReader {}
// SAFETY: as above.
unsafe impl IoSafe for std::io::PipeWriter {}
// SAFETY: the contract of `T`'s implementation covers pointers to it.
unsafe impl<T: IoSafe + ?Sized> IoSafe for &T {}
// SAFETY: as above.
unsafe impl<T: IoSafe + ?Sized> IoSafe for Box<T> {}
// SAFETY: as above.
unsafe impl<T: IoSafe + ?Sized> IoSafe for Arc<T> {}

impl<T: AsFd + IoSafe> AsyncRead for &Async<T>
where
    for<'a> &'a T: Read,
{
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_read_with(cx, |mut io| io.read(into))
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_with(cx, |mut io| io.read_vectored(into))
    }
}

impl<T: AsFd + IoSafe> AsyncWrite for &Async<T>
where
    for<'a> &'a T: Write,
{
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |mut io| io.write(from))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |mut io| io.write_vectored(from))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(budget::poll_proceed(cx));
        match self.get_ref().flush() {
            Err(error) if may_be_retried(&error) => self.poll_write_with(cx, |mut io| io.flush()),
            flushed => charged(flushed),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl<T: AsFd + IoSafe + Read + Unpin> AsyncRead for Async<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let (io, source) = self.get_mut().parts();
        source.read.poll(cx, Wait::Poll, || io.read(into), |_| false)
    }
}

impl<T: AsFd + IoSafe + Write + Unpin> AsyncWrite for Async<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let (io, source) = self.get_mut().parts();
        source.write.poll(cx, Wait::Poll, || io.write(from), |_| false)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(budget::poll_proceed(cx));
        let (io, source) = self.get_mut().parts();
        match io.flush() {
            Err(error) if may_be_retried(&error) => {
                source.write.poll(cx, Wait::Poll, || io.flush(), |_| false)
            }
            flushed => charged(flushed),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// Charges a flush that is done at once (U1), like one that had to wait.
fn charged(flushed: io::Result<()>) -> Poll<io::Result<()>> {
    budget::spend();
    Poll::Ready(flushed)
}

/// Whether a flush (U1) has to be tried again after this error.
fn may_be_retried(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
