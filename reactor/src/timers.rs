//! The timers that have not fired: a heap of those that are due soon, and a wheel of buckets for the rest.
//!
//! A program that sets a timeout for each request adds and cancels many timers, and few of them fire. A heap
//! of all timers would make each of these steps cost more the more timers there are, and a wheel alone would
//! not fire them in the order of their deadlines. So most timers wait in the wheel, unordered, and only those
//! that are due soon are put in order.
//!
//! Time is counted in ticks of about a millisecond, 2^20 ns. `tick` is how far the wheel has been cascaded.
//! It and the tick of a deadline are compared digit by digit, in base 64.
//!
//! ```text
//!   near     a heap, the next deadline on top               ticks up to `tick`
//!   level 0    [ ][ ][ ] .. 64 buckets of one tick            later ones: the last digit differs from `tick`'s
//!   level 1    [ ][ ][ ] .. 64 buckets of 64 ticks            the last digit but one
//!   ..                                                      and so on
//!
//!   cascade     the timers of the first bucket in use ──▶ near, or a lower level; `tick` = its first tick
//! ```
//!
//! One worked number: `tick` is 0, and a timer is due in 5 s. That is tick 4768 = 1·64² + 10·64 + 32, so its
//! digits are 1, 10, 32. The highest digit that differs from `tick`'s is the third: level 2, bucket 1. When
//! the earliest timer of that bucket is due, `tick` becomes 1, 0, 0, and ours moves to level 1, bucket 10.
//! The next cascade makes `tick` 1, 10, 0, and the timer moves to level 0, bucket 32. The last one makes
//! `tick` 1, 10, 32, and the timer moves to the heap, which fires it at its deadline.
//!
//! Adding or cancelling a timer in a bucket costs the same however many timers there are, and most are
//! cancelled there. Cascading costs one move for each timer of the bucket. A timer is moved once per level at
//! most, but a full bucket moves all of its timers in one call.
//!
//! - H1  `slots[entry.slot].place` is where the entry stands, after every move: cancelling finds it at once.
//! - H2  A sequence number is never given twice, so the key of a timer that has fired does not match the timer
//!   that reuses its slot.
//! - H3  No waker is called or dropped here: they are returned to the caller.
//! - H4  An entry is near if its tick is at most `tick`. Else its level is the highest digit in which the two
//!   differ, and its bucket is that digit. `tick` moves by cascading only, and never past the clock.
//!
//! Such wheels are from Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987).
//! Called by `clock`, under its lock. Next: `clock`.

use std::mem;
use std::task::Waker;

use slab::Slab;

use crate::heap::Heap;
use crate::record::{Kind, note, record_due, record_value};

/// A tick is 2 to this power nanoseconds: about a millisecond.
const TICK_BITS: u32 = 20;
/// The bits of one digit of a tick. Fewer in loom's models, whose threads have small stacks.
const DIGIT_BITS: u32 = if cfg!(loom) { 3 } else { 6 };
/// The values of a digit.
const BUCKETS: usize = 1 << DIGIT_BITS;
/// The number of digits that hold every tick.
const LEVELS: usize = (u64::BITS - TICK_BITS).div_ceil(DIGIT_BITS) as usize;

/// The heap, where a bucket's number is expected.
pub(crate) const HEAP: usize = LEVELS * BUCKETS;
/// Without timers the slots keep the memory of this many.
const KEEP: usize = 64;
/// A bucket whose capacity is at most four times this gives no memory back.
const SPARE: usize = 4;

/// Nanoseconds since the clock's first reading.
pub(crate) type Moment = u64;

/// The timers that have not fired.
pub(crate) struct Timers {
    pub(crate) near: Heap<Entry>,
    pub(crate) wheel: [Bucket; LEVELS * BUCKETS],
    /// A word for each level, with a bit for each bucket that is not empty.
    occupied: [u64; LEVELS],
    /// How far the buckets have been cascaded (H4).
    tick: u64,
    pub(crate) slots: Slab<Slot>,
    sequence: u64,
}

/// Some timers of the same level and digit, in no order.
pub(crate) struct Bucket {
    pub(crate) entries: Vec<Entry>,
    /// None of them is before this.
    earliest: Moment,
}

/// In the order in which they fire: at equal deadlines the older one comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) deadline: Moment,
    pub(crate) sequence: u64,
    slot: usize,
}

pub(crate) struct Slot {
    pub(crate) waker: Waker,
    /// The bucket's number, and the index there.
    pub(crate) place: (usize, usize),
}

/// A timer, until it has fired or was removed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    slot: usize,
    /// Identifies the timer in a recording.
    pub(crate) sequence: u64,
}

impl Timers {
    pub(crate) const fn new() -> Self {
        Self {
            near: Heap::new(),
            wheel: [const { Bucket { entries: Vec::new(), earliest: 0 } }; LEVELS * BUCKETS],
            occupied: [0; LEVELS],
            tick: 0,
            slots: Slab::new(),
            sequence: 0,
        }
    }

