//! Reading and writing a stream socket: the same for each kind, written once.
//!
//! `byte_stream!(Stream, ..)` gives `AsyncRead` and `AsyncWrite` to `&Stream` and to `Stream`, which keeps
//! its socket as `socket: Arc<Async<..>>` and has a `shutdown`.
//!
//! W1  A short transfer tells the source that the kernel is dry (see `MUST_DRAIN` in `source`). A short read
//!     does so on TCP only: on a Unix stream the system also stops after a message with a descriptor.
//! W2  Closing shuts the write half down, for all clones: the peer reads the end.
//!
//! Called by `tcp` and `unix`. Next: `tcp`.

/// The slices that the system takes at a time (IOV_MAX). A transfer that leaves others alone for that
/// is not a short one (W1).
pub(super) const SLICES: usize = 1024;

macro_rules! byte_stream {
    ($stream:ty, short_read_says_empty: $short_read_says_empty:literal) => {
        const _: () = {
            use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Result, Write};
            use std::net::Shutdown;
            use std::pin::Pin;
            use std::task::{Context, Poll};

            use futures_lite::{AsyncRead, AsyncWrite};

            use crate::budget;
            use crate::net::byte_stream::SLICES;

            /// The bytes without which a read is a short one (W1); no read is shorter than none.
            const fn wanted(bytes: usize) -> usize {
                if $short_read_says_empty { bytes } else { 0 }
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

                /// Nothing is kept back: it waits only for its turn.
                fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    budget::poll_take_one(cx).map(Ok)
                }

                /// Shuts down the write half (W2).
                fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
                    budget::poll_take_one(cx).map(|()| match self.shutdown(Shutdown::Write) {
                        // The peer has gone already: there is nobody to tell.
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
