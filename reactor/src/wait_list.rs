//! A waiters of wakers, first come, first woken, kept under someone else's lock.
//!
//! ```text
//!   front ─▶ [ticket 7, waker] ⇄ [ticket 9, waker] ⇄ [ticket 12, waker] ◀─ back
//!     pop ◀── takes it out                                insert ──▶ joins
//! ```
//!
//! A waiter keeps the [`Key`] it got for joining. [`WaitList::pop`] forgets the entry, so a key that
//! is not in the waiters any more *is* the notice: whoever finds it gone has been woken. A lock or a
//! channel may read it as "the thing is yours"; whoever gives up must then pass it on.
//!
//! W1  Every entry is linked exactly once, and stands in the order in which it joined.
//! W2  A ticket is never given twice, so a stale key cannot hit the successor in its place.
//! W3  No method calls a waker or drops one: they are handed out, to be woken or dropped after the
//!     owner's lock has been released. (A waker may be cloned here.)
//! W4  At a steady depth nothing is allocated. After a burst the memory goes back the next time the
//!     waiters empties having stayed short; a burst that repeats finds its memory still there.
//!
//! Used by the channels and the lock in `executor::sync`, and by sockets with several waiters.
//! Next: `blocking`.

use std::num::NonZeroU64;
use std::task::Waker;

use slab::Slab;

use crate::foreign::contain_panic;
use crate::shim::fault;

/// Stands for "no neighbour".
const NONE: u32 = u32::MAX;

/// An empty waiters keeps the memory of this many entries in any case.
const KEEP: usize = 16;

/// A waiter's place in the waiters. It never comes to mean another waiter's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    index: u32,
    ticket: NonZeroU64,
}

/// What a waiter was when it left the waiters.
#[derive(Debug)]
#[must_use = "a waker is dropped outside the lock, and a notice may have to be passed on"]
pub enum Removed {
    /// It was still waiting. Drop its waker after unlocking.
    Waiting(Waker),
    /// [`WaitList::pop`] or [`WaitList::drain`] had taken it: it was notified already.
    Notified,
}

/// A first-in, first-out list of wakers. Its owner keeps it under a lock.
///
/// ```
/// use reactor::wait_list::{Key, Removed, WaitList, wake};
/// use std::task::Waker;
///
/// let waker = Waker::noop();
/// let mut waiters = WaitList::new();
/// let mut first: Key = waiters.insert(waker);
/// let mut second = None;
/// waiters.register(&mut second, waker);
/// assert_eq!(waiters.len(), 2);
///
/// wake(waiters.pop().expect("the first in waiters"));
/// assert!(!waiters.contains(first), "that it is gone is its notice");
/// assert!(matches!(waiters.remove(first), Removed::Notified));
/// waiters.update(&mut first, waker); // It joins anew, at the back.
///
/// assert!(matches!(waiters.remove(second.expect("it was registered")), Removed::Waiting(_)));
/// let mut woken = Vec::new();
/// waiters.drain(&mut woken);
/// assert_eq!((woken.len(), waiters.is_empty()), (1, true));
/// ```
#[derive(Debug)]
pub struct WaitList {
    entries: Slab<Entry>,
    front: u32,
    back: u32,
    next_ticket: NonZeroU64,
    /// The most entries at once since the waiters was last empty.
    peak: usize,
}

#[derive(Debug)]
struct Entry {
    waker: Waker,
    ticket: NonZeroU64,
    ahead: u32,
    behind: u32,
}

