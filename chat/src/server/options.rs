//! What an operator may set. Used by every part of the server. Next: `memory`.

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
    /// The longest line that a client may send, in bytes. A longer one ends its connection.
    pub line_limit: usize,
    /// The groups that one connection may join.
    pub groups: usize,
    /// The malformed lines in a row that end a connection.
    pub bad_lines: u32,
    /// What a connection may have waiting, in bytes: what its groups keep that it has not read, and the names
    /// of its groups. Beyond that it loses the oldest lines, and is told how many; or a join is refused.
    pub connection_bytes: usize,
    /// What a group keeps for members that have not read it yet, in bytes, beside the bound of 1000 lines.
    /// Members that are further behind lose the oldest lines, and are told how many.
    pub group_bytes: usize,
    /// What all groups keep, in bytes: a half for lines, of which the heaviest group loses the oldest when
    /// there are more, and a half for names. What a connection is just reading or writing is not counted: a
    /// line or two.
    pub memory: usize,
    /// After how much silence the system asks whether a client's machine is still there; `None`: never. A client
    /// that does not respond is disconnected after about twice that.
    pub keepalive: Option<Duration>,
    /// How long a client that sends no more (it has closed its half) goes on receiving.
    pub grace: Duration,
    /// How long a server that is asked to stop writes what is queued.
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
