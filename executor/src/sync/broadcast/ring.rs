//! The ring: a queue of the values that some receiver has not read, and each step that changes it.
//!
//! A step moves receivers, counts, values and weights together. If the ends changed them one by one, each would have
//! to know all of the rules. So the rules of the counts are kept here, and the ends only call and wake.
//!
//! ```text
//!   push ─────▶ a slot behind the last: all that are at the tail will read it next
//!   look ─────▶ one slot on: readers -1 here, +1 there
//!   evict ────▶ the front slot goes, and its readers are counted at the next
//!   leave ────▶ readers -1, and the front slots without readers go
//! ```
//!
//! What is taken out is returned: the caller drops it after it has released the lock [no-user-code].
//!
//! Called by the other files of `broadcast`. Next: `receiver`.

use std::collections::VecDeque;
use std::iter;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use reactor::shim::{self, fault};
use reactor::trim::{KEEP, Trim};
use reactor::wait_list::WaitList;

pub(super) struct State<T> {
    pub(super) capacity: usize,
    pub(super) max_weight: u64,
    /// The weight of all values that were ever sent; it wraps around.
    pub(super) sent_weight: u64,
    pub(super) slots: VecDeque<Slot<T>>,
    /// The position of the front slot.
    pub(super) head: u64,
    /// Receivers that have read everything.
    pub(super) at_tail: usize,
    pub(super) receivers: usize,
    pub(super) senders: usize,
    /// The receivers that have read everything and wait.
    pub(super) waiters: WaitList,
    /// The senders that wait for the drop of the last receiver.
    pub(super) closing: WaitList,
}

pub(super) struct Slot<T> {
    value: Arc<T>,
    /// The receivers that will read this value next.
    readers: usize,
    /// The weight of all values that were sent before this one.
    weight_before: u64,
}

/// What a receiver finds in the channel.
pub(super) enum Look<T> {
    Value(Arc<T>),
    Lagged(u64),
    Empty,
    Closed,
}

impl<T> State<T> {
    pub(super) fn tail(&self) -> u64 {
        self.head + self.slots.len() as u64
    }

    /// The number of the receivers at a position, which is not before `head` [readers-add-up].
    fn readers_at(&mut self, position: u64) -> &mut usize {
        // An index that does not fit a usize is past every slot.
        let index = usize::try_from(position - self.head).unwrap_or(usize::MAX);
        match self.slots.get_mut(index) {
            Some(slot) => &mut slot.readers,
            None => &mut self.at_tail,
        }
    }

    /// The weight of the kept values from a position on [weight-is-difference].
    pub(super) fn weight_from(&self, position: u64) -> u64 {
        let index = usize::try_from(position.saturating_sub(self.head)).unwrap_or(usize::MAX);
        self.slots.get(index).map_or(0, |slot| self.sent_weight.wrapping_sub(slot.weight_before))
    }

    /// Appends a value. Returns the value that it replaces in a full channel; the caller drops it after
    /// unlocking.
    pub(super) fn push(&mut self, value: T, weight: u64) -> Option<Slot<T>> {
        let evicted = if self.slots.len() == self.capacity { self.evict() } else { None };
        let readers = mem::take(&mut self.at_tail);
        self.slots.push_back(Slot { value: Arc::new(value), readers, weight_before: self.sent_weight });
        self.sent_weight = self.sent_weight.wrapping_add(weight);
        evicted
    }

    /// Takes the front slot out, although it has readers.
    fn evict(&mut self) -> Option<Slot<T>> {
        let evicted = self.slots.pop_front()?;
        self.head += 1;
        if !fault("evicted_readers_forgotten") {
            *self.readers_at(self.head) += evicted.readers; // [counted-at-head]
        }
        Some(evicted)
    }

    /// Takes slots out at the front until the rest weighs at most `max_weight`, or only `keep` slots are left.
    /// The caller drops them after unlocking.
    pub(super) fn evict_weight(&mut self, max_weight: u64, keep: usize) -> Vec<Slot<T>> {
        iter::from_fn(|| {
            let too_heavy = self.slots.len() > keep && self.weight_from(self.head) > max_weight;
            if too_heavy { self.evict() } else { None }
        })
        .collect()
    }

    /// Reads the value at position `next`, and moves `next` on.
    pub(super) fn look(&mut self, next: &mut u64) -> Look<T> {
        if *next < self.head {
            let missed = self.head - *next;
            *next = self.head;
            return Look::Lagged(missed);
        }
        let index = usize::try_from(*next - self.head).unwrap_or(usize::MAX);
        let Some(slot) = self.slots.get_mut(index) else {
            return match self.senders {
                0 => Look::Closed,
                _ => Look::Empty,
            };
        };
        slot.readers -= 1;
        let last = index == 0 && slot.readers == 0;
        let value = Arc::clone(&slot.value);
        *next += 1;
        *self.readers_at(*next) += 1;
        if last {
            // It has no readers left [front-has-readers]. `value` holds the Arc too, so this drops no value.
            self.slots.pop_front();
            self.head += 1;
            self.give_memory_back();
        }
        Look::Value(value)
    }

    /// Adds a receiver. Returns its position.
    pub(super) fn join(&mut self) -> u64 {
        self.receivers += 1;
        self.at_tail += 1;
        self.tail()
    }

    /// Where to wait for the drop of the last receiver; `None` if no receiver is left.
    pub(super) fn closing(&mut self) -> Option<&mut WaitList> {
        if self.receivers == 0 { None } else { Some(&mut self.closing) }
    }

    /// Removes a receiver. Returns the slots that were kept only for it; the caller drops them after unlocking. The
    /// wakers of those who wait for the last receiver's drop are appended to `woken`.
    pub(super) fn leave(&mut self, next: u64, woken: &mut Vec<Waker>) -> Vec<Slot<T>> {
        self.receivers -= 1;
        if self.receivers == 0 && !fault("last_receiver_is_silent") {
            self.closing.drain(woken); // [all-wakers-taken]
        }
        *self.readers_at(next.max(self.head)) -= 1;
        let first_unread = self.slots.iter().position(|slot| slot.readers > 0 || fault("leaver_keeps"));
        let unneeded = first_unread.unwrap_or(self.slots.len());
        self.head += unneeded as u64;
        let unneeded = self.slots.drain(..unneeded).collect();
        self.give_memory_back();
        unneeded
    }

    fn give_memory_back(&mut self) {
        let keep = if self.receivers == 0 { 0 } else { KEEP };
        self.slots.trim(keep);
    }
}

/// Identifies a channel in a recording.
pub(super) fn id<T>(shared: &Arc<shim::Mutex<State<T>>>) -> usize {
    Arc::as_ptr(shared).addr()
}
