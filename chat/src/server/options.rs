//! What an operator may set. Used by every part of the server. Next: `inbound`.

use std::time::Duration;

/// The limits and patience of a [`Server`](super::Server). The default suits a public server.
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
            grace: Duration::from_secs(5),
            drain: Duration::from_secs(2),
        }
    }
}
