//! A readiness word, and a set of timers.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub for the reader to fix and fill in")]

use std::sync::atomic::{AtomicU64, Ordering};

/// Exercise 1. Whether a direction (reading or writing) may be ready. It is only a flag, and loses an event
/// that comes between an attempt and the `clear` that follows it. Fix it.
pub struct Readiness(AtomicU64);

const READY: u64 = 1;

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

    /// Called when the attempt made after `ready` returned `seen` would have blocked.
    pub fn clear(&self, seen: u64) {
        // ORDERING: Relaxed; clearing the flag publishes nothing.
        self.0.store(0, Ordering::Relaxed);
    }

    /// Called when the system reports an event.
    pub fn event(&self) {
        // ORDERING[readiness]: Release publishes the event; pairs with the Acquire of `ready`.
        self.0.store(READY, Ordering::Release);
    }
}

/// The key of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    deadline: u64,
    sequence: u64,
}

/// Exercise 2. Timers, each with a name.
#[derive(Default)]
pub struct Timers {
    // What do you keep here?
}

impl Timers {
    /// Adds a timer.
    pub fn insert(&mut self, deadline: u64, name: &'static str) -> Key {
        todo!("exercise 2: timers with equal deadlines fire in the order in which they were made")
    }

    /// Removes a timer, and leaves nothing behind. Returns `None` if it has fired or was cancelled before.
    pub fn cancel(&mut self, key: Key) -> Option<&'static str> {
        todo!("exercise 2")
    }

    /// Removes and returns all timers that are due, the earliest first.
    pub fn fire(&mut self, now: u64) -> Vec<&'static str> {
        todo!("exercise 2")
    }

    /// Returns the earliest deadline.
    pub fn next(&self) -> Option<u64> {
        todo!("exercise 2")
    }

    /// Returns the number of timers.
    pub fn len(&self) -> usize {
        todo!("exercise 2")
    }
}
