//! The log that keeps nothing: a message goes to those who are members now.
//!
//! This is the chat of the chapter, and the default. The file shows what a log has to do at least.
//!
//! Used by `log/open`. Next: `log/database`.

use std::sync::Arc;

use super::{Deliver, Limit, Log, LogError, Outcome, Page};

#[derive(Debug)]
pub(super) struct NoHistory {
    deliver: Arc<dyn Deliver>,
}

impl NoHistory {
    pub(super) fn new(deliver: Arc<dyn Deliver>) -> Self {
        Self { deliver }
    }
}

impl Log for NoHistory {
    fn watch(&self, _group: &Arc<str>) -> Outcome<()> {
        Outcome::now(Ok(()))
    }

    fn unwatch(&self, _group: &str) {}

    fn append(&self, group: &str, message: String) -> Outcome<()> {
        let delivered = self.deliver.deliver(group, message, None);
        Outcome::now(if delivered { Ok(()) } else { Err(LogError::NoSuchGroup) })
    }

    fn is_busy(&self) -> bool {
        false
    }

    fn read(&self, _group: &str, _after: u64, _limit: Limit) -> Outcome<Page> {
        Outcome::now(Err(LogError::NoHistory))
    }

    fn flush(&self) -> Outcome<()> {
        Outcome::now(Ok(()))
    }

    fn close(&self) -> Outcome<()> {
        Outcome::now(Ok(()))
    }
}
