//! A readiness word, and a list of deadlines.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub, to be mended and filled in")]

use std::sync::atomic::{AtomicU64, Ordering};

/// Exercise 1. Whether a direction is ready, as far as we know. It is a flag only, and loses an event that
/// comes between an attempt and its clearing. Mend it.
pub struct Readiness(AtomicU64);

const READY: u64 = 1;

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

    /// The attempt that was made after `seen` would block.
    pub fn clear(&self, seen: u64) {
        // ORDERING: Relaxed; nothing is published by saying that there is nothing.
        self.0.store(0, Ordering::Relaxed);
    }

    /// The system reports a change.
    pub fn event(&self) {
        // ORDERING[readiness]: Release publishes the event; pairs with the Acquire of `ready`.
        self.0.store(READY, Ordering::Release);
    }
}

/// A timer that has not fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    deadline: u64,
    sequence: u64,
}

/// Exercise 2. The deadlines, each with a name.
#[derive(Default)]
pub struct Timers {
    // What do you keep here?
}

impl Timers {
    /// Adds a timer.
    pub fn insert(&mut self, deadline: u64, name: &'static str) -> Key {
        todo!("exercise 2: equal deadlines fire in the order in which they were made")
    }

    /// Takes a timer out; `None` if it has fired, or was cancelled. Nothing of it stays.
    pub fn cancel(&mut self, key: Key) -> Option<&'static str> {
        todo!("exercise 2")
    }

    /// Takes out all that are due, the earliest first.
    pub fn fire(&mut self, now: u64) -> Vec<&'static str> {
        todo!("exercise 2")
    }

    /// When to wake up next.
    pub fn next(&self) -> Option<u64> {
        todo!("exercise 2")
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        todo!("exercise 2")
    }
}
