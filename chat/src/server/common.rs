//! What all connections of a server share.
//!
//! Made by the server. Used by `ending`, `connection` and `mod`. Next: `ending`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::group_table::GroupTable;
use super::memory::Memory;
use super::options::Options;
use super::reclaim::Reclaim;

/// One for each server.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) options: Options,
    pub(super) memory: Arc<Memory>,
    pub(super) groups: GroupTable,
    pub(super) connections: AtomicUsize,
    pub(super) reclaim: Reclaim,
}

impl Common {
    pub(super) fn new(options: Options) -> Self {
        let memory = Memory::new(&options);
        Self {
            options,
            groups: GroupTable::new(memory.clone()),
            memory,
            connections: AtomicUsize::new(0),
            reclaim: Reclaim::new(),
        }
    }
}

/// Counts a connection for as long as it lives.
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
