//! The groups that nobody here has joined any more, while Redis cannot be asked to forget them.
//!
//! A name that was only joined has an empty stream in Redis, and a server whose last member leaves asks Redis to remove
//! it. If there is no connection, or it ends before the reply, nobody else asks: every name that anybody has ever
//! joined at such a moment would stay. So the names are kept here until there is a connection.
//!
//! - Y1  A name is kept once, and all together take at most [`MOST`]. Of what is more, an empty stream stays.
//!
//! Used by `log/redis/state`. Next: `log/redis/state`.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

/// How much is kept, in bytes.
const MOST: usize = 16 << 20;

/// What a name takes besides its bytes.
const NAME: usize = 128;

/// The names of groups to be forgotten.
#[derive(Debug, Default)]
pub(super) struct Left {
    names: HashSet<Arc<str>>,
    bytes: usize,
}

impl Left {
    /// Adds a name, if there is room for it (Y1).
    pub(super) fn add(&mut self, name: Arc<str>) {
        let bytes = self.bytes + name.len() + NAME;
        if bytes <= MOST && self.names.insert(name) {
            self.bytes = bytes;
        }
    }

    /// Returns all names, and keeps none.
    pub(super) fn take(&mut self) -> HashSet<Arc<str>> {
        mem::take(self).names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_all_together_are_bounded() {
        let mut left = Left::default();
        let long: Arc<str> = "x".repeat(MOST / 2).into();
        for name in [long.clone(), long.clone(), long, "y".repeat(MOST / 2).into(), "tea".into()] {
            left.add(name);
        }
        let names = left.take();
        assert!(names.len() == 2 && names.contains("tea"));
        assert!(left.take().is_empty() && left.bytes == 0);
    }
}
