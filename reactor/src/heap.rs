//! A heap that reports where its entries move, so that each can be found again and removed.
//!
//! A cancelled timer must leave the heap at once. `std`'s `BinaryHeap` removes only its greatest entry.
//!
//! ```text
//!              0                 the children of i: 4i + 1 to 4i + 4
//!      ┌────┬──┴─┬────┐
//!      1    2    3    4          no entry is less than its parent (D1)
//!   ┌─┬┴┬─┐
//!   5 6 7 8
//! ```
//!
//! - D1  No entry is less than its parent.
//! - D2  `moved` is called for every entry that gets another index, the new one included.
//!
//! With four children a heap is half as deep as with two, and the four share a cache line or two.
//! Called by `timers`. Next: `poll_wakers`.

use crate::trim::{KEEP_BY_THREAD, Trim};

const CHILDREN: usize = 4;

/// The least entry is the first.
pub(crate) struct Heap<T> {
    entries: Vec<T>,
}

impl<T: Copy + Ord> Heap<T> {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The entries by their indices.
    pub(crate) fn as_slice(&self) -> &[T] {
        &self.entries
    }

    pub(crate) fn push(&mut self, entry: T, mut moved: impl FnMut(&T, usize)) {
        self.entries.push(entry);
        self.rise(self.entries.len() - 1, entry, &mut moved);
    }

    /// Closes the gap at `index` with the last entry, which finds its own place from there.
    pub(crate) fn remove(&mut self, index: usize, mut moved: impl FnMut(&T, usize)) {
        let Some(last) = self.entries.pop() else { return };
        if index < self.entries.len() {
            let index = self.sink(index, last, &mut moved);
            self.rise(index, last, &mut moved);
        }
        self.entries.trim(KEEP_BY_THREAD);
    }

    /// Puts an entry at `index`, or further up: those that it is less than move down (D1).
    fn rise(&mut self, mut index: usize, entry: T, moved: &mut impl FnMut(&T, usize)) {
        while index > 0 {
            let parent = (index - 1) / CHILDREN;
            if entry >= self.entries[parent] {
                break;
            }
            self.put(index, self.entries[parent], moved);
            index = parent;
        }
        self.put(index, entry, moved);
    }

    /// Finds an entry's place at `index` or further down: those that are less move up (D1).
    fn sink(&mut self, mut index: usize, entry: T, moved: &mut impl FnMut(&T, usize)) -> usize {
        loop {
            let first = index * CHILDREN + 1;
            let children = first..(first + CHILDREN).min(self.entries.len());
            match children.min_by_key(|&child| self.entries[child]) {
                Some(least) if self.entries[least] < entry => {
                    self.put(index, self.entries[least], moved);
                    index = least;
                }
                _ => return index,
            }
        }
    }

    fn put(&mut self, index: usize, entry: T, moved: &mut impl FnMut(&T, usize)) {
        self.entries[index] = entry;
        moved(&entry, index); // D2
    }

    #[cfg(test)]
    pub(crate) fn check(&self) {
        for (index, entry) in self.entries.iter().enumerate().skip(1) {
            assert!(*entry >= self.entries[(index - 1) / CHILDREN], "D1");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// In any order of pushes and removals: D1 holds, and D2 says where each entry is.
        #[test]
        fn agrees_with_a_map(steps in prop::collection::vec((any::<u16>(), any::<bool>()), 1..400)) {
            let mut heap = Heap::new();
            let mut places = std::collections::BTreeMap::new();
            for (number, (random, comes)) in steps.into_iter().enumerate() {
                if comes || number < 50 {
                    heap.push((random, number), |entry, index| _ = places.insert(*entry, index));
                } else if !places.is_empty() {
                    let entry = *places.keys().nth(usize::from(random) % places.len()).expect("it is less");
                    let index = places.remove(&entry).expect("it is a key");
                    prop_assert_eq!(heap.as_slice()[index], entry);
                    heap.remove(index, |entry, index| _ = places.insert(*entry, index));
                }
                heap.check();
                prop_assert_eq!(heap.as_slice().len(), places.len());
                prop_assert!(places.iter().all(|(entry, &index)| heap.as_slice()[index] == *entry), "D2");
            }
        }
    }
}
