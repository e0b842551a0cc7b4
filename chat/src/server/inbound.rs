//! The incoming half: a buffered reader that owns no buffer while it waits.
//!
//! Most connections of a chat are silent most of the time. With a `BufReader` each of them would hold an
//! empty buffer of 8 KiB, more than everything else that it costs. So a read goes into a buffer on the stack,
//! and only the bytes that were read are kept on the heap, until they are consumed.
//!
//! - I1  Whenever a read is pending, `held` is empty and owns no memory.
//!
//! Used by `connection` and `web/bridge`, beneath a `LineReader`, by `ending`, and by `web/response`. Next: `stream`.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_lite::io::{AsyncBufRead, AsyncRead};

/// How much is read from the socket at a time, in bytes.
const PIECE: usize = 4096;

/// Reads `source` in pieces, and holds no buffer between them.
pub(super) struct Inbound<R> {
    source: R,
    held: Vec<u8>,
    consumed: usize,
}

impl<R: AsyncRead + Unpin> Inbound<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, held: Vec::new(), consumed: 0 }
    }

    /// Reads and discards, until the end of the stream or an error. Cancel-safe.
    pub(super) async fn discard(&mut self) {
        poll_fn(|cx| {
            while let Ok(piece @ [_, ..]) = ready!(Pin::new(&mut *self).poll_fill_buf(cx)) {
                let length = piece.len();
                Pin::new(&mut *self).consume(length);
            }
            Poll::Ready(())
        })
        .await;
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Inbound<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        let piece = ready!(self.as_mut().poll_fill_buf(cx))?;
        let length = piece.len().min(to.len());
        to[..length].copy_from_slice(&piece[..length]);
        self.consume(length);
        Poll::Ready(Ok(length))
    }
}

impl<R: AsyncRead + Unpin> AsyncBufRead for Inbound<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.held.is_empty() {
            let mut piece = [0; PIECE];
            let length = ready!(Pin::new(&mut this.source).poll_read(cx, &mut piece))?;
            this.held = piece[..length].to_vec();
        }
        Poll::Ready(Ok(&this.held[this.consumed..]))
    }

    fn consume(mut self: Pin<&mut Self>, length: usize) {
        self.consumed += length;
        if self.consumed >= self.held.len() {
            self.held = Vec::new();
            self.consumed = 0;
        }
    }
}
