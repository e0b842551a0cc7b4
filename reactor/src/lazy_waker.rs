//! A waker that is cloned with no lock held, and only if it must be stored.
//!
//! ```text
//!   look, locked ──ready──▶ return          no clone
//!      │   ▲  └─must wait: store ─▶ Pending  the waker is there already, or a clone is at hand
//!      │   └──── clone, unlocked
//!      └──no clone at hand──┘
//! ```
//!
//! Z1  The waker is cloned between two looks, with nothing locked. The second look is a whole one: what came
//!     meanwhile is found.
//! Z2  What a stored waker replaces is kept here, and dropped when the last look is over.
//!
//! Used by all that waits under a lock. Next: `wait_list`.

use std::mem;
use std::task::{Poll, Waker};

/// The waker of a poll: borrowed at the first look, owned at the second.
///
/// ```
/// use reactor::wait_list::{LazyWaker, poll_lazily};
/// use std::{sync::Mutex, task::Poll, task::Waker};
///
/// let listed = Mutex::new(None);
/// let mut looks = 0;
/// let polled = poll_lazily(Waker::noop(), |waker: &mut LazyWaker<'_>| {
///     looks += 1;
///     waker.store(&mut listed.lock().unwrap());
///     Poll::<()>::Pending
/// });
/// assert!(polled.is_pending() && listed.lock().unwrap().is_some());
/// assert_eq!(looks, 2);
///
/// let waker = Waker::noop().clone();
/// let mut list = vec![waker.clone()];
/// let polled = poll_lazily(&waker, |waker| {
///     if !list.iter().any(|stored| waker.is_stored_as(stored)) {
///         assert!(waker.is_owned(), "else this is the first look");
///         list.extend(waker.take());
///     }
///     Poll::<()>::Pending
/// });
/// assert!(polled.is_pending() && list.len() == 1, "it was there already");
/// ```
#[derive(Debug)]
pub struct LazyWaker<'a> {
    waker: &'a Waker,
    state: State,
}

#[derive(Debug)]
enum State {
    Borrowed,
    Owned(Waker),
    /// It is stored; with what was in its place, or a clone too many (Z2).
    Stored(#[expect(dead_code, reason = "it is kept to be dropped later")] Option<Waker>),
}

impl LazyWaker<'_> {
    /// Sees to it that the waker is in `slot`. `false`: it is not, for this is a first look.
    pub fn store(&mut self, slot: &mut Option<Waker>) -> bool {
        if slot.as_ref().is_some_and(|stored| self.is_stored_as(stored)) {
            return true;
        }
        let Some(waker) = self.take() else { return false };
        self.state = State::Stored(slot.replace(waker));
        true
    }

    /// Whether a waker that is stored already is this one: then nothing is left to do.
    pub fn is_stored_as(&mut self, stored: &Waker) -> bool {
        let same = self.waker.will_wake(stored);
        if same {
            self.state = State::Stored(self.take());
        }
        same
    }

    /// The owned waker, to be stored by the caller; `None` at a first look.
    pub fn take(&mut self) -> Option<Waker> {
        match mem::replace(&mut self.state, State::Stored(None)) {
            State::Owned(waker) => Some(waker),
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Whether a clone is at hand: this is the second look.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        matches!(self.state, State::Owned(_))
    }
}

/// Polls by `look`, which locks, and returns what is ready or stores the waker. If there was no clone of it to
/// store, it is made now, with nothing locked, and `look` is called again (Z1).
#[inline]
pub fn poll_lazily<R>(waker: &Waker, mut look: impl FnMut(&mut LazyWaker<'_>) -> Poll<R>) -> Poll<R> {
    let mut lazy = LazyWaker { waker, state: State::Borrowed };
    let first = look(&mut lazy);
    if first.is_ready() || !matches!(lazy.state, State::Borrowed) {
        return first;
    }
    lazy.state = State::Owned(waker.clone());
    look(&mut lazy)
}
