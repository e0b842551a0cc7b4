//! The limits of a server.
//!
//! Each resource that a client can use needs a limit: without one, a single client takes all the memory, or
//! stays for ever. Limits per client in numbers alone are not enough: a thousand lines may be 60 kB or 64 MB.
//! So there are limits in numbers, in bytes and in time, for a line, a connection, a group and the whole
//! server. There is no limit on the number of connections: the system has one, the limit of descriptors, and
//! at that limit the server goes on.
//!
//! Used by every part of the server. Next: `memory`.

use std::time::Duration;

/// The limits of a [`Server`](super::Server), in bytes, in numbers and in time. The default suits a public
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
    /// The number of groups that one connection may join.
    pub groups: usize,
    /// The number of malformed lines in a row that ends a connection.
    pub bad_lines: u32,
    /// How much may wait for a connection, in bytes: the lines in its groups that it has not read, and the
    /// names of its groups. If more waits, the connection loses its oldest lines, and the client is sent
    /// their number. A join is refused if the names alone would exceed the limit.
    pub connection_bytes: usize,
    /// How much a group keeps for members that have not read it yet, in bytes. It never keeps more than 1000
    /// lines either. Members that are further behind lose the oldest lines, and are sent their number.
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
        }
    }
}
