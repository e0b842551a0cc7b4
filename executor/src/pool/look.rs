//! What a dump sees of a pool: its workers, and the tasks that wait.
//!
//! Called by `trace::dump`. Next: `trace::dump::live`.

use reactor::shim::lock;

use super::shared::Shared;
use crate::driver::rescue::{Look, PoolLook};

impl Look for Shared {
    /// The lists are locked one after the other, while their tasks are copied.
    fn look(&self) -> PoolLook {
        PoolLook {
            id: std::ptr::from_ref(self).addr(),
            closed: self.is_closed(),
            workers: self.parkers.len(),
            begun: self.parkers.iter().filter(|parker| parker.get().is_some()).count(),
            tasks: self.waiting.iter().flat_map(|list| lock(list).look()).collect(),
        }
    }
}
