//! Reading and writing a stream socket: one macro for TCP and Unix streams.
//!
//! Both streams need the same four implementations: two traits, for the stream and for a reference to it.
//! Written by hand for each they would drift apart. A blanket implementation is not possible, since the traits
//! are from another crate.
//!
//! `byte_stream!(Stream, ..)` implements `AsyncRead` and `AsyncWrite` for `&Stream` and for `Stream`, which
//! has a method `shutdown`, and a field `socket` that dereferences to an `Async<..>`.
//!
//! - W1  A transfer that is shorter than asked for has emptied, or filled, the kernel's buffer, and the source is
//!   no longer ready (see `MUST_DRAIN` in `source`). For reads this holds on TCP only: on a Unix stream the
//!   system also stops after a message that carries a descriptor.
//! - W2  Closing shuts down the write half, for all clones: the peer reads the end.
//!
//! Called by `tcp` and `unix`. Next: `split`.

/// The most slices that the system takes in one call (IOV_MAX). A transfer that leaves out further slices for
/// this reason is not short (W1).
pub(super) const SLICES: usize = 1024;

macro_rules! byte_stream {
    ($stream:ty, short_read_means_empty: $short_read_means_empty:literal) => {
        const _: () = {
            use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Result, Write};
            use std::net::Shutdown;
            use std::pin::Pin;
            use std::task::{Context, Poll};

            use futures_lite::{AsyncRead, AsyncWrite};

            use crate::budget;
            use crate::net::byte_stream::SLICES;

            /// A read of fewer bytes than this is short (W1). If this is zero, no read is short.
            const fn wanted(bytes: usize) -> usize {
                if $short_read_means_empty { bytes } else { 0 }
            }

            impl AsyncRead for &$stream {
                fn poll_read(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    into: &mut [u8],
                ) -> Poll<Result<usize>> {
                    let wanted = wanted(into.len());
                    self.socket.poll_read_stream(cx, wanted, |mut socket| socket.read(into))
                }

                fn poll_read_vectored(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    into: &mut [IoSliceMut<'_>],
                ) -> Poll<Result<usize>> {
                    let wanted = wanted(into.iter().take(SLICES).map(|piece| piece.len()).sum());
                    self.socket.poll_read_stream(cx, wanted, |mut socket| socket.read_vectored(into))
                }
            }

            impl AsyncWrite for &$stream {
                fn poll_write(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    from: &[u8],
                ) -> Poll<Result<usize>> {
                    self.socket.poll_write_stream(cx, from.len(), |mut socket| socket.write(from))
                }

                fn poll_write_vectored(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    from: &[IoSlice<'_>],
                ) -> Poll<Result<usize>> {
                    let wanted = from.iter().take(SLICES).map(|piece| piece.len()).sum();
                    self.socket.poll_write_stream(cx, wanted, |mut socket| socket.write_vectored(from))
                }

                /// There is no buffer to flush: it waits only if the task's budget is spent.
                fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    budget::poll_take_one(cx).map(Ok)
                }

                /// Shuts down the write half (W2).
                fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    budget::poll_take_one(cx).map(|()| match self.shutdown(Shutdown::Write) {
                        // The connection is over already: the peer needs no notice.
                        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
                        outcome => outcome,
                    })
                }
            }

            impl AsyncRead for $stream {
                fn poll_read(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    into: &mut [u8],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &*self).poll_read(cx, into)
                }

                fn poll_read_vectored(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    into: &mut [IoSliceMut<'_>],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &*self).poll_read_vectored(cx, into)
                }
            }

            impl AsyncWrite for $stream {
                fn poll_write(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    from: &[u8],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &*self).poll_write(cx, from)
                }

                fn poll_write_vectored(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    from: &[IoSlice<'_>],
                ) -> Poll<Result<usize>> {
                    Pin::new(&mut &*self).poll_write_vectored(cx, from)
                }

                fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    Pin::new(&mut &*self).poll_flush(cx)
                }

                fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    Pin::new(&mut &*self).poll_close(cx)
                }
            }
        };
    };
}

pub(crate) use byte_stream;
