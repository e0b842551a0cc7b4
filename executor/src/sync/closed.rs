//! Waiting for the other side of a channel to go.
//!
//! Only when it sends does a sender find out that nobody receives: the query has run, or the file was read, for nobody.
//! And a task that has nothing to send never finds out. So a sender can wait for the end, in a list of its own: in the
//! list of those that wait for room it would be woken instead of one of them.
//!
//! ```text
//!   closed ──▶ there are receivers: join the list ──▶ the last one goes, and wakes all of the list
//!      └─────▶ there is none: ready
//! ```
//!
//! - D1  The condition is checked, and the waker stored, under one hold of the channel's lock.
//! - D2  All are woken at once, so one that gives up need not pass its wake on.
//!
//! Called by `mpsc`, `broadcast` and `watch`. Next: `semaphore`.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim;
use reactor::wait_list::{Key, WaitList, poll_lazily};

/// The list to join, or `None` if the other side is gone.
type Look<S> = fn(&mut S) -> Option<&mut WaitList>;

/// Waits until the other side is gone.
pub(super) struct WaitClosed<'a, S> {
    state: &'a shim::Mutex<S>,
    look: Look<S>,
    key: Option<Key>,
    /// What a recording calls the wait, and the channel.
    thing: Thing,
    id: usize,
}

impl<'a, S> WaitClosed<'a, S> {
    pub(super) fn new(state: &'a shim::Mutex<S>, thing: Thing, id: usize, look: Look<S>) -> Self {
        Self { state, look, key: None, thing, id }
    }
}

impl<S> Future for WaitClosed<'_, S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(budget::poll_proceed(cx));
        let this = &mut *self;
        ready!(poll_lazily(cx.waker(), |waker| {
            let mut state = shim::lock(this.state);
            let Some(list) = (this.look)(&mut state) else { return Poll::Ready(()) };
            list.register(&mut this.key, waker); // D1
            record_wait(this.thing, this.id, waker.as_borrowed());
            Poll::Pending
        }));
        self.key = None; // D2
        budget::spend();
        Poll::Ready(())
    }
}

impl<S> Drop for WaitClosed<'_, S> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        note(Kind::GaveUp, self.thing as u8, self.id);
        let left = (self.look)(&mut shim::lock(self.state)).map(|list| list.remove(key));
        drop(left);
    }
}
