//! A list of wakers, first come, first woken, kept under its owner's lock.
//!
//! A lock or a channel needs a queue of the tasks that wait for it. A plain queue of wakers cannot tell a
//! task that was woken from one that was not, and a task that gives up cannot find its waker in it. An index does not
//! identify an entry either: after a removal another task's entry has that index. So each entry has a ticket that is
//! given once.
//!
//! ```text
//!   front ─▶ [ticket 7, waker] [ticket 8, gap] [ticket 12, waker] ◀─ back
//!     pop ◀── takes it out                            insert ──▶ joins
//! ```
//!
//! A waiter keeps the [`Key`] that `insert` returned. [`WaitList::pop`] removes the entry, so a key that is
//! not in the list any more *is* the notice: the waiter that finds it gone has been woken. A lock or a
//! channel may take it to mean that the lock or the value is this waiter's. A waiter that gives up must then
//! pass it on.
//!
//! - W1  The entries stand in the order of their tickets, which is the order in which they joined.
//! - W2  A ticket is never given twice, so a stale key cannot match another waiter.
//! - W3  The list stores wakers that are owned, and returns them: it calls and drops none, and `lazy_waker`
//!   decides when one is cloned [no-user-code].
//! - W4  At a steady depth nothing is allocated. The memory of a burst is given back as the list empties
//!   (`trim`).
//!
//! Used by the locks and channels in `executor::sync`, and by sockets with several waiters.
//! Next: `spin`.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::task::Waker;

pub use crate::lazy_waker::{LazyWaker, poll_lazily, trust};
use crate::shim::fault;
use crate::trim::{KEEP, Trim};
pub use crate::user_code::{wake, wake_all};

/// Gaps are removed when there are more of them than waiters, and more than twice this many entries.
const GAPS: usize = 16;

/// Names a waiter's entry in the list. It never comes to name another waiter's entry. A waiter that joined later has a
/// greater key (W1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(NonZeroU64);

/// The state of a waiter when it left the list.
#[derive(Debug)]
#[must_use = "a waker is dropped outside the lock, and a notice may have to be passed on"]
pub enum Removed {
    /// It was still waiting. Drop its waker after unlocking.
    Waiting(Waker),
    /// [`WaitList::pop`] or [`WaitList::drain`] has taken its waker: it was notified.
    Notified,
}

/// A first-in, first-out list of wakers. Its owner keeps it under a lock.
///
/// ```
/// use reactor::wait_list::{Key, Removed, WaitList, poll_lazily, wake};
/// use std::task::{Poll, Waker};
///
/// let mut list = WaitList::new();
/// let first: Key = list.insert(Waker::noop().clone());
/// let mut second = None;
/// let _ = poll_lazily(Waker::noop(), |waker| {
///     list.register(&mut second, waker);
///     Poll::<()>::Pending
/// });
/// assert_eq!(list.len(), 2);
///
/// let (popped, waker) = list.pop_with_key().expect("the first in the list");
/// wake(waker);
/// assert_eq!(popped, first);
/// assert!(!list.contains(first), "a key that is gone is the notice");
/// assert!(matches!(list.remove(first), Removed::Notified));
///
/// assert!(matches!(list.remove(second.expect("it was registered")), Removed::Waiting(_)));
/// list.insert(Waker::noop().clone());
/// let mut woken = Vec::new();
/// list.drain(&mut woken);
/// assert_eq!((woken.len(), list.pop().is_none(), list.is_empty()), (1, true, true));
/// ```
#[derive(Debug)]
pub struct WaitList {
    entries: VecDeque<Entry>,
    next_ticket: NonZeroU64,
    /// The number of entries that are not gaps.
    waiting: usize,
}

#[derive(Debug)]
struct Entry {
    ticket: NonZeroU64,
    /// `None` is a gap: the waiter has left, and the entries behind it have not moved up.
    waker: Option<Waker>,
}

impl WaitList {
    /// An empty list; it allocates nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: VecDeque::new(), next_ticket: NonZeroU64::MIN, waiting: 0 }
    }

    /// The number of waiters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether there are no waiters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Adds a waiter at the back. Returns its key.
    pub fn insert(&mut self, waker: Waker) -> Key {
        let ticket = self.next_ticket;
        // W2: at a billion a second the tickets last for five centuries.
        self.next_ticket = ticket.saturating_add(u64::from(!fault("stale_key")));
        self.entries.push_back(Entry { ticket, waker: Some(waker) });
        self.waiting += 1;
        Key(ticket)
    }

    /// Whether this waiter is still in the list. If not, it has been notified.
    #[must_use]
    pub fn contains(&self, key: Key) -> bool {
        self.place(key).is_some()
    }

    /// Makes `waker` the one that is woken for this waiter, which keeps its place. At its first poll, and if
    /// it has been notified meanwhile, the waiter joins at the back, and `key` changes.
    ///
    /// Call it in the closure of [`poll_lazily`].
    pub fn register(&mut self, key: &mut Option<Key>, waker: &mut LazyWaker<'_>) {
        match key.and_then(|key| self.place(key)) {
            Some(_) if fault("first_waker_kept") => {}
            Some(place) => _ = waker.store(&mut self.entries[place].waker),
            None => *key = waker.take().map(|waker| self.insert(waker)).or(*key),
        }
    }

    /// Removes a waiter, and returns its waker if it was not notified.
    pub fn remove(&mut self, key: Key) -> Removed {
        let left = self.place(key).and_then(|place| self.entries[place].waker.take());
        let Some(waker) = left else { return Removed::Notified };
        self.waiting -= 1;
        if self.entries.len() > 2 * self.waiting.max(GAPS) {
            self.entries.retain(|entry| entry.waker.is_some());
        }
        self.give_memory_back();
        Removed::Waiting(waker)
    }

    /// Takes out the waiter that has waited longest, whose key is the notice from now on. Returns its waker,
    /// to be woken after unlocking; `None` if the list is empty.
    #[must_use = "a waiter that is taken out must be woken"]
    pub fn pop(&mut self) -> Option<Waker> {
        self.pop_with_key().map(|(_, waker)| waker)
    }

    /// Does what [`pop`](Self::pop) does, and returns the waiter's key too.
    #[must_use = "a waiter that is taken out must be woken"]
    pub fn pop_with_key(&mut self) -> Option<(Key, Waker)> {
        loop {
            let Entry { ticket, waker } = self.entries.pop_front()?;
            if let Some(waker) = waker {
                self.waiting -= 1;
                self.give_memory_back();
                return Some((Key(ticket), waker));
            }
        }
    }

    /// Takes out all waiters, the longest waiting first, and appends their wakers to `woken`.
    pub fn drain(&mut self, woken: &mut Vec<Waker>) {
        woken.reserve(self.waiting);
        woken.extend(self.entries.drain(..).filter_map(|entry| entry.waker));
        self.waiting = 0;
        self.give_memory_back();
    }

    /// The wakers, for a dump.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waker> {
        self.entries.iter().filter_map(|entry| entry.waker.as_ref())
    }

    /// The index of this waiter's entry. It is found by binary search (W1).
    fn place(&self, key: Key) -> Option<usize> {
        let found = self.entries.binary_search_by_key(&key.0, |entry| entry.ticket);
        found.ok().filter(|&place| self.entries[place].waker.is_some())
    }

    /// W4
    fn give_memory_back(&mut self) {
        if self.waiting == 0 {
            self.entries.clear(); // Gaps.
        }
        self.entries.trim(KEEP);
    }
}

impl Default for WaitList {
    fn default() -> Self {
        Self::new()
    }
}
