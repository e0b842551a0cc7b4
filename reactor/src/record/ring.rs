//! One thread's last events, which other threads may read while it goes on.
//!
//! A recording must not slow down what it records: no lock, no allocation, no system call for an event. A
//! list that grows allocates, and a queue that is full makes its writer wait. So each thread has a ring of a
//! fixed size, and writes over its oldest events.
//!
//! ```text
//!   slots  [ 8 ][ 9 ][ 10 ][ 3 ][ 4 ][ 5 ][ 6 ][ 7 ]     11 were pushed, 0 to 10: 0, 1 and 2 are lost
//!                            ▲
//!                        head = 11: push 11 may be writing over slot 3, so a reader discards its copy
//! ```
//!
//! A slot is two words: a time stamp, and a kind with an argument and an id. An event with a value or a text
//! takes further slots, of the kinds `More` and `Text`. Their first word is part of the value or the text, not
//! a time.
//!
//! - [ring-owner]  Only the thread that owns the ring pushes. A ring changes its owner under the registry's lock.
//! - G1  A reader copies slots that the owner may be writing over. Slot `n` is written over by push `n + size`,
//!   which begins after `head` has become `n + size`. So a copy of slot `n` is whole if `head`, read after
//!   the copy, is less than `n + size`. Other copies are discarded. The first word of the last slot may also be
//!   replaced, in the same round: a copy of it has the old value or the new one.
//! - G2  A slot is written before `head` counts it.
//!
//! Called by `record`; read by `recording`. Next: `stamp`.

#![allow(unsafe_code, reason = "a ring begins as zeros, whose memory costs nothing until it is used")]

use crate::shim::atomic::{AtomicU64, Ordering};
use crate::shim::{fault, fence};

/// Bits of an id: as many as the addresses of a program have.
const ID_BITS: u32 = 48;
/// Bits of an argument.
const ARGUMENT_BITS: u32 = 8;

/// A thread's last events.
pub(super) struct Ring {
    /// Their number is a power of two.
    slots: Box<[Words]>,
    /// How many slots were ever pushed.
    head: AtomicU64,
}

#[derive(Default)]
struct Words {
    time: AtomicU64,
    what: AtomicU64,
}

/// A slot, as it is pushed and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// A time stamp, or what `More` and `Text` carry.
    pub(super) time: u64,
    pub(super) kind: u8,
    pub(super) argument: u8,
    /// An address, or another number of at most 48 bits.
    pub(super) id: u64,
}

impl Slot {
    fn to_word(self) -> u64 {
        let id = self.id & ((1 << ID_BITS) - 1);
        u64::from(self.kind) << (ID_BITS + ARGUMENT_BITS) | u64::from(self.argument) << ID_BITS | id
    }

    fn from_words(time: u64, what: u64) -> Self {
        let [kind, argument, ..] = what.to_be_bytes();
        Self { time, kind, argument, id: what & ((1 << ID_BITS) - 1) }
    }
}

impl Ring {
    /// A ring for at least this many slots.
    pub(super) fn new(slots: usize) -> Self {
        Self { slots: empty(slots.next_power_of_two()), head: AtomicU64::new(0) }
    }

    /// The number of slots.
    pub(super) fn size(&self) -> usize {
        self.slots.len()
    }

    /// How many slots were ever pushed.
    pub(super) fn head(&self) -> u64 {
        // ORDERING[ring]: Acquire; pairs with the Release of `push`: the slots before it are whole.
        self.head.load(Ordering::Acquire)
    }

    /// Pushes a slot [ring-owner].
    #[inline]
    pub(super) fn push(&self, slot: Slot) {
        // ORDERING: Relaxed; only this thread writes it [ring-owner].
        let head = self.head.load(Ordering::Relaxed);
        let words = &self.slots[self.index(head)];
        if fault("slot_counted_too_early") {
            // ORDERING: Relaxed; it is stored again below.
            self.head.store(head + 1, Ordering::Relaxed);
        }
        // ORDERING[ring-reuse]: Release, twice; pairs with the fence of `read`: a reader that sees one of these
        // words sees that `head` has come this far (G1).
        words.time.store(slot.time, Ordering::Release);
        words.what.store(slot.to_word(), Ordering::Release);
        // ORDERING[ring]: Release publishes the slot (G2); pairs with the Acquire of `head`.
        self.head.store(head + 1, Ordering::Release);
    }

    /// The slot that was pushed `back` slots ago, 1 for the last one [ring-owner]. All zero if there is none.
    #[inline]
    pub(super) fn before(&self, back: u64) -> Slot {
        // ORDERING: Relaxed, three times; only this thread writes them [ring-owner].
        let head = self.head.load(Ordering::Relaxed);
        let words = &self.slots[self.index(head.wrapping_sub(back))];
        Slot::from_words(words.time.load(Ordering::Relaxed), words.what.load(Ordering::Relaxed))
    }

