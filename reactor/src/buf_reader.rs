//! A buffered reader that returns the end of its source again if it is polled twice.
//!
//! futures-lite's `fill_buf` polls its reader twice: once to see whether there is something, and then to get
//! it. Its own buffered reader, when it is empty, polls the source each time. At the end of a stream the second
//! poll may return `Pending`: standard input has to be read again, and the first poll of a socket may have used
//! up this poll's budget. Then `fill_buf` panics. So this reader returns once more what it has just returned.
//!
//! - E1  What was returned is returned again, once, unless `consume` or a read came in between and took it.
//! - E2  What is read ahead is charged too. Otherwise a task with thousands of lines in the buffer would not
//!   yield.
//!
//! Called by programs. Next: `stdin`.

use std::io::{self, IoSliceMut, SeekFrom};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_lite::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

use crate::budget;

/// Reads in large pieces, and returns them in small ones. It is like futures-lite's reader of that name,
/// except that `fill_buf` does not panic at the end of the stream. Bytes in the buffer are lost when it is
/// dropped.
///
/// ```
/// use reactor::io::{AsyncBufReadExt, BufReader};
/// # futures_lite::future::block_on(async {
/// let mut reader = BufReader::new(&b"one\ntwo"[..]);
/// let mut line = String::new();
/// reader.read_line(&mut line).await.unwrap();
/// assert_eq!(reader.fill_buf().await.unwrap(), b"two");
/// reader.consume(3);
/// assert_eq!(reader.fill_buf().await.unwrap(), b"");
/// # });
/// ```
#[derive(Debug)]
pub struct BufReader<R> {
    source: futures_lite::io::BufReader<R>,
    /// Whether the buffer, or the end, was just returned and has not been taken yet (E1).
    returned: bool,
}

impl<R: AsyncRead> BufReader<R> {
    /// Makes a reader with a buffer of 8 KiB.
    pub fn new(source: R) -> Self {
        Self { source: futures_lite::io::BufReader::new(source), returned: false }
    }

    /// Makes a reader with a buffer of `capacity` bytes.
    ///
    /// ```
    /// use reactor::io::{AsyncReadExt, BufReader};
    /// # futures_lite::future::block_on(async {
    /// let mut reader = BufReader::with_capacity(4, &b"some words"[..]);
    /// reader.read_exact(&mut [0; 1]).await.unwrap();
    /// assert_eq!((reader.buffer(), *reader.get_ref()), (&b"ome"[..], &b" words"[..]));
    /// *reader.get_mut() = b" more";
    /// assert_eq!(reader.into_inner(), b" more");
    /// # });
    /// ```
    pub fn with_capacity(capacity: usize, source: R) -> Self {
        Self { source: futures_lite::io::BufReader::with_capacity(capacity, source), returned: false }
    }
}

impl<R> BufReader<R> {
    /// Returns the source. Bytes that are read from it directly are missing here.
    pub fn get_ref(&self) -> &R {
        self.source.get_ref()
    }

    /// Returns the source, as [`get_ref`](Self::get_ref) does.
    pub fn get_mut(&mut self) -> &mut R {
        self.source.get_mut()
    }

    /// Returns what has been read from the source and not been taken yet.
    pub fn buffer(&self) -> &[u8] {
        self.source.buffer()
    }

    /// Returns the source. What is still in the buffer is lost.
    pub fn into_inner(self) -> R {
        self.source.into_inner()
    }
}

impl<R: AsyncRead + Unpin> BufReader<R> {
    /// The inner reader, for a use that takes what was returned (E1).
    fn taking(self: Pin<&mut Self>) -> Pin<&mut futures_lite::io::BufReader<R>> {
        let this = self.get_mut();
        this.returned = false;
        Pin::new(&mut this.source)
    }
}

impl<R: AsyncRead + Unpin> AsyncBufRead for BufReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if !mem::take(&mut this.returned) {
            ready!(budget::poll_proceed(cx));
            let filled = ready!(Pin::new(&mut this.source).poll_fill_buf(cx));
            budget::spend();
            filled?;
            this.returned = true;
        }
        Poll::Ready(Ok(this.source.buffer()))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.taking().consume(amount);
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for BufReader<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        ready!(budget::poll_proceed(cx));
        let read = self.taking().poll_read(cx, into);
        charge(read)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(budget::poll_proceed(cx));
        let read = self.taking().poll_read_vectored(cx, into);
        charge(read)
    }
}

/// Charges a read if it is done (E2).
fn charge(read: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
    if read.is_ready() {
        budget::spend();
    }
    read
}

impl<R: AsyncSeek + AsyncRead + Unpin> AsyncSeek for BufReader<R> {
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        self.taking().poll_seek(cx, to)
    }
}

/// Writes go to the source directly.
impl<R: AsyncWrite + AsyncRead + Unpin> AsyncWrite for BufReader<R> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().get_mut()).poll_write(cx, from)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().get_mut()).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().get_mut()).poll_close(cx)
    }
}
