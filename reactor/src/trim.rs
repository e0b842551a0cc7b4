//! Containers give memory back when they are mostly unused.
//!
//! std's containers never shrink by themselves, so a queue would keep the memory of its longest burst for
//! ever. To shrink after each removal would allocate again at the next insertion.
//!
//! ```text
//!   capacity  ████████████████████   a burst
//!             ██▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁   at most a quarter in use, and more than `keep` bytes:
//!             ██▁▁                   shrinks to twice what is in use, or to `keep` bytes
//! ```
//!
//! A container grows by doubling and shrinks at a quarter. So a steady depth allocates nothing, and the cost
//! of a changing one is spread over the changes. The length is checked after each removal, so a queue that is
//! never quite empty gives memory back as well. Room for one value is always kept, however large the value
//! is.
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
    /// Gives memory back if the container is mostly unused. A capacity of `keep` bytes or less stays as it is.
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

/// Returns the capacity to shrink to; `None` if the container stays as it is.
#[inline]
const fn smaller<T>(len: usize, capacity: usize, keep: usize) -> Option<usize> {
    // Values of no size need no memory.
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
