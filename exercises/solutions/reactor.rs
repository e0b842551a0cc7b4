//! A readiness word, and a list of deadlines. One solution.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whether a direction is ready, and above that how many events there were.
pub struct Readiness(AtomicU64);

const READY: u64 = 1;
const GENERATION: u64 = 2;

impl Readiness {
    /// To be tried at once.
    pub fn new() -> Readiness {
        Readiness(AtomicU64::new(READY))
    }

    /// What is to be handed to `clear` if the attempt would block; `None` if it is not ready.
    pub fn ready(&self) -> Option<u64> {
        // ORDERING[readiness]: Acquire; pairs with the Release of `event`.
        let seen = self.0.load(Ordering::Acquire);
        (seen & READY != 0).then_some(seen)
    }

    /// If it fails there was an event since: it stays.
    pub fn clear(&self, seen: u64) {
        // ORDERING: Relaxed; nothing is published by saying that there is nothing.
        let _ = self.0.compare_exchange(seen, seen & !READY, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The system reports a change.
    pub fn event(&self) {
        let next = |state: u64| Some(state.wrapping_add(GENERATION) | READY);
        // ORDERING[readiness]: Release publishes the event; pairs with the Acquire of `ready`.
        let _ = self.0.fetch_update(Ordering::Release, Ordering::Relaxed, next);
    }
}

/// A timer that has not fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    deadline: u64,
    sequence: u64,
}

/// The deadlines in their order, each with a name. A sequence number is never given twice.
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

    /// Takes a timer out; `None` if it has fired, or was cancelled.
    pub fn cancel(&mut self, key: Key) -> Option<&'static str> {
        self.by_key.remove(&key)
    }

    /// Takes out all that are due, the earliest first.
    pub fn fire(&mut self, now: u64) -> Vec<&'static str> {
        let mut due = Vec::new();
        while let Some(first) = self.by_key.first_entry()
            && first.key().deadline <= now
        {
            due.push(first.remove());
        }
        due
    }

    /// When to wake up next.
    pub fn next(&self) -> Option<u64> {
        self.by_key.first_key_value().map(|(key, _)| key.deadline)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }
}
