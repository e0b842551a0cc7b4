//! The settings of the client, and how it may end.
//!
//! A client that always waited for the last replies would be slow in a script, and one that never did would
//! lose them: so the grace period is a setting. A script must also be able to tell "the input has ended" from
//! "the server hung up": so a client that ends without an error says which of the two it was.
//!
//! Used by `client`, `client/session` and `client/connecting`. Next: `client/command`.

use std::time::Duration;

/// Whether the client fetches what it has missed, from a server that keeps history.
///
/// ```
/// assert_eq!(chat::client::CatchUp::default(), chat::client::CatchUp::Auto);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CatchUp {
    /// It does once a message has come with a number. At a terminal it also confirms each join: it asks the
    /// server how many messages the group has, and by that whether it keeps them.
    #[default]
    Auto,
    /// It does, and confirms each join, wherever its input comes from.
    Always,
    /// It does not, and ends with its connection.
    Never,
}

/// The client's settings.
///
/// ```
/// use std::time::Duration;
/// let options = chat::client::Options { grace: Duration::ZERO, ..Default::default() };
/// assert_eq!(options.keepalive, Some(Duration::from_secs(60)));
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// How long, after the end of the input, the client still sends what was typed and prints replies.
    pub grace: Duration,
    /// After this much silence the system asks the server's machine whether it is still there; `None`: never.
    /// The client gives up a server that has vanished after about twice that time. On Linux, it does the same
    /// with a server that acknowledges nothing, or takes nothing, of what was sent to it for that long.
    pub keepalive: Option<Duration>,
    /// Whether it fetches what it has missed, and connects again when the connection is lost.
    pub catch_up: CatchUp,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(1),
            keepalive: Some(Duration::from_secs(60)),
            catch_up: CatchUp::default(),
        }
    }
}

/// Why a client ended without an error.
///
/// ```
/// use chat::client::Ended;
/// let status = |ended| if ended == Ended::ByServer { 1 } else { 0 };
/// assert_eq!((status(Ended::ByUser), status(Ended::ByServer)), (0, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The input ended, or the reader of the output closed it.
    ByUser,
    /// The server closed the connection before it had read all of the input.
    ByServer,
    /// This signal came: SIGINT, SIGTERM or SIGHUP. They are waited for where lines are edited, since the
    /// terminal's modes must be restored.
    BySignal(i32),
}
