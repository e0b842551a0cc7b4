//! The groups by name, under a std mutex, which is held for a short time and never across an `.await`.
//!
//! Suppose that a client joins a group while its last member leaves. Without one lock around both, the client
//! could subscribe to a group that has just been removed from the table, and would never receive a post. The
//! lock is std's, not an asynchronous one: it is mostly held for a few dozen instructions, and putting a
//! task to sleep takes longer.
//!
//! - T1  A group is in the table while it has members: a join creates it, under the lock; after its last member
//!   has left it is removed, under the lock.
//! - T2  A group is dropped outside the lock, since the drop wakes its subscription tasks.
//! - T3  A closed table stays empty. Its groups are dropped, so each subscription delivers what it has, and ends.
//!
//! Used by `common`, and through it by `ending`, `connection` and the server. Next: `reclaim`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::group::Group;
use super::group::subscription::Subscription;
use super::log::{Deliver, Log, Outcome};
use super::memory::Memory;

/// The unused capacity that the table may keep, beyond four times its entries.
const SLACK: usize = 256;

/// All groups of a server.
#[derive(Debug)]
pub(super) struct GroupTable {
    groups: Mutex<Groups>,
    memory: Arc<Memory>,
}

#[derive(Debug, Default)]
struct Groups {
    by_name: HashMap<Arc<str>, Arc<Group>>,
    closed: bool,
}

/// Why a client cannot join.
#[derive(Debug)]
pub(super) enum NotJoined {
    /// The table is closed.
    Closed,
    /// There is no memory for one more group.
    Full,
}

impl GroupTable {
    pub(super) fn new(memory: Arc<Memory>) -> Self {
        Self { groups: Mutex::default(), memory }
    }

    /// Adds a member to a group, which is created if there is none of that name. It receives what the log
    /// delivers once the second value is ready, which may be an error. The caller must call
    /// [`leave`](Self::leave) after it has dropped the subscription.
    pub(super) fn join(&self, name: &str, log: &dyn Log) -> Result<(Subscription, Outcome<()>), NotJoined> {
        let mut groups = self.lock();
        if groups.closed {
            return Err(NotJoined::Closed);
        }
        if let Some(group) = groups.by_name.get(name) {
            let subscription = group.join();
            return Ok((subscription, log.watch(group.name())));
        }
        if !self.memory.take_group(name) {
            return Err(NotJoined::Full);
        }
        let name: Arc<str> = name.into();
        let (group, subscription) = Group::new(name.clone(), self.memory.clone());
        let watching = log.watch(&name);
        groups.by_name.insert(name, Arc::new(group));
        Ok((subscription, watching))
    }

    /// Returns the group of this name, if it exists.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Group>> {
        self.lock().by_name.get(name).cloned()
    }

    /// Called when a member has left: removes and drops the group if it is empty.
    pub(super) fn leave(&self, name: &str, log: &dyn Log) {
        let mut groups = self.lock();
        let empty = groups.by_name.get(name).is_some_and(|group| group.members() == 0);
        let reaped = if empty { groups.by_name.remove(name) } else { None };
        if reaped.is_some() {
            log.unwatch(name);
        }
        if groups.by_name.capacity() > SLACK + 4 * groups.by_name.len() {
            groups.by_name.shrink_to_fit();
        }
        drop(groups);
        drop(reaped);
    }

    /// Drops lines of the heaviest groups, until all lines together are within their limit.
    fn relieve(&self) {
        let mut weights: Vec<(usize, Arc<Group>)> =
            self.lock().by_name.values().map(|group| (group.weight(), group.clone())).collect();
        weights.sort_unstable_by_key(|(weight, _)| *weight);
        while let Some((weight, group)) = weights.pop()
            && self.memory.excess() > 0
        {
            // Down to the next heaviest, but by at least an eighth.
            let next = weights.last().map_or(0, |(weight, _)| *weight);
            group.shrink_to(next.min(weight - weight / 8));
        }
    }

    /// Removes all groups, and refuses all later joins.
    pub(super) fn close(&self) {
        let mut groups = self.lock();
        groups.closed = true;
        let by_name = std::mem::take(&mut groups.by_name);
        drop(groups);
        drop(by_name);
    }

    /// Returns how many groups and how many memberships there are.
    pub(super) fn count(&self) -> (usize, usize) {
        let groups = self.lock();
        let members = groups.by_name.values().map(|group| group.members()).sum();
        (groups.by_name.len(), members)
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deliver for GroupTable {
    fn deliver(&self, name: &str, message: String, number: Option<u64>) -> bool {
        let delivered = self.get(name).is_some_and(|group| group.post(message, number));
        if delivered && self.memory.excess() > 0 {
            self.relieve();
        }
        delivered
    }

    fn lost(&self, name: &str, count: u64, until: u64) {
        if let Some(group) = self.get(name) {
            group.lost(count, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::log::open::Opened;
    use crate::server::log::tests::To;
    use crate::server::options::Options;

    #[test]
    fn a_closed_table_stays_empty() {
        let table = GroupTable::new(Memory::new(&Options::default()));
        let log = Opened::NoHistory.start(Arc::new(To(|_| false)));
        let member = table.join("g", &*log);
        assert_eq!(table.count(), (1, 1));
        table.close();
        assert!(member.is_ok() && table.get("g").is_none() && table.join("g", &*log).is_err());
        assert_eq!(table.count(), (0, 0));
    }
}
