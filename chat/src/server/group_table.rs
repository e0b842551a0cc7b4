//! The groups by name, under a std Mutex: every hold is short, and none is across an await.
//!
//! A join that finds a group while its last member leaves it would subscribe to a group that is in no table,
//! and never hear a post. So both happen under one lock. It is std's, and not an asynchronous one: a wait for
//! it is a few dozen instructions on another core, and to put a task to sleep would take longer.
//!
//! T1  A group is in the table exactly while it has members: joining makes it, under the lock; the
//!     last to leave takes it out, under the lock.
//! T2  A group is dropped outside the lock: that wakes its subscription tasks.
//! T3  A closed table stays empty. Its groups are dropped, so each subscription delivers what it has, and ends.
//!
//! Used by `common`, and through it by `ending`, `connection` and the server. Next: `reclaim`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::group::{Group, Subscription};
use super::memory::Memory;

/// Unused capacity that the table keeps.
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

    /// Adds a member to a group, which is made if need be.
    pub(super) fn join(&self, name: &str) -> Result<Subscription, NotJoined> {
        let mut groups = self.lock();
        if groups.closed {
            return Err(NotJoined::Closed);
        }
        if let Some(group) = groups.by_name.get(name) {
            return Ok(group.join());
        }
        if !self.memory.take_group(name) {
            return Err(NotJoined::Full);
        }
        let name: Arc<str> = name.into();
        let (group, subscription) = Group::new(name.clone(), self.memory.clone());
        groups.by_name.insert(name, Arc::new(group));
        Ok(subscription)
    }

    /// A group that exists.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Group>> {
        self.lock().by_name.get(name).cloned()
    }

    /// Called when a member has left: takes out and drops the group if it is empty.
    pub(super) fn leave(&self, name: &str) {
        let mut groups = self.lock();
        let empty = groups.by_name.get(name).is_some_and(|group| group.members() == 0);
        let reaped = if empty { groups.by_name.remove(name) } else { None };
        if groups.by_name.capacity() > SLACK + 4 * groups.by_name.len() {
            groups.by_name.shrink_to_fit();
        }
        drop(groups);
        drop(reaped);
    }

    /// Drops lines of the heaviest groups, until all together are below their bound.
    pub(super) fn relieve(&self) {
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

    /// Takes all groups out, for good.
    pub(super) fn close(&self) {
        let mut groups = self.lock();
        groups.closed = true;
        let by_name = std::mem::take(&mut groups.by_name);
        drop(groups);
        drop(by_name);
    }

    /// The numbers of groups and of memberships.
    pub(super) fn count(&self) -> (usize, usize) {
        let groups = self.lock();
        let members = groups.by_name.values().map(|group| group.members()).sum();
        (groups.by_name.len(), members)
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::options::Options;

    #[test]
    fn a_closed_table_stays_empty() {
        let table = GroupTable::new(Memory::new(&Options::default()));
        let member = table.join("g");
        assert_eq!(table.count(), (1, 1));
        table.close();
        assert!(member.is_ok() && table.get("g").is_none() && table.join("g").is_err());
        assert_eq!(table.count(), (0, 0));
    }
}
