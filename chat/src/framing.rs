//! Framing: packets from bytes, and bytes from packets. One JSON value per line.
//!
//! ```text
//!   bytes, in pieces of any size ──▶ LineReader ──▶ one line ──▶ serde_json ──▶ a packet
//! ```
//!
//! The length of a line is not known before its end. The `lines()` of a buffered reader has no limit, so one
//! client could take all memory. An `async fn` that keeps half of a line in a local variable loses it when
//! the future is dropped. A length in front of each packet would tell the reader what to expect, but after
//! one wrong length everything is nonsense, while a reader of lines finds its place again at the next
//! newline.
//!
//! - L1  A line is cut at its newline, wherever the pieces end. So the packets do not depend on the pieces.
//! - L2  The part of a line that has been read is kept in the reader: dropping a read loses nothing.
//! - L3  The reader holds at most one line up to the limit, and one piece of the stream.
//! - L4  Each line is charged to the poll budget: the task of a client that floods yields to the others.
//! - L5  A packet is UTF-8 throughout, in unknown fields too, which serde_json does not check by itself.
//!
//! Used by the client and by the server's connections. Next: `client`.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_lite::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt};
use futures_lite::{Stream, stream};
use reactor::budget;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest packet that [`receive_as_json`] accepts, in bytes.
const LONGEST_PACKET: usize = 16 << 20;

/// The price of a line in operations of the poll budget: carrying out a request takes longer than reading a
/// socket.
const COST: u32 = 4;

/// Some editors put this before the first line of a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The capacity, in bytes, that a line's buffer may keep between lines. A larger buffer is shrunk to it.
const KEPT: usize = 256;

/// Writes one packet as a line, in one `write_all`. It does not flush: a socket needs no flush, and the
/// caller flushes any other stream.
///
/// Not cancel-safe: dropping the future may leave a part of the line written. Nothing else should be written
/// after it.
///
/// # Errors
///
/// The error of the stream if it cannot be written; `InvalidData` if the packet has no form in JSON, and then
/// nothing has been written.
///
/// ```
/// # futures_lite::future::block_on(async {
/// let mut sent = Vec::new();
/// chat::send_as_json(&mut sent, &chat::FromServer::Error("no".into())).await.unwrap();
/// assert_eq!(sent, b"{\"Error\":\"no\"}\n");
/// # });
/// ```
pub async fn send_as_json<S, P>(outbound: &mut S, packet: &P) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
    P: Serialize + ?Sized,
{
    outbound.write_all(&encode_line(packet)?).await
}

/// Returns one packet as the bytes of its line, including the newline.
///
/// # Errors
///
/// `InvalidData` if the packet has no form in JSON. The chat's own packets always have one.
///
/// ```
/// let error = chat::FromServer::Error("no such group".into());
/// assert_eq!(chat::encode_line(&error).unwrap(), b"{\"Error\":\"no such group\"}\n");
/// ```
pub fn encode_line<P: Serialize + ?Sized>(packet: &P) -> io::Result<Vec<u8>> {
    let mut line =
        serde_json::to_vec(packet).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    line.push(b'\n');
    Ok(line)
}

/// Parses the packet on a line. Returns `None` if the line is blank.
pub(crate) fn decode_line<P: DeserializeOwned>(line: &[u8]) -> Result<Option<P>, serde_json::Error> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(line).map_err(serde::de::Error::custom)?; // L5
    serde_json::from_str(text).map(Some)
}

/// Returns the packets of a byte stream, in order, until it ends.
///
/// Blank lines are ignored. A line that is not such a packet yields an error of kind `InvalidData`, and the
/// next item is that of the next line. After any other error, or a line of more than 16 MiB (`InvalidData`
/// too), the stream ends.
///
/// Cancel-safe: a future of the next packet may be dropped without losing anything. Dropping the stream drops
/// the bytes that it has read of an unfinished line.
///
/// ```
/// use futures_lite::StreamExt;
/// # futures_lite::future::block_on(async {
/// let bytes: &[u8] = b"{\"Error\":\"one\"}\nnonsense\n{\"Error\":\"two\"}";
/// let mut packets = chat::receive_as_json::<_, chat::FromServer>(bytes);
/// assert_eq!(packets.next().await.unwrap().unwrap(), chat::FromServer::Error("one".into()));
/// assert!(packets.next().await.unwrap().is_err());
/// assert_eq!(packets.next().await.unwrap().unwrap(), chat::FromServer::Error("two".into()));
/// assert!(packets.next().await.is_none());
/// # });
/// ```
pub fn receive_as_json<S, P>(inbound: S) -> impl Stream<Item = io::Result<P>> + Unpin
where
    S: AsyncBufRead + Unpin,
    P: DeserializeOwned,
{
    let mut lines = Some(LineReader::new(inbound, LONGEST_PACKET));
    stream::poll_fn(move |cx| {
        let Some(reader) = &mut lines else {
            return Poll::Ready(None);
        };
        loop {
            let packet = match ready!(reader.poll_next_line(cx)) {
                Ok(Some(line)) => match decode_line(line) {
                    Ok(None) => continue,
                    Ok(Some(packet)) => Ok(packet),
                    Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
                },
                Ok(None) => {
                    lines = None;
                    return Poll::Ready(None);
                }
                Err(error) => {
                    lines = None;
                    Err(error.into())
                }
            };
            return Poll::Ready(Some(packet));
        }
    })
}

