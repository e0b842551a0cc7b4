//! Waiting for room, in the order of arrival.
//!
//! A `send` and a `reserve` wait for the same thing: they differ in what they do with the room. If each had a wait of
//! its own, two copies of the rules for promises would have to agree. So both wait with a [`Room`], and give it a
//! closure, which uses the room under the same hold of the lock.
//!
//! ```text
//!   poll ──▶ free, or promised to us ──▶ taken, under the same hold of the lock
//!     └────▶ full: join the wait list, keep the key ──▶ a receive takes the key out: that is the promise
//! ```
//!
//! Called by `sender` and `permit`. Next: `sender`.

use std::task::{Context, Poll, Waker};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, fault};
use reactor::wait_list::{Key, Removed, poll_lazily};

use super::state::{Shared, State, wake_some};

/// The channel is closed.
pub(super) struct Closed;

/// A sender's place among those that wait for room.
pub(super) struct Room<'a, T> {
    pub(super) shared: &'a Shared<T>,
    /// Set while it waits, and when it holds a promise but was not polled since [promise-passed-on].
    key: Option<Key>,
}

impl<'a, T> Room<'a, T> {
    pub(super) fn new(shared: &'a Shared<T>) -> Self {
        Self { shared, key: None }
    }

    /// Waits for room, counts it as promised, and calls `take` under the same hold of the lock. `take` returns its
    /// result, and the waker of a task that can go on because of it.
    #[inline]
    pub(super) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut State<T>) -> (R, Option<Waker>),
    ) -> Poll<Result<R, Closed>> {
        poll_lazily(cx.waker(), |waker| {
            let mut state = shim::lock(&self.shared.state);
            if state.is_closed() && !(waker.is_owned() && fault("end_overlooked")) {
                drop(state);
                budget::spend();
                self.key = None; // If it held a promise, `close` has withdrawn it [permits-outlive-close].
                return Poll::Ready(Err(Closed));
            }
            let promised = self.key.is_some_and(|key| !state.waiters.contains(key));
            let room = match self.key {
                Some(_) => promised,                          // [promise-passed-on]
                None => state.has_room(self.shared.capacity), // if so, no sender waits [room-is-promised]
            };
            if !room || (waker.is_owned() && fault("room_overlooked")) {
                state.waiters.register(&mut self.key, waker);
                record_wait(Thing::Send, self.shared.id(), waker.as_borrowed());
                return Poll::Pending;
            }
            state.promised += usize::from(!promised);
            self.key = None;
            let (result, woken) = take(&mut state);
            drop(state);
            budget::spend();
            wake_some(woken);
            Poll::Ready(Ok(result))
        })
    }
}

impl<T> Drop for Room<'_, T> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        note(Kind::GaveUp, Thing::Send as u8, self.shared.id());
        let mut state = shim::lock(&self.shared.state);
        let was = state.waiters.remove(key);
        let next = match was {
            // The promise goes to the next sender that waits, or becomes free room [promise-passed-on].
            Removed::Notified if !state.is_closed() && !fault("promise_kept") => state.give_back(),
            _ => None,
        };
        drop(state);
        drop(was);
        wake_some(next);
    }
}
