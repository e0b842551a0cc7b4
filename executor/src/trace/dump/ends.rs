//! Whether all ends of a channel are inside some tasks.
//!
//! Nothing is recorded when an end is moved: to a map from which another task takes it, say, when a reply has come.
//! But an end is a pointer to the channel, and a task's variables are in its allocation. So the tasks are searched
//! for such pointers. If they have as many as there are ends, no one else has one.
//!
//! The tasks wait, but one may be woken meanwhile, or end. So their memory is not read by this program, which would
//! be undefined behaviour: the system copies it.
//!
//! - Z1  A value that is moved away leaves its bytes behind. So a task counts only if it made the channel in its last
//!   poll, or was polled only once since it was spawned. That excludes most of these bytes, and not all: a value
//!   that was moved away in that very poll may have left its bytes in the future. So a verdict about a channel is
//!   not certain.
//!
//! Called by `dump::verdicts`. Next: `dump::stuck`.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// From an `Arc`'s allocation to its value: two counters, and what the value's alignment adds. If that is ever
/// different, nothing is found.
const COUNTERS: u64 = 2 * size_of::<usize>() as u64;
/// A channel with more ends is not looked at.
const MOST: usize = 1000;

/// Whether the tasks, by their address and size, hold all ends of the channel at this address, whose state has this
/// alignment.
pub(super) fn are_within(channel: u64, alignment: u64, tasks: &[(u64, usize)]) -> bool {
    let within = || -> Option<bool> {
        let memory = File::open("/proc/self/mem").ok()?;
        let pointer = channel.checked_sub(COUNTERS.next_multiple_of(alignment))?;
        let ends = *words(&memory, pointer, size_of::<usize>())?.first()?;
        let mut found = 0;
        for (task, size) in tasks {
            found += words(&memory, *task, *size)?.iter().filter(|word| **word as u64 == pointer).count();
        }
        Some((1..=MOST).contains(&ends) && found >= ends)
    };
    within().unwrap_or(false)
}

/// The words from this address on.
fn words(memory: &File, address: u64, size: usize) -> Option<Vec<usize>> {
    let mut bytes = vec![0; size];
    memory.read_exact_at(&mut bytes, address).ok()?;
    let word = |bytes: &[u8; size_of::<usize>()]| usize::from_ne_bytes(*bytes);
    Some(bytes.as_chunks().0.iter().map(word).collect())
}

#[cfg(all(test, not(any(loom, miri)), target_os = "linux"))]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn pointers_are_found_where_they_are() {
        let channel = Arc::new(7_u64);
        let address = Arc::as_ptr(&channel).addr() as u64;
        let holder = Box::new((1_u64, Some(Arc::clone(&channel)), 2_u64));
        let both = Box::new([Arc::clone(&channel), channel]);
        let at = |holder: usize, size| [(holder as u64, size)];
        let (holder, both) = (&*holder, &*both);
        let one = at(std::ptr::from_ref(holder).addr(), size_of_val(holder));
        let two = at(std::ptr::from_ref(both).addr(), size_of_val(both));
        assert!(!are_within(address, 8, &one) && !are_within(address, 8, &two));
        assert!(are_within(address, 8, &[one, two].concat()));
        assert!(!are_within(8, 8, &one), "there is nothing at this address");
    }
}