    /// Replaces the first word of the slot that was pushed last [ring-owner]. A reader gets the old one or the new
    /// one.
    pub(super) fn set_time_of_last(&self, time: u64) {
        // ORDERING: Relaxed; only this thread writes it [ring-owner].
        let head = self.head.load(Ordering::Relaxed);
        let words = &self.slots[self.index(head.wrapping_sub(1))];
        // ORDERING[ring-reuse]: Release; as in `push`.
        words.time.store(time, Ordering::Release);
    }

    /// Copies the slots from number `from` up to number `to`, without those that may have been written over.
    /// Returns the number of the first copy, and the copies. `to` is at most `head`.
    pub(super) fn read(&self, from: u64, to: u64) -> (u64, Vec<Slot>) {
        let oldest = to.saturating_sub(self.size() as u64);
        let from = from.max(oldest).min(to);
        let copy = |number: u64| {
            let words = &self.slots[self.index(number)];
            // ORDERING: Relaxed, twice; the fence below decides which copies count.
            Slot::from_words(words.time.load(Ordering::Relaxed), words.what.load(Ordering::Relaxed))
        };
        let mut slots: Vec<Slot> = (from..to).map(copy).collect();
        // ORDERING[ring-reuse]: Acquire fence; pairs with the Release of `push`: if a copy has a word of a later
        // push, the load below returns at least the number of that push (G1).
        fence(Ordering::Acquire);
        // ORDERING: Relaxed; ordered by the fence.
        let head = self.head.load(Ordering::Relaxed);
        // Push number `head` may be under way: it writes over the slot one round before it.
        let whole = (head + 1).saturating_sub(self.size() as u64);
        let torn = if fault("torn_slots_kept") { 0 } else { whole.saturating_sub(from) };
        slots.drain(..slots.len().min(usize::try_from(torn).unwrap_or(usize::MAX)));
        (to.min(from + torn), slots)
    }

    fn index(&self, number: u64) -> usize {
        // The cast keeps the low bits, which is all that the mask leaves.
        number as usize & (self.slots.len() - 1)
    }
}

/// Slots that are all zero. The system gives their memory when they are first written to.
#[cfg(not(loom))]
fn empty(slots: usize) -> Box<[Words]> {
    let zeroed = Box::<[Words]>::new_zeroed_slice(slots);
    // SAFETY: `Words` is two atomic integers, which may be zero.
    unsafe { zeroed.assume_init() }
}

#[cfg(loom)]
fn empty(slots: usize) -> Box<[Words]> {
    (0..slots).map(|_| Words::default()).collect()
}

#[cfg(all(test, loom))]
mod model;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn slot(number: u64) -> Slot {
        Slot { time: number, kind: number as u8, argument: 7, id: number }
    }

    #[test]
    fn a_slot_keeps_what_it_was_given() {
        let given = Slot { time: u64::MAX, kind: 255, argument: 254, id: (1 << ID_BITS) - 1 };
        assert_eq!(Slot::from_words(given.time, given.to_word()), given);
    }

    /// Of what was pushed the last round is read, but for the slot that the next push would write over.
    #[test]
    fn it_keeps_the_last_round() {
        let ring = Ring::new(8);
        for number in 0..8000 {
            ring.push(slot(number));
        }
        assert_eq!(ring.read(0, ring.head()), (7993, (7993..8000).map(slot).collect()));
        assert_eq!(ring.read(7998, ring.head()), (7998, vec![slot(7998), slot(7999)]));
        assert_eq!(ring.read(8000, ring.head()), (8000, vec![]));
    }

    #[test]
    fn a_ring_that_is_not_full_is_read_from_its_beginning() {
        let ring = Ring::new(8);
        (0..5).for_each(|number| ring.push(slot(number)));
        assert_eq!(ring.read(0, ring.head()), (0, (0..5).map(slot).collect()));
    }

    /// While the owner goes round and round, a reader gets whole slots in their order.
    #[test]
    fn slots_that_are_read_meanwhile_are_whole() {
        let ring = Ring::new(64);
        std::thread::scope(|scope| {
            let owner = scope.spawn(|| (0..500_000).for_each(|number| ring.push(slot(number))));
            while !owner.is_finished() {
                let (from, slots) = ring.read(0, ring.head());
                for (number, read) in (from..).zip(slots) {
                    assert_eq!(read, slot(number));
                }
            }
        });
    }
}
