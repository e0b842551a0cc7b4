//! The deadlines: a heap, with the next one on top.
//!
//! ```text
//!   heap    [deadline, sequence, slot] ◀─── each slot knows its place in the heap
//!   slots   [waker, place]  ◀── Key ── a Sleep
//! ```
//!
//! H1  Each entry of the heap is not before its parent; at equal deadlines the older one comes first.
//! H2  `slots[entry.slot].place` is the entry's index, after every move: cancelling finds it at once.
//! H3  A sequence is never given twice, so a key that has fired cannot hit the slot's next tenant.
//! H4  No waker is called or dropped here: they are handed out.
//!
//! Four children a node: half the depth of two, and a node's children share a cache line or two.
//! Called by `time` and `reactor`, under the timers' lock. Next: `reactor`.

use std::task::Waker;
use std::time::Instant;

use slab::Slab;

const CHILDREN: usize = 4;

/// An empty heap keeps the memory of this many timers.
const KEEP: usize = 1024;

/// The timers that have not fired.
#[derive(Default)]
pub(crate) struct Timers {
    heap: Vec<Entry>,
    slots: Slab<Slot>,
    sequence: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    deadline: Instant,
    sequence: u64,
    slot: usize,
}

impl Entry {
    fn before(&self, other: &Self) -> bool {
        (self.deadline, self.sequence) < (other.deadline, other.sequence)
    }
}

struct Slot {
    waker: Waker,
    place: usize,
}

/// A timer, until it has fired or was removed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    slot: usize,
    sequence: u64,
}

impl Timers {
    pub(crate) const fn new() -> Self {
        Self { heap: Vec::new(), slots: Slab::new(), sequence: 0 }
    }

    /// Adds a timer.
    pub(crate) fn insert(&mut self, deadline: Instant, waker: Waker) -> Key {
        let (place, sequence) = (self.heap.len(), self.sequence);
        self.sequence += 1;
        let slot = self.slots.insert(Slot { waker, place });
        let entry = Entry { deadline, sequence, slot };
        self.heap.push(entry);
        self.rise(place, entry);
        Key { slot, sequence }
    }

    /// The waker of a timer that has not fired.
    pub(crate) fn waker(&mut self, key: Key) -> Option<&mut Waker> {
        self.slots
            .get_mut(key.slot)
            .filter(|slot| self.heap[slot.place].sequence == key.sequence) // H3
            .map(|slot| &mut slot.waker)
    }

    /// Takes a timer out, if it has not fired.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Waker> {
        self.waker(key)?;
        let Slot { waker, place } = self.slots.remove(key.slot);
        self.remove_entry(place);
        Some(waker)
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.deadline)
    }

    /// Takes out what is due, in the order of the deadlines. Answers how many that were.
    pub(crate) fn fire(&mut self, now: Instant, woken: &mut Vec<Waker>) -> usize {
        let before = woken.len();
        while let Some(&Entry { deadline, slot, .. }) = self.heap.first()
            && deadline <= now
        {
            woken.push(self.slots.remove(slot).waker);
            self.remove_entry(0);
        }
        woken.len() - before
    }

    /// Closes the gap at `place` with the last entry, which finds its own place from there.
    fn remove_entry(&mut self, place: usize) {
        let Some(last) = self.heap.pop() else { return };
        if place < self.heap.len() {
            let place = self.sink(place, last);
            self.rise(place, last);
        } else if self.heap.is_empty() && self.heap.capacity() > KEEP {
            self.heap.shrink_to(KEEP);
            self.slots.shrink_to_fit();
        }
    }

    /// Puts an entry at `place`, or further up: those that it is before move down (H1).
    fn rise(&mut self, mut place: usize, entry: Entry) {
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if !entry.before(&self.heap[parent]) {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, entry);
    }

    /// Finds an entry's place at `place` or further down: those that are before it move up (H1).
    fn sink(&mut self, mut place: usize, entry: Entry) -> usize {
        loop {
            let first = place * CHILDREN + 1;
            let children = first..(first + CHILDREN).min(self.heap.len());
            let earlier =
                |one: usize, other: usize| if self.heap[other].before(&self.heap[one]) { other } else { one };
            match children.reduce(earlier) {
                Some(least) if self.heap[least].before(&entry) => {
                    self.put(place, self.heap[least]);
                    place = least;
                }
                _ => return place,
            }
        }
    }

    /// H2.
    fn put(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        self.slots[entry.slot].place = place;
    }

    #[cfg(test)]
    fn check(&self) {
        assert_eq!(self.heap.len(), self.slots.len());
        for (place, entry) in self.heap.iter().enumerate() {
            assert_eq!(self.slots[entry.slot].place, place, "H2");
            assert!(place == 0 || !entry.before(&self.heap[(place - 1) / CHILDREN]), "H1");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        #[test]
        fn agrees_with_a_sorted_list(
            steps in prop::collection::vec((0_u8..4, 0_u64..50, any::<prop::sample::Index>()), 1..200)
        ) {
            let start = Instant::now();
            let mut timers = Timers::new();
            let mut model: Vec<(u64, u64, Key)> = Vec::new();
            for (step, (kind, number, which)) in steps.into_iter().enumerate() {
                match kind {
                    0 | 1 => {
                        let deadline = start + Duration::from_secs(number);
                        let key = timers.insert(deadline, Waker::noop().clone());
                        model.push((number, step as u64, key));
                    }
                    2 if !model.is_empty() => {
                        let (.., key) = model.remove(which.index(model.len()));
                        prop_assert!(timers.remove(key).is_some());
                        prop_assert!(timers.remove(key).is_none(), "a key is good once");
                    }
                    _ => {
                        let fired = timers.fire(start + Duration::from_secs(number), &mut Vec::new());
                        let due = model.extract_if(.., |timer| timer.0 <= number);
                        prop_assert_eq!(fired, due.count());
                    }
                }
                timers.check();
                let next = model.iter().map(|timer| timer.0).min();
                prop_assert_eq!(timers.next(), next.map(|next| start + Duration::from_secs(next)));
            }
        }
    }
}
