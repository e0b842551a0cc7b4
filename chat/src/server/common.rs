//! The state that all connections of a server share.
//!
//! Each connection is a task of its own, but a group has members on several connections, and the limits hold
//! for all of them together. Statics would do for a program with one server; a test has several servers in
//! one process, so the state belongs to the server, and each connection holds a reference to it.
//!
//! There is no list of the connections. The server needs only a count of them; to stop them, and to wait for
//! their end, it uses channels (`mod`).
//!
//! Created by the server. Used by `ending`, `connection` and `mod`. Next: `posted`.

use std::panic::RefUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::group_table::GroupTable;
use super::log::Log;
use super::log::open::Opened;
use super::memory::Memory;
use super::options::{History, Options};
use super::reclaim::Reclaim;
use crate::FromClient;
use crate::framing::decode_line;
use crate::history::Request;

/// The shared state of one server.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) options: Options,
    pub(super) memory: Arc<Memory>,
    pub(super) groups: Arc<GroupTable>,
    pub(super) log: Arc<dyn Log>,
    /// How many connections there are.
    pub(super) connections: AtomicUsize,
    pub(super) reclaim: Reclaim,
}

// A panic leaves nothing behind that is not consistent: what the logs share is under locks, which are unlocked in a
// consistent state only.
impl RefUnwindSafe for Common {}

impl Common {
    pub(super) fn new(options: Options, log: Opened) -> Self {
        let memory = Memory::new(&options);
        let groups = Arc::new(GroupTable::new(memory.clone()));
        Self {
            options,
            log: log.start(groups.clone()),
            groups,
            memory,
            connections: AtomicUsize::new(0),
            reclaim: Reclaim::new(),
        }
    }

    pub(super) fn count(&self) -> Count {
        let (groups, memberships) = self.groups.count();
        // ORDERING: Relaxed; only counted.
        Count { connections: self.connections.load(Ordering::Relaxed), groups, memberships }
    }

    /// Parses the request on a line. Returns `None` if the line is blank.
    ///
    /// A server without history speaks the chapter's protocol, with its error messages.
    pub(super) fn decode(&self, line: &[u8]) -> Result<Option<Request>, serde_json::Error> {
        match (decode_line::<Request>(line), &self.options.history) {
            (Err(_), History::None) => Ok(decode_line::<FromClient>(line)?.map(Request::from)),
            (request, _) => request,
        }
    }
}

/// How many connections, groups and memberships a server has at one moment. Returned by
/// [`Handle::count`](super::Handle::count).
///
/// ```
/// use chat::server::Count;
/// let text = |Count { connections, groups, .. }| format!("{connections} connections, {groups} groups");
/// assert_eq!(text(Count { connections: 3, groups: 2, memberships: 4 }), "3 connections, 2 groups");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many connections, including those that are closing.
    pub connections: usize,
    /// How many groups, all of which have members.
    pub groups: usize,
    /// How many pairs of a client and a group that it is in.
    pub memberships: usize,
}

/// Counts a connection until it is dropped. Its end is a departure for [`Reclaim`].
pub(super) struct Counted(Arc<Common>);

impl Counted {
    pub(super) fn new(common: &Arc<Common>) -> Self {
        // ORDERING: Relaxed; only counted.
        common.connections.fetch_add(1, Ordering::Relaxed);
        Self(common.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        // ORDERING: Relaxed; only counted.
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
        self.0.reclaim.departed();
    }
}
