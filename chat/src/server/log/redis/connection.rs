//! One connection to Redis: opening it, and its replies.
//!
//! ```text
//!   connect ──▶ HELLO 3, AUTH ──▶ SELECT ──▶ PING ──▶ open       (a Redis that still loads its data refuses the PING)
//! ```
//!
//! With the third version of RESP one connection carries both the replies to commands and the notifications of a
//! subscription, which are marked. Redis sends all of them in the order of the events that they report. With a
//! connection for each, the two would have to be put in order here.
//!
//! - N1  A reply is one item, or a flat array of at most [`MOST_ITEMS`] items and [`MOST_BYTES`]. What is more is
//!   nonsense: it ends the connection.
//! - N2  A reply is returned when all of it was received: dropping the future that waits for it loses nothing.
//!
//! Used by `log/redis/settings` and `log/redis/session`. Next: `log/redis/settings`.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use reactor::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use reactor::net::TcpStream;
use reactor::time::timeout;

use super::resp::{Item, Received, encode, nonsense};
use crate::server::redis_url::RedisUrl;

/// How many items the array of a reply contains at most.
const MOST_ITEMS: u64 = 4096;

/// How many bytes a reply contains at most: a page, and one message that is as long as it may be.
const MOST_BYTES: usize = 32 << 20;

/// The size of one read, in bytes.
const READ: usize = 16 * 1024;

/// An open connection.
pub(super) struct Connection {
    pub(super) replies: Replies,
    pub(super) commands: Box<dyn AsyncWrite + Send + Unpin>,
}

/// The incoming half of a connection.
pub(super) struct Replies {
    stream: Box<dyn AsyncRead + Send + Unpin>,
    received: Received,
    /// What is not complete yet (N2).
    partial: Incoming,
    /// How many items are missing in `partial`.
    missing: u64,
    bytes: usize,
}

/// A reply, or a notification.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// It is no reply to a command.
    pub(super) push: bool,
    /// One item, or those of an array.
    pub(super) items: Vec<Item>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

/// Awaits something that Redis is asked for; after `limit` it fails with `TimedOut`. The future is boxed: only
/// connecting needs it, and the task of the session should not be larger by it.
pub(super) async fn in_time<T>(limit: Duration, asked: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, Box::pin(asked)).await.unwrap_or_else(|_| Err(no_reply(limit)))
}

/// The error if Redis has not replied for that long.
pub(super) fn no_reply(limit: Duration) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, format!("it has not replied for {} seconds", limit.as_secs_f64()))
}

impl Connection {
    /// Connects and logs in. The caller limits the time.
    ///
    /// # Errors
    ///
    /// The host does not exist, or refuses; it is no Redis, or one that is too old; it does not accept the password,
    /// or is loading its data.
    pub(super) async fn open(url: &RedisUrl) -> io::Result<Self> {
        let stream = TcpStream::connect((&*url.host, url.port)).await?;
        stream.set_nodelay(true)?;
        let (stream, commands) = super::tls::halves(url, stream).await?;
        let replies = Replies {
            stream,
            received: Received::default(),
            partial: Incoming::default(),
            missing: 0,
            bytes: 0,
        };
        let mut connection = Self { replies, commands };
        connection.log_in(url).await?;
        Ok(connection)
    }

    async fn log_in(&mut self, url: &RedisUrl) -> io::Result<()> {
        let mut hello: Vec<&[u8]> = vec![b"HELLO", b"3"];
        if let Some(password) = &url.password {
            let user = url.user.as_deref().unwrap_or("default");
            hello.extend([&b"AUTH"[..], user.as_bytes(), password.as_bytes()]);
        }
        self.send(&hello).await?;
        self.replies.skip().await?;
        if url.database > 0 {
            self.call(&[b"SELECT", url.database.to_string().as_bytes()]).await?;
        }
        self.call(&[b"PING"]).await?;
        Ok(())
    }

    /// Sends one command, and returns its reply.
    ///
    /// # Errors
    ///
    /// Also those of the command.
    pub(super) async fn call(&mut self, command: &[&[u8]]) -> io::Result<Vec<Item>> {
        self.send(command).await?;
        loop {
            let Incoming { push, items } = self.replies.next().await?;
            match &items[..] {
                [Item::Error(text)] => return Err(io::Error::other(text.clone())),
                [Item::Text(kind), ..] if push && kind == b"message" => {} // It is no reply.
                _ => return Ok(items),
            }
        }
    }

    async fn send(&mut self, command: &[&[u8]]) -> io::Result<()> {
        let mut bytes = Vec::new();
        encode(&mut bytes, command);
        self.commands.write_all(&bytes).await?;
        self.commands.flush().await
    }
}

impl Replies {
    /// Returns the next reply or notification (N1, N2).
    pub(super) async fn next(&mut self) -> io::Result<Incoming> {
        loop {
            while let Some(item) = self.received.take()? {
                if self.add(item)? {
                    self.bytes = 0;
                    return Ok(std::mem::take(&mut self.partial));
                }
            }
            self.receive().await?;
        }
    }

    /// Adds an item to the reply. Returns whether it is complete.
    fn add(&mut self, item: Item) -> io::Result<bool> {
        let first = self.missing == 0;
        match item {
            Item::Many(count) | Item::Push(count) => {
                if !first || count > MOST_ITEMS {
                    return Err(nonsense("an array that no command has"));
                }
                self.partial.push = matches!(item, Item::Push(_));
                self.missing = count;
                return Ok(count == 0);
            }
            item => {
                if let Item::Text(text) = &item {
                    self.bytes += text.len();
                }
                if self.bytes > MOST_BYTES {
                    return Err(nonsense(&format!("a reply of more than {MOST_BYTES} bytes")));
                }
                self.partial.items.push(item);
            }
        }
        self.missing = self.missing.saturating_sub(1);
        Ok(self.missing == 0)
    }

    /// Reads the reply to HELLO, and forgets it. It is a tree.
    async fn skip(&mut self) -> io::Result<()> {
        let (mut left, mut most) = (1u64, MOST_ITEMS);
        while left > 0 {
            let Some(item) = self.received.take()? else {
                self.receive().await?;
                continue;
            };
            left -= 1;
            most = most.checked_sub(1).ok_or_else(|| nonsense("its greeting is too long"))?;
            match item {
                Item::Error(text) if text.starts_with("ERR unknown command") => {
                    return Err(io::Error::other(format!("Redis 7 is needed; it says: {text}")));
                }
                Item::Error(text) => return Err(io::Error::other(text)),
                Item::Many(count) => left = left.saturating_add(count),
                _ => {}
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> io::Result<()> {
        let mut piece = vec![0; READ];
        match self.stream.read(&mut piece).await? {
            0 => Err(io::Error::new(ErrorKind::UnexpectedEof, "it has closed the connection")),
            length => {
                self.received.extend(&piece[..length]);
                Ok(())
            }
        }
    }
}