    /// Adds a timer.
    pub(crate) fn insert(&mut self, deadline: Moment, waker: Waker) -> Key {
        let sequence = self.sequence;
        self.sequence += 1;
        let slot = self.slots.insert(Slot { waker, place: (HEAP, 0) });
        self.place(Entry { deadline, sequence, slot });
        Key { slot, sequence }
    }

    /// The waker of a timer that has not fired.
    pub(crate) fn waker(&mut self, key: Key) -> Option<&mut Waker> {
        let slot = self.slots.get_mut(key.slot)?;
        let (bucket, index) = slot.place;
        let entries = if bucket == HEAP { self.near.as_slice() } else { &self.wheel[bucket].entries };
        (entries[index].sequence == key.sequence).then_some(&mut slot.waker) // H2
    }

    /// Takes a timer out, if it has not fired.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Waker> {
        self.waker(key)?;
        note(Kind::TimerCancelled, 0, key.sequence as usize);
        let Slot { waker, place: (bucket, index) } = self.slots.remove(key.slot);
        if bucket == HEAP {
            self.remove_near(index);
        } else {
            self.remove_far(bucket, index);
        }
        self.give_memory_back();
        Some(waker)
    }

    /// When to look again: the next deadline, or a moment before it.
    pub(crate) fn next(&self) -> Option<Moment> {
        let near = self.near.as_slice().first().map(|entry| entry.deadline);
        near.or_else(|| self.first_bucket().map(|bucket| self.wheel[bucket].earliest)) // H4
    }

    /// Takes out the timers that are due, in the order of their deadlines. Returns how many there were.
    pub(crate) fn fire(&mut self, now: Moment, woken: &mut Vec<Waker>) -> usize {
        let before = woken.len();
        loop {
            while let Some(&Entry { deadline, slot, sequence }) = self.near.as_slice().first()
                && deadline <= now
            {
                woken.push(self.slots.remove(slot).waker);
                record_value(Kind::TimerFired, 0, sequence as usize, now - deadline);
                record_due(&woken[woken.len() - 1..]);
                self.remove_near(0);
                self.give_memory_back();
            }
            match self.first_bucket() {
                Some(bucket) if self.wheel[bucket].earliest <= now => self.cascade(bucket),
                _ => break,
            }
        }
        woken.len() - before
    }

    /// The bucket with the timers that come after the near ones (H4).
    fn first_bucket(&self) -> Option<usize> {
        let level = self.occupied.iter().position(|&level| level != 0)?;
        Some(level * BUCKETS + self.occupied[level].trailing_zeros() as usize)
    }

    /// Advances `tick` to the bucket's first tick, and moves its timers to the heap or to a lower level.
    fn cascade(&mut self, bucket: usize) {
        let (level, digit) = (bucket / BUCKETS, bucket % BUCKETS);
        let shift = level as u32 * DIGIT_BITS;
        self.tick = ((self.tick >> (shift + DIGIT_BITS) << DIGIT_BITS) | digit as u64) << shift;
        self.occupied[level] &= !(1 << digit);
        for entry in mem::take(&mut self.wheel[bucket].entries) {
            self.place(entry);
        }
    }

    /// Puts an entry where it belongs (H4).
    fn place(&mut self, entry: Entry) {
        let tick = entry.deadline >> TICK_BITS;
        if tick <= self.tick {
            self.near.push(entry, |entry, index| self.slots[entry.slot].place = (HEAP, index)); // H1
            return;
        }
        let level = (tick ^ self.tick).ilog2() / DIGIT_BITS;
        let digit = (tick >> (level * DIGIT_BITS)) as usize % BUCKETS;
        self.occupied[level as usize] |= 1 << digit;
        let number = level as usize * BUCKETS + digit;
        let bucket = &mut self.wheel[number];
        let empty = bucket.entries.is_empty();
        bucket.earliest = if empty { entry.deadline } else { bucket.earliest.min(entry.deadline) };
        self.slots[entry.slot].place = (number, bucket.entries.len()); // H1
        bucket.entries.push(entry);
    }

    /// Closes the gap with the bucket's last entry.
    fn remove_far(&mut self, bucket: usize, index: usize) {
        let entries = &mut self.wheel[bucket].entries;
        entries.swap_remove(index);
        if let Some(moved) = entries.get(index) {
            self.slots[moved.slot].place = (bucket, index); // H1
        }
        if entries.is_empty() {
            self.occupied[bucket / BUCKETS] &= !(1 << (bucket % BUCKETS));
        }
        if entries.capacity() > 4 * entries.len().max(SPARE) {
            entries.shrink_to(2 * entries.len());
        }
    }

    /// Takes an entry out of the heap.
    fn remove_near(&mut self, index: usize) {
        self.near.remove(index, |entry, index| self.slots[entry.slot].place = (HEAP, index)); // H1
    }

    /// A slot cannot move, so only those behind the last one in use are freed. That costs a walk through them,
    /// so it is done each time the timers have halved. New timers then take the first slots; but a timer that
    /// was added at the height of a burst keeps the burst's slots until it has gone.
    fn give_memory_back(&mut self) {
        let (count, capacity) = (self.slots.len(), self.slots.capacity());
        if capacity > KEEP.max(4 * count) && (count == 0 || count.is_power_of_two()) {
            self.slots.shrink_to_fit();
        }
    }

    #[cfg(test)]
    fn check(&self) {
        self.near.check();
        for (index, entry) in self.near.as_slice().iter().enumerate() {
            assert_eq!(self.slots[entry.slot].place, (HEAP, index), "H1");
            assert!(entry.deadline >> TICK_BITS <= self.tick, "H4");
        }
        let mut count = self.near.as_slice().len();
        for (number, bucket) in self.wheel.iter().enumerate() {
            let (level, digit) = (number / BUCKETS, number % BUCKETS);
            assert_eq!(self.occupied[level] >> digit & 1 == 0, bucket.entries.is_empty());
            count += bucket.entries.len();
            for (index, entry) in bucket.entries.iter().enumerate() {
                let tick = entry.deadline >> TICK_BITS;
                assert!(bucket.earliest <= entry.deadline);
                assert_eq!(self.slots[entry.slot].place, (number, index), "H1");
                assert!(tick > self.tick, "H4");
                assert_eq!((tick ^ self.tick).ilog2() / DIGIT_BITS, level as u32, "H4");
                assert_eq!((tick >> (level as u32 * DIGIT_BITS)) as usize % BUCKETS, digit, "H4");
            }
        }
        assert_eq!(count, self.slots.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::{Arc, Mutex};
    use std::task::Wake;

    /// Writes its number down when it is woken.
    struct Note(usize, Arc<Mutex<Vec<usize>>>);

    impl Wake for Note {
        fn wake(self: Arc<Self>) {
            self.1.lock().expect("no test panics here").push(self.0);
        }
    }

    /// Moments of all magnitudes: some share a tick, some are centuries apart.
    fn moment() -> impl Strategy<Value = Moment> {
        (0_u32..64, any::<u64>()).prop_map(|(bits, random)| random >> bits)
    }

    /// Timers of all magnitudes, all but one cancelled: what is left is room for a few.
    #[test]
    fn what_is_cancelled_gives_its_memory_back() {
        let mut timers = Timers::new();
        for far in 0..40 {
            let deadline = |step: u64| (step % 7 + 1) << (TICK_BITS + far);
            let survivor = timers.insert(deadline(0), Waker::noop().clone());
            let keys: Vec<_> =
                (0..10_000).map(|step| timers.insert(deadline(step), Waker::noop().clone())).collect();
            for key in keys {
                assert!(timers.remove(key).is_some());
            }
            let room = timers.wheel.iter().map(|bucket| bucket.entries.capacity()).max();
            assert!(room <= Some(4 * SPARE), "room for {room:?} in a bucket");
            assert!(timers.remove(survivor).is_some());
            assert!(timers.slots.capacity() <= KEEP, "room for {} in the slots", timers.slots.capacity());
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_sorted_list(
            steps in prop::collection::vec((0_u8..5, moment(), any::<prop::sample::Index>()), 1..200)
        ) {
            let woken = Arc::new(Mutex::new(Vec::new()));
            let mut timers = Timers::new();
            let mut model: Vec<(Moment, usize, Key)> = Vec::new();
            let mut now: Moment = 0;
            for (step, (kind, number, which)) in steps.into_iter().enumerate() {
                match kind {
                    0..3 => {
                        let deadline = now.saturating_add(number);
                        let waker = Waker::from(Arc::new(Note(step, Arc::clone(&woken))));
                        model.push((deadline, step, timers.insert(deadline, waker)));
                    }
                    3 if !model.is_empty() => {
                        let (.., key) = model.remove(which.index(model.len()));
                        prop_assert!(timers.remove(key).is_some());
                        prop_assert!(timers.remove(key).is_none(), "a key is good once");
                    }
                    _ => {
                        now = now.saturating_add(number);
                        let mut wakers = Vec::new();
                        let fired = timers.fire(now, &mut wakers);
                        prop_assert_eq!(fired, wakers.len());
                        wakers.into_iter().for_each(Waker::wake);
                        let mut due: Vec<_> = model.extract_if(.., |timer| timer.0 <= now).collect();
                        due.sort_by_key(|&(deadline, step, _)| (deadline, step));
                        let steps: Vec<_> = due.into_iter().map(|(_, step, _)| step).collect();
                        prop_assert_eq!(std::mem::take(&mut *woken.lock().expect("no test panics here")), steps);
                    }
                }
                timers.check();
                // The next look is not too late, and a few early ones lead to the deadline.
                let next = model.iter().map(|timer| timer.0).min();
                for _ in 0..=LEVELS {
                    if timers.next() == next {
                        break;
                    }
                    let early = timers.next().expect("there is a deadline");
                    prop_assert!(early < next.expect("there is a deadline"));
                    prop_assert_eq!(timers.fire(early, &mut Vec::new()), 0);
                    now = now.max(early);
                }
                prop_assert_eq!(timers.next(), next);
            }
        }
    }
}
