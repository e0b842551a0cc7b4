//! The groups that no longer have members here, until Redis is asked to forget them.
//!
//! A name that was only joined has an empty stream in Redis, and a server whose last member leaves asks Redis to remove
//! it. If there is no connection, or it ends before the reply, nobody else asks: every name that anybody has ever
//! joined at such a moment would stay. And if the connection is new, the other servers may not have theirs yet: Redis
//! would remove groups that have members there. So the names are kept here until the connection has lasted for a while.
//!
//! - Y1  A name is kept once, and all together take at most [`MOST`]. For each further name an empty stream stays.
//! - Y2  At most [`PORTION`] is forgotten at a time, or one longer name, so that posts need not wait for all of it.
//!
//! Used by `log/redis/state`. Next: `log/redis/state`.

use std::collections::HashSet;
use std::sync::Arc;

/// How much is kept, in bytes.
const MOST: usize = 16 << 20;

/// How much is forgotten at a time, in bytes.
const PORTION: usize = 64 << 10;

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

    /// Removes some of the names, and returns them (Y2). The result is empty only if no name is kept.
    pub(super) fn take(&mut self) -> Vec<Arc<str>> {
        let mut bytes = 0;
        let mut fits = |name: &&Arc<str>| {
            let is_first = bytes == 0;
            bytes += name.len() + NAME;
            is_first || bytes <= PORTION
        };
        let portion: Vec<_> = self.names.iter().take_while(|name| fits(name)).cloned().collect();
        for name in &portion {
            self.names.remove(name);
            self.bytes -= name.len() + NAME;
        }
        if self.names.is_empty() {
            self.names = HashSet::new(); // This frees the set's memory.
        }
        portion
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
        let mut names: Vec<_> = [left.take(), left.take()].concat();
        names.sort_unstable_by_key(|name| name.len());
        assert!(names.len() == 2 && &*names[0] == "tea" && names[1].len() == MOST / 2);
        assert!(left.take().is_empty() && left.bytes == 0);
    }

    #[test]
    fn a_portion_is_bounded_and_all_names_have_their_turn() {
        let mut left = Left::default();
        (0..10_000).for_each(|number| left.add(format!("{number}").into()));
        let mut names = HashSet::new();
        while left.bytes > 0 {
            let portion = left.take();
            assert!((1..=PORTION / NAME).contains(&portion.len()));
            names.extend(portion);
        }
        assert!(names.len() == 10_000 && left.names.capacity() == 0);
    }
}
