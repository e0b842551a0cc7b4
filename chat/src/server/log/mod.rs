//! The log behind the groups: what happens to a message between its post and its delivery.
//!
//! A group passes messages on, and forgets them. A log decides first in which order they stand, under which
//! numbers, and where they are kept. The connections do not know which log the server has:
//!
//! ```text
//!   connection ── append ──▶ log ── Deliver ──▶ the group's members
//!       │                     ▲
//!       └── read after N ─────┘ what is kept                    no_history   nothing is kept, no numbers
//!                                                               disk         in a file, by `store`
//!                                                               redis        in Redis, for several servers
//! ```
//!
//! - L1  A message is delivered after it is kept, never before. So what a client has seen with its number is in
//!   the log after a crash of this server. Whether it survives a power cut: on a disk it does, in Redis its
//!   settings decide.
//! - L2  The numbers of a group begin with 1 and have no gaps, and each member receives the messages in their
//!   order.
//! - L3  An append that fails has delivered nothing. The connection that posted is told. If nobody can know whether it
//!   has failed, it is told that.
//! - L4  A call enters the log when it is made, not when its outcome is polled. So the posts of one connection
//!   stay in order, and many of them can wait for one commit.
//!
//! Used by `group`, `group_table`, `common` and `mod`, and through `common` by `connection`. Next: `log/no_history`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use executor::sync::oneshot;

#[cfg(feature = "disk")]
mod database;
#[cfg(feature = "disk")]
mod disk;
mod no_history;
pub(super) mod open;
mod redis;
#[cfg(feature = "disk")]
mod store;

/// With more than this many bytes of posts on the way a log is busy: each connection waits for its own posts before
/// it makes another.
const BUSY: usize = 16 << 20;

/// The most bytes of posts on the way. With more, posts are refused.
const MOST: usize = 64 << 20;

/// After this many deliveries a log lets other tasks run.
const DELIVERIES: usize = 64;

/// Where the messages of all groups are put in order, and kept.
pub(super) trait Log: fmt::Debug + Send + Sync {
    /// From now on the group has members on this server, whether or not it was watched before: what is
    /// appended to it is delivered. Called under the lock of the group table.
    fn watch(&self, group: &Arc<str>) -> Outcome<()>;

    /// The group has no member any more. Called under the lock of the group table.
    fn unwatch(&self, group: &str);

    /// Appends a message, and delivers it. An error says that nobody has seen the message, except
    /// [`LogError::Unknown`]. Dropping the outcome does not take the message back.
    fn append(&self, group: &str, message: String) -> Outcome<()>;

    /// Whether so much is being written that a connection should wait for its own posts before the next.
    fn is_busy(&self) -> bool;

    /// Returns messages after a number, in their order. It is an error if the group has not reached the number
    /// ([`LogError::Ahead`]).
    fn read(&self, group: &str, after: u64, limit: Limit) -> Outcome<Page>;

    /// Ready when all messages that were appended before this call are delivered, or have failed. What is appended
    /// meanwhile may delay it, so the caller bounds the wait.
    fn flush(&self) -> Outcome<()>;

    /// Closes the log. A log that keeps messages takes no more, and reads none: later appends and reads fail.
    fn close(&self) -> Outcome<()>;
}

/// How a log reaches the members of the groups on this server.
pub(super) trait Deliver: fmt::Debug + Send + Sync {
    /// Sends a message, with its number if it has one, to the members of a group. Returns false if it has none.
    fn deliver(&self, group: &str, message: String, number: Option<u64>) -> bool;

    /// Tells the members of a group that this many messages, the last of which has the number `until`, were removed
    /// before they could be delivered.
    fn lost(&self, group: &str, count: u64, until: u64);
}

/// How much a [`Log::read`] returns at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// With 0 only the number of the last message is returned.
    pub(super) messages: u64,
    /// One message is returned even if it is longer. In bytes.
    pub(super) bytes: usize,
}

/// A part of a group's messages.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Page {
    /// The messages with their numbers, without gaps.
    pub(super) messages: Vec<(u64, String)>,
    /// How many messages are no longer kept between the number that was asked for and the first of these.
    pub(super) lost: u64,
    /// What is kept up to this number has been returned. If the limit was 0 messages: the last number.
    pub(super) last: u64,
    /// Whether there are messages after `last`.
    pub(super) more: bool,
}

/// Why a log cannot do what it was asked to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LogError {
    /// Nobody has joined the group, and nothing of it is kept.
    NoSuchGroup,
    /// The log keeps nothing.
    NoHistory,
    /// The group has not reached the number.
    Ahead { after: u64, last: u64 },
    /// The disk or the other server fails; contains its reason.
    Failed(String),
    /// The other server cannot be reached now, but perhaps later; contains the reason.
    Away(String),
    /// The other server was asked to append, and has not replied; contains the reason.
    Unknown(String),
}

impl LogError {
    /// Returns the reply to a client whose request about a group was not carried out. `what` says what was not done.
    pub(super) fn refusal(&self, group: &str, what: &str) -> String {
        match self {
            LogError::NoSuchGroup => format!("Group '{group}' does not exist"),
            LogError::Unknown(reason) => format!("Group '{group}': it may be posted, or not: {reason}"),
            error => format!("Group '{group}': {what}: {error}"),
        }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::NoSuchGroup => f.write_str("the group does not exist"),
            LogError::NoHistory => f.write_str("this server keeps no history"),
            LogError::Ahead { after, last } => {
                write!(f, "message {after} is not there yet, the last one is {last}")
            }
            LogError::Failed(reason) | LogError::Away(reason) | LogError::Unknown(reason) => {
                f.write_str(reason)
            }
        }
    }
}

/// The outcome of a call, which may be there at once. Dropping it does not undo the call.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    /// `None` once it has been returned.
    Now(Option<Result<T, LogError>>),
    Later(oneshot::Receiver<Result<T, LogError>>),
}

impl<T> Outcome<T> {
    fn now(outcome: Result<T, LogError>) -> Self {
        Outcome::Now(Some(outcome))
    }
}

impl<T: Unpin> Future for Outcome<T> {
    type Output = Result<T, LogError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Outcome::Now(outcome) => Poll::Ready(outcome.take().unwrap_or(Err(LogError::NoHistory))),
            Outcome::Later(outcome) => Pin::new(outcome).poll(cx).map(|outcome| {
                // Without a sender the log has ended, or had no thread to work on.
                outcome.unwrap_or_else(|_| Err(LogError::Failed("the log is closed".to_owned())))
            }),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Delivers by calling a function with each message's number.
    pub(in crate::server) struct To<F>(pub(in crate::server) F);

    impl<F> fmt::Debug for To<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("To")
        }
    }

    impl<F: Fn(Option<u64>) -> bool + Send + Sync> Deliver for To<F> {
        fn deliver(&self, _group: &str, _message: String, number: Option<u64>) -> bool {
            (self.0)(number)
        }

        fn lost(&self, _group: &str, _count: u64, _until: u64) {}
    }
}
