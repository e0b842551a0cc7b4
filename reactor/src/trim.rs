//! What a burst leaves behind, in bytes: a container that is mostly unused gives memory back.
//!
//! ```text
//!   capacity  ████████████████████   a burst
//!             ██▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁   under a quarter in use, and more than `keep` bytes:
//!             ██▁▁                   room for twice what is there stays, or `keep` bytes
//! ```
//!
//! It grows by doubling and shrinks at a quarter: a steady depth allocates nothing, and what a changing one
//! costs is spread over the changes. It is asked after each removal, so a queue that is never quite empty
//! gives memory back as well. One large value may be kept room for, whatever its size.
//!
//! Called by everything that has a queue. Next: `lazy_waker`.

use std::collections::VecDeque;

/// The bytes that an idle channel, lock or socket keeps for each of its queues.
pub const KEEP: usize = 1024;

/// The bytes that a thread, or a pool of threads, keeps for each of its queues.
pub const KEEP_BY_THREAD: usize = 16 * 1024;

/// A container that can give memory back.
///
/// ```
/// use reactor::trim::{KEEP, Trim};
///
/// let mut queue: Vec<u64> = (0..100_000).collect();
/// queue.truncate(1000);
/// queue.trim(KEEP);
/// assert!(queue.capacity() < 4 * 1000);
/// queue.clear();
/// queue.trim(KEEP);
/// assert!(queue.capacity() * size_of::<u64>() <= KEEP);
/// ```
pub trait Trim {
    /// Gives memory back if it is mostly unused; `keep` bytes stay in any case.
    fn trim(&mut self, keep: usize);
}

impl<T> Trim for Vec<T> {
    #[inline]
    fn trim(&mut self, keep: usize) {
        if let Some(room) = smaller::<T>(self.len(), self.capacity(), keep) {
            self.shrink_to(room);
        }
    }
}

impl<T> Trim for VecDeque<T> {
    #[inline]
    fn trim(&mut self, keep: usize) {
        if let Some(room) = smaller::<T>(self.len(), self.capacity(), keep) {
            self.shrink_to(room);
        }
    }
}

/// The capacity to shrink to, if it is worth it.
#[inline]
const fn smaller<T>(len: usize, capacity: usize, keep: usize) -> Option<usize> {
    // What takes no room is never in the way.
    let Some(kept) = keep.checked_div(size_of::<T>()) else { return None };
    let kept = if kept == 0 { 1 } else { kept };
    if capacity <= kept || len > capacity / 4 {
        return None;
    }
    Some(if 2 * len > kept { 2 * len } else { kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_in_use_is_half_given_back() {
        assert_eq!(smaller::<u64>(1001, 4000, KEEP), None);
        assert_eq!(smaller::<u64>(1000, 4000, KEEP), Some(2000));
    }

    #[test]
    fn a_kilobyte_or_one_value_is_kept() {
        assert_eq!(smaller::<u64>(0, 128, KEEP), None);
        assert_eq!(smaller::<u64>(0, 129, KEEP), Some(128));
        assert_eq!(smaller::<[u8; 4096]>(0, 1, KEEP), None);
        assert_eq!(smaller::<[u8; 4096]>(0, 4, KEEP), Some(1));
        assert_eq!(smaller::<()>(0, usize::MAX, KEEP), None);
    }
}