impl WaitList {
    /// An empty waiters; it allocates nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Slab::new(), front: NONE, back: NONE, next_ticket: NonZeroU64::MIN, peak: 0 }
    }

    /// How many are waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is waiting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Joins the waiters at its back.
    ///
    /// # Panics
    /// With 2³² − 1 waiters in the waiters already.
    pub fn insert(&mut self, waker: &Waker) -> Key {
        // The clone is foreign code: it comes before anything is changed, in case it panics.
        let waker = waker.clone();
        let ticket = self.next_ticket;
        let index = u32::try_from(self.entries.vacant_key())
            .ok()
            .filter(|&index| index != NONE)
            .expect("fewer than 2^32 - 1 waiters");
        // W2: at a billion a second the tickets last for five centuries.
        self.next_ticket = ticket.saturating_add(1);
        self.entries.insert(Entry { waker, ticket, ahead: self.back, behind: NONE });
        match self.back {
            NONE => self.front = index,
            back => self.entry(back).behind = index,
        }
        self.back = index;
        self.peak = self.peak.max(self.entries.len());
        Key { index, ticket }
    }

    /// Whether this waiter is still in the waiters. If not, it has been notified.
    #[must_use]
    pub fn contains(&self, key: Key) -> bool {
        self.entries
            .get(key.index as usize)
            .is_some_and(|entry| entry.ticket == key.ticket || fault("stale_key"))
    }

    /// Sees to it that `waker` is the one to be woken for this waiter, which keeps its place. One
    /// that was notified meanwhile joins anew at the back, and `key` changes.
    ///
    /// Returns the waker that was replaced: drop it after unlocking.
    pub fn update(&mut self, key: &mut Key, waker: &Waker) -> Option<Waker> {
        if !self.contains(*key) {
            *key = self.insert(waker);
            return None;
        }
        let entry = self.entry(key.index);
        if entry.waker.will_wake(waker) {
            return None;
        }
        let waker = waker.clone();
        Some(std::mem::replace(&mut entry.waker, waker))
    }

    /// [`insert`](Self::insert) at a waiter's first poll, [`update`](Self::update) at its later ones.
    pub fn register(&mut self, key: &mut Option<Key>, waker: &Waker) -> Option<Waker> {
        if let Some(key) = key {
            return self.update(key, waker);
        }
        *key = Some(self.insert(waker));
        None
    }

    /// Leaves the waiters.
    pub fn remove(&mut self, key: Key) -> Removed {
        if !self.contains(key) {
            return Removed::Notified;
        }
        Removed::Waiting(self.unlink(key.index))
    }

    /// Takes out the one who has waited longest; its key now says "notified". Wake it after
    /// unlocking.
    #[must_use = "whoever is taken out must be woken"]
    pub fn pop(&mut self) -> Option<Waker> {
        (self.front != NONE).then(|| self.unlink(self.front))
    }

    /// Takes out everyone, the longest waiting first, and appends their wakers to `woken`.
    pub fn drain(&mut self, woken: &mut Vec<Waker>) {
        woken.reserve(self.len());
        while let Some(waker) = self.pop() {
            woken.push(waker);
        }
    }

    fn entry(&mut self, index: u32) -> &mut Entry {
        &mut self.entries[index as usize]
    }

    /// Takes one entry out, joins its neighbours (W1), and hands out its waker.
    fn unlink(&mut self, index: u32) -> Waker {
        let gone = self.entries.remove(index as usize);
        match gone.ahead {
            NONE => self.front = gone.behind,
            ahead => self.entry(ahead).behind = gone.behind,
        }
        match gone.behind {
            NONE => self.back = gone.ahead,
            behind => self.entry(behind).ahead = gone.ahead,
        }
        if self.entries.is_empty() {
            self.give_memory_back();
        }
        gone.waker
    }

    /// W4: the waiters is empty. It keeps what its last filling needed, fourfold.
    fn give_memory_back(&mut self) {
        if self.entries.capacity() > 4 * self.peak.max(KEEP) {
            self.entries = Slab::new();
        }
        self.peak = 0;
    }
}

impl Default for WaitList {
    fn default() -> Self {
        Self::new()
    }
}

/// Wakes one waiter. A waker that panics does not harm the one who wakes, who may be in a `Drop`.
///
/// Call it outside every lock.
#[inline]
pub fn wake(waker: Waker) {
    contain_panic(|| waker.wake());
}

/// Wakes all of them, and empties the list: one that panics takes nothing from the rest.
///
/// Call it outside every lock.
///
/// ```
/// let mut woken = vec![std::task::Waker::noop().clone()];
/// reactor::wake_all(&mut woken);
/// assert!(woken.is_empty());
/// ```
pub fn wake_all(woken: &mut Vec<Waker>) {
    woken.drain(..).for_each(wake);
}
