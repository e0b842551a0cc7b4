//! The bridge between a browser and its connection: frames on one side, lines on the other.
//!
//! To the rest of the server a browser is a client like any other, at the other end of a pipe. So all limits hold
//! for it, and all orders. A second way to serve clients, for frames, would have to repeat each of them.
//!
//! ```text
//!              up: one text frame ──▶ one line
//!   browser ◀─ WebSocket ─▶ bridge ◀─ pipe ─▶ `connection`
//!              down: one line ──▶ one text frame
//! ```
//!
//! - B1  The two directions do not wait for each other. A browser that does not read fills the pipe, and then
//!   loses lines as any slow client does; its requests are carried out as long as there is room
//!   for the replies.
//! - [frame-is-one-line]  A newline in a frame becomes a tab: between JSON's tokens both are white space, and inside a
//!   string both are errors. So a frame is one line, with the same meaning.
//! - B2  What the library keeps for a browser is bounded: a frame of the longest line, the line that is being written,
//!   and, if the browser sends pings and reads no reply, what any client that does not read may cost.
//! - B3  A silent browser is asked for a sign of life (a ping), and given up when none comes. The system's own probes
//!   would reach no further than a proxy in front of the server. What has been written counts as a sign: a
//!   browser that is slow to read may be slow to reply.
//! - B4  When the connection has ended, the browser is told why, in a close frame, after all that was written.
//!
//! Used by `web/mod`. Next: `web/mod`.

use std::net::Shutdown;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};
use async_tungstenite::{WebSocketReceiver, WebSocketSender, WebSocketStream};
use executor::sync::broadcast::TryRecvError;
use futures_lite::{AsyncWriteExt, StreamExt, future};
use reactor::net::{TcpStream, UnixStream};
use reactor::time::{sleep, timeout};

use super::response::end;
use crate::framing::LineReader;
use crate::server::connection::Stop;
use crate::server::inbound::Inbound;
use crate::server::options::Options;

/// How long the browser may take to read the close frame.
const LINGER: Duration = Duration::from_secs(1);

/// How much is read from the socket at a time, in bytes.
const PIECE: usize = 4096;

