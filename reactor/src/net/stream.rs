//! What TCP's and Unix's streams have in common: bytes in, bytes out, one half at a time.
//!
//! A macro, for the two differ in their socket type only, and `AsyncRead` must stand on each type
//! and on a reference to it. Next: `tcp`.

/// Implements the byte stream traits for `$stream` and `&$stream`, which hold an
/// `Arc<Async<socket>>` in the field `socket`.
macro_rules! byte_stream {
    ($stream:ty) => {
        impl AsyncRead for &$stream {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                into: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.socket
                    .poll_read_stream(cx, into.len(), |mut socket| socket.read(into))
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                into: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                let wanted = into.iter().map(|slice| slice.len()).sum();
                self.socket
                    .poll_read_stream(cx, wanted, |mut socket| socket.read_vectored(into))
            }
        }

        impl AsyncWrite for &$stream {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                from: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.socket
                    .poll_write_stream(cx, from.len(), |mut socket| socket.write(from))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                from: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let wanted = from.iter().map(|slice| slice.len()).sum();
                self.socket
                    .poll_write_stream(cx, wanted, |mut socket| socket.write_vectored(from))
            }

            /// Nothing is held back: what was written is the system's.
            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            /// Shuts the write half; reading goes on.
            fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                match self.socket.get_ref().shutdown(Shutdown::Write) {
                    // The other end was quicker: there is nothing left to shut.
                    Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                        Poll::Ready(Ok(()))
                    }
                    shut => Poll::Ready(shut),
                }
            }
        }

        impl AsyncRead for $stream {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                into: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self).poll_read(cx, into)
            }

            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                into: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self).poll_read_vectored(cx, into)
            }
        }

        impl AsyncWrite for $stream {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                from: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self).poll_write(cx, from)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                from: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self).poll_write_vectored(cx, from)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut &*self).poll_flush(cx)
            }

            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut &*self).poll_close(cx)
            }
        }
    };
}

pub(super) use byte_stream;
