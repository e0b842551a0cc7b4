//! A group: a broadcast channel of lines, which any connection may post to.
//!
//! ```text
//!   post ──▶ send: encode, once ──▶ broadcast channel (1000 lines) ──▶ each member's subscription task
//! ```
//!
//! If the poster wrote to the members' sockets itself, one member that does not read would stop the whole
//! group. With an unbounded queue for each member, such a member would take all memory. So a group keeps a
//! bounded number of lines, shared by all its members, and a member that is too slow loses the oldest.
//!
//! - G1  A post never waits. A member that is further behind than the channel holds loses the oldest lines.
//! - G2  A line is encoded once, by the poster.
//! - G3  Members whose write is stuck are woken each time that enough was posted, to check how much waits for
//!   their connections. A member that is not stuck is not woken for it.
//!
//! Used by `group_table`. Next: `group/subscription`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use executor::sync::broadcast;

use self::subscription::{LOOKS, Subscription};
use super::catch_up::dropped;
use super::memory::{Line, Memory};
use crate::history::Reply;

pub(super) mod subscription;

/// How many lines a member may be behind before it loses some.
const CAPACITY: usize = 1000;

/// A group, which exists while it has members.
#[derive(Debug)]
pub(super) struct Group {
    name: Arc<str>,
    lines: broadcast::Sender<Line>,
    /// Wakes the stuck members, to check how much waits for their connections (G3).
    look: broadcast::Sender<()>,
    /// All that was posted so far, in bytes. It may wrap.
    posted: AtomicUsize,
    memory: Arc<Memory>,
}

impl Group {
    /// Creates a group and its first member. The caller has reserved the group's memory.
    pub(super) fn new(name: Arc<str>, memory: Arc<Memory>) -> (Self, Subscription) {
        let (lines, _) = broadcast::channel_with_weight(CAPACITY, memory.group as u64);
        let (look, _) = broadcast::channel(1);
        let group = Self { name, lines, look, posted: AtomicUsize::new(0), memory };
        let subscription = group.join();
        (group, subscription)
    }

    /// Adds a member, which receives what is posted from now on.
    pub(super) fn join(&self) -> Subscription {
        let (lines, look) = (self.lines.subscribe(), self.look.subscribe());
        Subscription::new(self.name.clone(), lines, look, self.memory.clone())
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Sends a message to all members. Returns false if the last one has just left.
    pub(super) fn post(&self, message: String, number: Option<u64>) -> bool {
        let reply = Reply::Message { group_name: self.name.to_string(), message, seq: number };
        self.send(&reply, number.unwrap_or(0))
    }

    /// Tells all members that messages up to a number were removed before they could be delivered.
    pub(super) fn lost(&self, count: u64, until: u64) {
        self.send(&Reply::Error(dropped(&self.name, count)), until);
    }

    /// Sends one line to all members. Returns false if there are none.
    fn send(&self, reply: &Reply, number: u64) -> bool {
        let Ok(line) = self.memory.line(reply, number) else { return false };
        let weight = line.weight();
        let sent = self.lines.send_with_weight(line, weight as u64).is_ok();
        self.wake_stuck_members(weight);
        sent
    }

    /// Wakes the stuck members to check, if enough was posted since the last time and a member is behind (G3).
    fn wake_stuck_members(&self, posted: usize) {
        let step = (self.memory.connection / LOOKS).max(1);
        // ORDERING: Relaxed; only counted.
        let before = self.posted.fetch_add(posted, Ordering::Relaxed);
        if before / step != before.wrapping_add(posted) / step && self.weight() >= step {
            // An error means that no member is subscribed, so none is stuck.
            let _ = self.look.send(());
        }
    }

    /// Returns how much is kept for members that have not read it yet, in bytes.
    pub(super) fn weight(&self) -> usize {
        usize::try_from(self.lines.weight()).unwrap_or(usize::MAX)
    }

    /// Drops the oldest lines until at most `weight` bytes are kept, or only the newest line.
    pub(super) fn shrink_to(&self, weight: usize) {
        self.lines.shrink_to_weight(weight as u64);
    }

    pub(super) fn members(&self) -> usize {
        self.lines.receiver_count()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.memory.give_group_back(&self.name);
    }
}
