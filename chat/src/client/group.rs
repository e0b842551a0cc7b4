//! What a client knows of one group, and what it has asked about it.
//!
//! A reply to a request for history does not say which request it is for. Without a list of what was asked, the end of
//! a list that the user wants could be taken for the end of what was missed. The replies come in the order of the
//! requests, so a queue is enough.
//!
//! Used by `client/machine`, `client/machine/asking` and `client/machine/errors`. Next: `client/machine`.

use std::collections::{BTreeMap, VecDeque};

use super::numbers::Numbers;

/// A request for history whose reply has not ended.
#[derive(Debug)]
pub(super) enum Asked {
    /// The number of a group's last message, after the client has joined. If `show`, it is shown.
    Start {
        show: bool,
    },
    /// Messages that this client has missed.
    Missed,
    /// The same as `Start`, before a list of this many messages.
    Count(u64),
    List(List),
    /// Nothing but the reply counts: when it has come, the posts up to this number are known.
    Mark(u64),
}

/// A list that the user wants.
#[derive(Debug)]
pub(super) struct List {
    /// How many messages were wanted.
    pub(super) wanted: u64,
    /// The request is for what is kept after this number, up to `end`.
    pub(super) after: u64,
    pub(super) end: u64,
    pub(super) messages: BTreeMap<u64, String>,
}

/// A group that was joined, or asked about.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) joined: bool,
    /// The number that it was joined after, on this connection.
    pub(super) joined_after: Option<u64>,
    pub(super) numbers: Numbers,
    /// In the order in which they were sent.
    pub(super) asked: VecDeque<Asked>,
}
