//! A readiness word, and a set of timers. One solution.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whether a direction may be ready, and, in the higher bits, a count of the events.
pub struct Readiness(AtomicU64);

const READY: u64 = 1;
const GENERATION: u64 = 2;

impl Readiness {
    /// Starts as ready, so that the first operation is tried at once.
    pub fn new() -> Readiness {
        Readiness(AtomicU64::new(READY))
    }

    /// Returns the state to pass to `clear` if the attempt would block, or `None` if it is not ready.
    pub fn ready(&self) -> Option<u64> {
        // ORDERING[readiness]: Acquire; pairs with the Release of `event`.
        let seen = self.0.load(Ordering::Acquire);
        (seen & READY != 0).then_some(seen)
    }

    /// If the exchange fails, there was an event since, and the flag stays set.
    pub fn clear(&self, seen: u64) {
        // ORDERING: Relaxed; clearing the flag publishes nothing.
        let _ = self.0.compare_exchange(seen, seen & !READY, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Called when the system reports an event.
    pub fn event(&self) {
        let next = |state: u64| Some(state.wrapping_add(GENERATION) | READY);
        // ORDERING[readiness]: Release publishes the event; pairs with the Acquire of `ready`.
        let _ = self.0.fetch_update(Ordering::Release, Ordering::Relaxed, next);
    }
}

/// The key of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    deadline: u64,
    sequence: u64,
}

/// Timers in the order of their deadlines, each with a name. A sequence number is never used twice.
#[derive(Default)]
pub struct Timers {
    by_key: BTreeMap<Key, &'static str>,
    sequence: u64,
}

impl Timers {
    /// Adds a timer.
    pub fn insert(&mut self, deadline: u64, name: &'static str) -> Key {
        self.sequence += 1;
        let key = Key { deadline, sequence: self.sequence };
        self.by_key.insert(key, name);
        key
    }

    /// Removes a timer. Returns `None` if it has fired or was cancelled before.
    pub fn cancel(&mut self, key: Key) -> Option<&'static str> {
        self.by_key.remove(&key)
    }

    /// Removes and returns all timers that are due, the earliest first.
    pub fn fire(&mut self, now: u64) -> Vec<&'static str> {
        let mut due = Vec::new();
        while let Some(first) = self.by_key.first_entry()
            && first.key().deadline <= now
        {
            due.push(first.remove());
        }
        due
    }

    /// Returns the earliest deadline.
    pub fn next(&self) -> Option<u64> {
        self.by_key.first_key_value().map(|(key, _)| key.deadline)
    }

    /// Returns the number of timers.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }
}
