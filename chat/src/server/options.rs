//! The limits of a server.
//!
//! Each resource that a client can use needs a limit: without one, a single client takes all the memory, or
//! stays for ever. A limit on the count of a client's lines alone is not enough: a thousand lines may be 60 kB
//! or 64 MB. So there are limits on counts, on bytes and on times, for a line, a connection, a group and the
//! whole server. There is no limit on the count of connections: the system has one, the limit of descriptors,
//! and at that limit the server goes on.
//!
//! Used by every part of the server. Next: `memory`.

use std::path::PathBuf;
use std::time::Duration;

use super::redis_url::RedisUrl;

/// The limits of a [`Server`](super::Server), on bytes, counts and times. The default suits a public
/// server.
///
/// ```
/// let options = chat::server::Options { groups: 8, ..Default::default() };
/// assert_eq!(options.line_limit, 65536);
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// The longest line that a client may send, in bytes, without its `\n`. A longer one ends its connection.
    pub line_limit: usize,
    /// How many groups one connection may join.
    pub groups: usize,
    /// How many malformed lines in a row end a connection.
    pub bad_lines: u32,
    /// How much may wait for a connection, in bytes: the lines in its groups that it has not read, and the
    /// names of its groups. If more waits, the connection loses its oldest lines, and the client is sent
    /// the count of them. A join is refused if the names alone would exceed the limit.
    pub connection_bytes: usize,
    /// How much a group keeps for members that have not read it yet, in bytes. It never keeps more than 1000
    /// lines either. Members that are further behind lose the oldest lines, and are sent the count of them.
    pub group_bytes: usize,
    /// How much all groups together keep, in bytes: half of it for lines, half for names. If there are more
    /// lines than that, the heaviest group loses its oldest; if there are more names, a join is refused. The
    /// line or two that a connection is reading or writing are not counted.
    pub memory: usize,
    /// After this much silence the system asks whether a client's machine is still there; `None`: never. A
    /// client whose machine does not reply is disconnected after about twice that time. The time is rounded
    /// up to whole seconds.
    pub keepalive: Option<Duration>,
    /// How long a client that has closed its half of the connection goes on receiving.
    pub grace: Duration,
    /// How long a server that was asked to stop goes on writing what is queued.
    pub drain: Duration,
    /// Where messages are kept for clients that were away.
    pub history: History,
}

/// Where the messages of all groups are kept.
///
/// ```
/// use chat::server::{History, Options};
/// assert_eq!(Options::default().history, History::None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// Nowhere: a message goes to those who are members when it is posted.
    None,
    /// On disk: every message gets a number, and is delivered after it is safe. It survives the end of the
    /// process at any moment, and a power cut.
    Disk {
        /// The directory, which is created if it does not exist. One server at a time can use it.
        directory: PathBuf,
        /// How much is kept.
        retention: Retention,
    },
    /// In Redis: the servers that use the same one have the same groups. Every message gets a number, and is
    /// delivered after Redis has it. What survives a power cut is decided by the settings of Redis.
    Redis {
        /// Where it is.
        url: RedisUrl,
        /// How many messages are kept of each group. A server that was away for more loses the oldest, and its
        /// members are sent the count of them. At least 1.
        messages: u64,
        /// How long a reply of Redis may take. After that the connection counts as lost.
        timeout: Duration,
    },
}

/// How much is kept of each group. Beyond any of the limits the oldest messages are removed. The numbers of
/// the messages go on.
///
/// ```
/// let retention = chat::server::Retention { messages: 1000, ..Default::default() };
/// assert_eq!(retention.age, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How many messages.
    pub messages: u64,
    /// Their texts, and the group's name with each, in bytes.
    pub bytes: u64,
    /// The age; `None`: a message may become as old as it likes. An older message is not sent any more; its
    /// place in the file is free an eighth of this time later, and after an hour at most.
    pub age: Option<Duration>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { messages: 100_000, bytes: 256 << 20, age: None }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            line_limit: 64 * 1024,
            groups: 100,
            bad_lines: 32,
            connection_bytes: 8 << 20,
            group_bytes: 64 << 20,
            memory: 256 << 20,
            keepalive: Some(Duration::from_secs(60)),
            grace: Duration::from_secs(5),
            drain: Duration::from_secs(2),
            history: History::None,
        }
    }
}