/// Why the bridge ends.
enum Over {
    /// The connection has ended.
    Ended,
    /// The browser has sent a close frame.
    Left,
    /// The browser is no longer there.
    Gone,
    /// The browser has broken a rule of WebSocket, and cannot be understood any more.
    Refused(CloseCode, &'static str),
}

/// Copies between a browser and its pipe, until one of them ends. `rest` is what was read after the request that
/// began it.
pub(super) async fn bridge(
    stream: &TcpStream,
    rest: Vec<u8>,
    pipe: UnixStream,
    options: &Options,
    mut stop: Stop,
) {
    let limit = options.line_limit;
    let config = WebSocketConfig::default()
        .read_buffer_size(PIECE)
        .write_buffer_size(0)
        .max_write_buffer_size(limit.saturating_mul(2).saturating_add(options.connection_bytes).max(1)) // B2
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    let socket = WebSocketStream::from_partially_read(stream.clone(), rest, Role::Server, Some(config)).await;
    let (mut to_browser, from_browser) = socket.split();
    let life = Life { since: Mutex::new(Instant::now()), keepalive: options.keepalive };
    let mut up = Up { from_browser, pipe: pipe.clone(), too_long: None, limit };
    let down = down(&mut to_browser, LineReader::new(Inbound::new(pipe.clone()), usize::MAX), &life);
    let over = future::or(down, up.copy(&life)).await; // B1

    // `connection` sees the end, and closes too.
    let _ = pipe.shutdown(Shutdown::Both);
    let stopping = matches!(stop.try_recv(), Err(TryRecvError::Closed));
    let (code, reason) = match over {
        Over::Gone => return,
        Over::Left => {
            // The library sends its close frame with the next read.
            let _ = timeout(LINGER, up.from_browser.next()).await;
            return end(stream).await;
        }
        Over::Refused(code, reason) => (code, reason),
        Over::Ended if stopping => (CloseCode::Away, "the server stops"),
        Over::Ended => up
            .too_long
            .unwrap_or((CloseCode::Policy, "the server has ended the connection: see its last error")),
    };
    let frame = CloseFrame { code, reason: reason.into() };
    let _ = timeout(LINGER, to_browser.close(Some(frame))).await; // B4
    end(stream).await;
}

/// The direction from the browser to the pipe.
struct Up {
    from_browser: WebSocketReceiver<TcpStream>,
    pipe: UnixStream,
    /// The browser has sent a frame that is too long, and `connection` has been told.
    too_long: Option<(CloseCode, &'static str)>,
    limit: usize,
}

impl Up {
    async fn copy(&mut self, life: &Life) -> Over {
        loop {
            let line = match self.from_browser.next().await {
                Some(Ok(Message::Text(text))) => {
                    let mut line = text.as_str().replace('\n', "\t"); // [frame-is-one-line]
                    line.push('\n');
                    line.into_bytes()
                }
                Some(Ok(Message::Binary(_))) => {
                    return Over::Refused(CloseCode::Unsupported, "a frame holds text: one value in JSON");
                }
                // The library replies to a ping.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Vec::new(),
                Some(Ok(Message::Close(_))) | None => return Over::Left,
                Some(Err(Error::Capacity(CapacityError::MessageTooLong { .. }))) => {
                    // `connection` ends, and says why, as it does for a line that is too long.
                    self.too_long = Some((CloseCode::Size, "the frame is too long"));
                    vec![b'x'; self.limit.saturating_add(1)]
                }
                Some(Err(Error::Utf8(_))) => {
                    return Over::Refused(CloseCode::Invalid, "the frame is not UTF-8");
                }
                Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::Io(_))) => {
                    return Over::Gone;
                }
                Some(Err(_)) => return Over::Refused(CloseCode::Protocol, "this is not WebSocket"),
            };
            life.sign();
            let sent = (&self.pipe).write_all(&line).await;
            if sent.is_err() || self.too_long.is_some() {
                // `connection` ends: `down` sees it, after the last line.
                return future::pending().await;
            }
        }
    }
}

/// The direction from the pipe to the browser. It ends with `connection`, or if the browser is gone.
async fn down(
    to_browser: &mut WebSocketSender<TcpStream>,
    mut lines: LineReader<Inbound<UnixStream>>,
    life: &Life,
) -> Over {
    let mut asked = None;
    loop {
        let message = match life.while_alive(lines.next_line()).await {
            Some(Ok(Some(line))) => Message::text(String::from_utf8_lossy(line).into_owned()),
            Some(Ok(None) | Err(_)) => return Over::Ended,
            None if asked.is_some_and(|asked| asked == life.last()) => return Over::Gone,
            None => Message::Ping(Vec::new().into()),
        };
        let is_ping = message.is_ping();
        if to_browser.send(message).await.is_err() {
            return Over::Gone;
        }
        let now = life.sign();
        if is_ping {
            asked = Some(now);
        }
    }
}

/// When the browser gave the last sign of life (B3).
struct Life {
    since: Mutex<Instant>,
    keepalive: Option<Duration>,
}

impl Life {
    fn last(&self) -> Instant {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign(&self) -> Instant {
        let now = Instant::now();
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = now;
        now
    }

    /// Returns what the future returns; `None` if there has been no sign of life for the keepalive time.
    async fn while_alive<F: Future>(&self, future: F) -> Option<F::Output> {
        let Some(keepalive) = self.keepalive else { return Some(future.await) };
        let silence = async {
            loop {
                let left = keepalive.saturating_sub(self.last().elapsed());
                if left.is_zero() {
                    return None;
                }
                sleep(left).await;
            }
        };
        future::or(async { Some(future.await) }, silence).await
    }
}
