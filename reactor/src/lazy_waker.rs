//! A waker that is cloned only if it must be stored, and with no lock held if the clone is user code.
//!
//! Cloning a waker may run user code, which must not happen under a lock [no-user-code]. Cloning it before
//! each lock would be correct, but most operations are ready at once, and a clone costs an atomic operation.
//! So an operation first looks, under the lock, without a clone. Only if it must wait, it looks again with
//! one. The wakers of the executor's own tasks run no user code: they are cloned in the first look, which
//! saves the second.
//!
//! ```text
//!   look, locked ──ready──▶ return          no clone
//!      │   ▲  └─must wait: store ─▶ Pending  the waker is stored already, or a clone is at hand
//!      │   └──── clone, unlocked
//!      └──no clone at hand──┘
//! ```
//!
//! - [cloned-between-looks]  The waker is cloned between two looks, with nothing locked. The second look repeats the
//!   whole first one, so it finds what came meanwhile.
//! - Z1  A waker that is replaced in its slot is kept here, and dropped after the last look.
//! - [trusted-clone]  A waker whose functions the executor has named with [`trust`] may be cloned under a lock: that
//!   increments a counter.
//!
//! Used by everything that waits under a lock. Next: `wait_list`.

use std::cell::Cell;
use std::mem;
use std::ptr;
use std::task::{Poll, RawWakerVTable, Waker};

use crate::shim::{fault, thread_local};

thread_local! {
    /// The functions of the wakers that are cloned under a lock [trusted-clone]. They may stay set after the poll,
    /// because to clone with them never runs user code.
    static TRUSTED: Cell<Option<&'static RawWakerVTable>> = const { Cell::new(None) };
}

/// Names the functions of wakers that run no user code when they are cloned. For an executor that begins a poll
/// on this thread. A later call replaces the functions; nothing has to be undone after the poll.
///
/// ```
/// use reactor::wait_list::{poll_lazily, trust};
/// use std::{sync::Mutex, task::Poll, task::Waker};
///
/// let (listed, mut looks) = (Mutex::new(None), 0);
/// trust(Waker::noop().vtable());
/// let polled = poll_lazily(Waker::noop(), |waker| {
///     looks += 1;
///     waker.store(&mut listed.lock().unwrap());
///     Poll::<()>::Pending
/// });
/// assert!(polled.is_pending() && listed.lock().unwrap().is_some());
/// assert_eq!(looks, 1, "it is cloned in the first look");
/// ```
#[inline]
pub fn trust(functions: &'static RawWakerVTable) {
    TRUSTED.set(Some(functions));
}

/// Whether it may be cloned under a lock [trusted-clone].
#[inline]
pub(crate) fn is_trusted(waker: &Waker) -> bool {
    TRUSTED.get().is_some_and(|functions| ptr::eq(functions, waker.vtable()))
}

/// The waker of a poll: borrowed at the first look, owned at the second, if there is one.
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
///         assert!(waker.is_owned(), "otherwise this is the first look");
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
    /// It is stored. Holds the waker that was in its place, or a clone that was not needed (Z1).
    Stored(#[expect(dead_code, reason = "it is kept to be dropped later")] Option<Waker>),
}

impl LazyWaker<'_> {
    /// The waker, whatever has become of it.
    ///
    /// ```
    /// use reactor::wait_list::poll_lazily;
    /// use std::task::{Poll, Waker};
    ///
    /// let polled = poll_lazily(Waker::noop(), |waker| Poll::Ready(waker.as_borrowed().will_wake(Waker::noop())));
    /// assert_eq!(polled, Poll::Ready(true));
    /// ```
    #[inline]
    pub fn as_borrowed(&self) -> &Waker {
        self.waker
    }

    /// Stores the waker in `slot`, unless it is there. Returns false if this is a first look, and the clone may
    /// be user code.
    #[inline]
    pub fn store(&mut self, slot: &mut Option<Waker>) -> bool {
        if slot.as_ref().is_some_and(|stored| self.is_stored_as(stored)) {
            return true;
        }
        let Some(waker) = self.take() else { return false };
        self.state = State::Stored(slot.replace(waker));
        true
    }

    /// Whether `stored` is this waker, so that nothing has to be stored.
    #[inline]
    pub fn is_stored_as(&mut self, stored: &Waker) -> bool {
        let same = self.waker.will_wake(stored);
        if same {
            let surplus = if self.is_owned() { self.take() } else { None };
            self.state = State::Stored(surplus);
        }
        same
    }

    /// Returns the owned waker, which the caller stores; `None` at a first look, unless the waker is trusted
    /// [trusted-clone].
    #[inline]
    pub fn take(&mut self) -> Option<Waker> {
        match mem::replace(&mut self.state, State::Stored(None)) {
            State::Owned(waker) => Some(waker),
            // [trusted-clone]
            State::Borrowed if is_trusted(self.waker) || fault("cloned_in_lock") => Some(self.waker.clone()),
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

/// Polls by `look`, which locks, and then returns what is ready or stores the waker. If there was no clone to
/// store, the waker is cloned, with nothing locked, and `look` is called again [cloned-between-looks].
#[inline]
pub fn poll_lazily<R>(waker: &Waker, mut look: impl FnMut(&mut LazyWaker<'_>) -> Poll<R>) -> Poll<R> {
    let mut lazy = LazyWaker { waker, state: State::Borrowed };
    loop {
        let polled = look(&mut lazy);
        if polled.is_ready() || !matches!(lazy.state, State::Borrowed) {
            return polled;
        }
        lazy.state = State::Owned(waker.clone());
    }
}