/// Why [`LineReader`] could not return a line. Converted to an [`io::Error`], [`TooLong`](Self::TooLong) has
/// the kind `InvalidData`.
///
/// ```
/// # futures_lite::future::block_on(async {
/// let mut lines = chat::LineReader::new(&b"much too long\n"[..], 8);
/// let error = lines.next_line().await.unwrap_err();
/// assert_eq!(error.to_string(), "line longer than 8 bytes");
/// assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::InvalidData);
/// # });
/// ```
#[derive(Debug)]
pub enum LineError {
    /// The stream failed.
    Io(io::Error),
    /// The line is longer than the limit; contains the limit in bytes.
    TooLong(usize),
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LineError::Io(error) => error.fmt(f),
            LineError::TooLong(limit) => write!(f, "line longer than {limit} bytes"),
        }
    }
}

impl std::error::Error for LineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LineError::Io(error) => Some(error),
            LineError::TooLong(_) => None,
        }
    }
}

impl From<LineError> for io::Error {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Io(error) => error,
            too_long => io::Error::new(io::ErrorKind::InvalidData, too_long),
        }
    }
}

/// Reads the lines of a stream, none of them longer than a limit. Dropping it drops what it has read of a line.
///
/// ```
/// # futures_lite::future::block_on(async {
/// let mut lines = chat::LineReader::new(&b"one\r\ntwo"[..], 80);
/// assert_eq!(lines.next_line().await.unwrap(), Some(&b"one"[..]));
/// assert_eq!(lines.next_line().await.unwrap(), Some(&b"two"[..]));
/// assert_eq!(lines.next_line().await.unwrap(), None);
/// # });
/// ```
#[derive(Debug)]
pub struct LineReader<S> {
    inbound: S,
    limit: usize,
    line: Vec<u8>,
    /// `line` has been returned; the next read starts a new one.
    given: bool,
    /// No line has been returned yet.
    first: bool,
}

impl<S: AsyncBufRead + Unpin> LineReader<S> {
    /// Creates a reader of lines of at most `limit` bytes. The `\n` is not counted, but the `\r` of a `\r\n` is.
    pub fn new(inbound: S, limit: usize) -> Self {
        Self { inbound, limit, line: Vec::new(), given: false, first: true }
    }

    /// Returns the next line without its newline (`\n` or `\r\n`); `None` at the end of the stream. A last
    /// line without a newline is returned too. A line need not be UTF-8. A byte order mark before the first
    /// line is skipped.
    ///
    /// Cancel-safe: the next call continues where the dropped future stopped.
    ///
    /// # Errors
    ///
    /// [`LineError::Io`] if the stream fails; [`LineError::TooLong`] as soon as the line exceeds the limit,
    /// before its end. After either, the reader must not be used again.
    pub async fn next_line(&mut self) -> Result<Option<&[u8]>, LineError> {
        let whole = poll_fn(|cx| self.poll_whole_line(cx)).await?;
        Ok(whole.then(|| self.line()))
    }

    /// [`next_line`](Self::next_line) as a poll.
    fn poll_next_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<&[u8]>, LineError>> {
        let whole = ready!(self.poll_whole_line(cx))?;
        Poll::Ready(Ok(whole.then(|| self.line())))
    }

    fn line(&self) -> &[u8] {
        self.line.strip_suffix(b"\r").unwrap_or(&self.line)
    }

    /// Returns the underlying stream. The reader has taken nothing from it beyond the last line that it
    /// returned, or the part of a line that a dropped future had read.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let mut lines = chat::LineReader::new(&b"one\nrest"[..], 80);
    /// lines.next_line().await.unwrap();
    /// assert_eq!(*lines.get_mut(), b"rest");
    /// # });
    /// ```
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inbound
    }

    /// Ready with true when `line` is complete, with false at the end of the stream.
    fn poll_whole_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, LineError>> {
        ready!(budget::poll_proceed(cx));
        if self.given {
            self.given = false;
            self.line.clear();
            self.line.shrink_to(KEPT);
        }
        let whole = ready!(self.poll_fill_line(cx));
        (0..COST).for_each(|_| budget::spend());
        let whole = whole?;
        self.given = true;
        if std::mem::take(&mut self.first) && self.line.starts_with(BYTE_ORDER_MARK) {
            self.line.drain(..BYTE_ORDER_MARK.len());
        }
        Poll::Ready(Ok(whole))
    }

    fn poll_fill_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, LineError>> {
        loop {
            let piece = ready!(Pin::new(&mut self.inbound).poll_fill_buf(cx)).map_err(LineError::Io)?;
            if piece.is_empty() {
                return Poll::Ready(Ok(!self.line.is_empty()));
            }
            let newline = piece.iter().position(|&byte| byte == b'\n');
            let length = newline.unwrap_or(piece.len());
            if self.line.len() + length > self.limit {
                return Poll::Ready(Err(LineError::TooLong(self.limit)));
            }
            self.line.extend_from_slice(&piece[..length]);
            let read = length + usize::from(newline.is_some());
            Pin::new(&mut self.inbound).consume(read);
            if newline.is_some() {
                return Poll::Ready(Ok(true));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future::{block_on, poll_once};

    #[test]
    fn a_line_is_paid_even_where_nothing_is_read() {
        let there = b"\n".repeat(1000);
        let mut lines = LineReader::new(&there[..], 80);
        budget::start();
        let mut taken = 0;
        while block_on(poll_once(lines.next_line())).is_some() {
            taken += 1;
        }
        budget::end();
        // The budget grants one more now and then after it is spent.
        let all = budget::PER_POLL / COST;
        assert!((all..all + 10).contains(&taken), "{taken}");
    }

    #[test]
    fn a_long_lines_memory_is_given_back() {
        let there = [&b"x".repeat(60_000)[..], b"\ny\n"].concat();
        let mut lines = LineReader::new(&there[..], 1 << 16);
        for length in [60_000, 1] {
            assert_eq!(block_on(lines.next_line()).unwrap().unwrap().len(), length);
        }
        assert!(lines.line.capacity() <= KEPT);
    }
}
