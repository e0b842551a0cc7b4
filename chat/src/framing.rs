//! Framing: packets from bytes, and bytes from packets. One JSON value per line.
//!
//! ```text
//!   bytes, in pieces of any size ──▶ LineReader ──▶ one line ──▶ serde_json ──▶ a packet
//! ```
//!
//! The length of a line is not known before its end, so a reader without a limit lets one client take all
//! memory; and a future that keeps the half of a line in a local variable loses it when it is dropped.
//!
//! L1  A line is cut at its newline, wherever the pieces end; so the packets do not depend on them.
//! L2  What has been read of a line lives in the reader: a read that is dropped loses nothing.
//! L3  The reader holds at most one line up to the limit, and one piece of the stream.
//! L4  Each line is charged to the poll budget: the task of a client that floods yields to the others.
//! L5  A packet is UTF-8 throughout, in unknown fields too: serde_json by itself does not check those.
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

/// The longest packet that [`receive_as_json`] takes in.
const LONGEST_PACKET: usize = 16 << 20;

/// What a line costs of the poll budget: to carry out a request takes longer than to read a socket.
const COST: u32 = 4;

/// What some editors put before the first line of a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A line's buffer may keep this much between lines; what is larger is given back.
const KEPT: usize = 256;

/// Writes one packet as a line. It does not flush: a socket needs none, another stream is flushed by the caller.
///
/// # Errors
///
/// The stream's, when it cannot be written; `InvalidData` if the packet has no form in JSON.
///
/// Dropping the future may leave a part of the line written: nothing else should follow it.
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

/// One packet as the bytes of its line, the newline included.
///
/// # Errors
///
/// `InvalidData` if the packet has no form in JSON; those of the chat always have one.
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

/// The packet on a line; `None` if it is blank.
pub(crate) fn decode_line<P: DeserializeOwned>(line: &[u8]) -> Result<Option<P>, serde_json::Error> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(line).map_err(serde::de::Error::custom)?; // L5
    serde_json::from_str(text).map(Some)
}

/// The packets of a stream, in order, until it ends.
///
/// Blank lines are ignored. A line that is not such a packet is an error of kind `InvalidData`, and the
/// stream goes on with the next line. After any other error, or a line of more than 16 MiB, it ends. A future of
/// its next packet may be dropped without losing anything.
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

/// Why there is no next line.
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
    /// The line is longer than this limit, in bytes.
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

/// Lines of a stream, each at most a limit long.
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
    /// `line` has been given out; the next read begins a new one.
    given: bool,
    /// No line has been given out yet.
    first: bool,
}

impl<S: AsyncBufRead + Unpin> LineReader<S> {
    /// Reads lines of at most `limit` bytes, the `\n` not counted; the `\r` of a `\r\n` is.
    pub fn new(inbound: S, limit: usize) -> Self {
        Self { inbound, limit, line: Vec::new(), given: false, first: true }
    }

    /// The next line without its newline (`\n` or `\r\n`); `None` at the end of the stream. A last
    /// line without a newline counts. It need not be UTF-8. A byte order mark before the first line is skipped.
    ///
    /// # Errors
    ///
    /// The stream's, or [`LineError::TooLong`]; after either the reader must not be used again.
    ///
    /// It is cancel-safe: the next call continues where a dropped future stopped.
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

    /// The stream beneath.
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

    /// Ready with `true` when `line` is whole, with `false` at the end of the stream.
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
        // An empty account grants one more now and then.
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
