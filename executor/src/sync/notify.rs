//! Something has happened: one task that waits, or all of them, look again.
//!
//! A channel carries values. Often there is none: what matters is elsewhere, under a lock of the program, and a task
//! only has to look at it again. With a plain list of wakers, a notice that comes after the look and before the wait
//! would be lost.
//!
//! ```text
//!   notify_one       the first that waits; if there is none, a permit is stored, which the next one takes
//!   notify_waiters   all futures that exist now, polled or not; nothing is stored
//! ```
//!
//! - N1  A notice for which nobody waits is stored, as the permit. A future takes the permit under the hold of the lock in
//!   which it would join the waiters.
//! - N2  A future remembers the round in which it was made. [`Notify::notify_waiters`] begins a new round, so a future
//!   of an earlier round is ready, whether or not it has joined the waiters.
//! - N3  A waiter that [`Notify::notify_one`] has taken out of the list is in `chosen` until it looks or is dropped. A
//!   future that has received a `notify_one`, that way or by the permit, and is dropped unready, passes it on.
//!
//! Next: `watch`.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, Waker, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, fault};
use reactor::trim::{KEEP, Trim};
use reactor::wait_list::{Key, Removed, WaitList, poll_lazily, wake, wake_all};

/// Wakes tasks, without a value.
///
/// A task that waits for a condition makes the future first, then looks, then awaits the future: each call of
/// [`notify_waiters`](Self::notify_waiters) after the future was made ends the wait. If several tasks wait for
/// [`notify_one`](Self::notify_one), each calls [`Notified::enable`] before it looks.
///
/// ```
/// use executor::{sync::Notify, task};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// task::block_on(async {
///     let shared = Arc::new((AtomicBool::new(false), Notify::new()));
///     let other = Arc::clone(&shared);
///     task::spawn(async move {
///         other.0.store(true, Ordering::SeqCst);
///         other.1.notify_waiters();
///     });
///     let (is_open, notify) = &*shared;
///     let notified = notify.notified();
///     if !is_open.load(Ordering::SeqCst) {
///         notified.await;
///     }
///     assert!(is_open.load(Ordering::SeqCst));
/// });
/// ```
pub struct Notify {
    state: shim::Mutex<State>,
}

struct State {
    /// A notice that nobody has taken (N1).
    permit: bool,
    /// The number of calls of `notify_waiters` (N2).
    round: u64,
    waiters: WaitList,
    /// In the order of their keys (N3).
    chosen: VecDeque<Key>,
}

impl State {
    const NEW: Self = Self { permit: false, round: 0, waiters: WaitList::new(), chosen: VecDeque::new() };

    /// Gives one notice: to the first waiter, whose waker it returns, or to the next that comes.
    fn notify_one(&mut self) -> Option<Waker> {
        let Some((key, waker)) = self.waiters.pop_with_key() else {
            self.permit = !fault("notice_not_stored"); // N1
            return None;
        };
        self.chosen.push_back(key); // N3
        Some(waker)
    }

    /// Removes a waiter from those that `notify_one` has chosen. Returns whether it was one (N3).
    fn remove_chosen(&mut self, key: Key) -> bool {
        let place = self.chosen.binary_search(&key);
        let was_chosen = place.is_ok_and(|place| self.chosen.remove(place).is_some());
        self.chosen.trim(KEEP);
        was_chosen
    }
}

impl Notify {
    /// Returns a `Notify` without a permit.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self { state: shim::Mutex::new(State::NEW) }
    }

    /// The same for loom, whose mutex cannot be made in a const.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self { state: shim::Mutex::new(State::NEW) }
    }

    /// Wakes the task that has waited longest. If none waits, the next [`notified`](Self::notified) is ready at once.
    /// Several such calls store one permit.
    ///
    /// ```
    /// let notify = executor::sync::Notify::new();
    /// notify.notify_one();
    /// executor::task::block_on(notify.notified());
    /// ```
    pub fn notify_one(&self) {
        let mut state = shim::lock(&self.state);
        let woken = state.notify_one();
        drop(state);
        if let Some(waker) = woken {
            wake(waker);
        }
    }

    /// Wakes all tasks that wait, and ends the wait of each future that [`notified`](Self::notified) has returned
    /// before. It stores nothing for those that come later.
    ///
    /// ```
    /// use futures_lite::future;
    ///
    /// let notify = executor::sync::Notify::new();
    /// let before = notify.notified();
    /// notify.notify_waiters();
    /// let later = notify.notified();
    /// executor::task::block_on(async {
    ///     before.await;
    ///     assert!(future::poll_once(later).await.is_none());
    /// });
    /// ```
    pub fn notify_waiters(&self) {
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.state);
        state.round += u64::from(!fault("round_stays")); // N2
        state.waiters.drain(&mut woken);
        drop(state);
        wake_all(&mut woken);
    }

    /// Waits for a notice. [`notify_waiters`](Self::notify_waiters) counts for the future from this call on,
    /// [`notify_one`](Self::notify_one) from its first poll on, or from [`enable`](Notified::enable).
    ///
    /// Cancel-safe: a notice that was given to a future that is dropped goes to the next one.
    pub fn notified(&self) -> Notified<'_> {
        Notified { notify: self, round: shim::lock(&self.state).round, key: None, done: false, kept: false }
    }

    /// Identifies it in a recording.
    fn id(&self) -> usize {
        ptr::from_ref(self).addr()
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify").finish_non_exhaustive()
    }
}

/// The future of [`Notify::notified`]. Polled again after it was ready, it is ready again.
///
/// ```
/// use executor::sync::{Notified, Notify};
///
/// let notify = Notify::new();
/// let notified: Notified<'_> = notify.notified();
/// notify.notify_one();
/// executor::task::block_on(notified);
/// ```
#[must_use = "it is a future, and does nothing unless it is awaited"]
pub struct Notified<'a> {
    notify: &'a Notify,
    /// N2
    round: u64,
    /// Set while it waits, and when it was notified but not polled since.
    key: Option<Key>,
    done: bool,
    /// It has received a `notify_one`, and no poll has returned `Ready` since (N3).
    kept: bool,
}

impl Notified<'_> {
    /// Joins the waiters now, and not at the first poll. Returns whether the notice is there: then the future is ready.
    ///
    /// [`notify_one`](Notify::notify_one) stores at most one notice. If two tasks have made their futures, and neither
    /// was polled, two notices would become one. A future that is enabled gets one of its own. As always, it passes
    /// that on if it is dropped, even after `enable` has returned true: only a poll that is ready uses the notice up.
    ///
    /// ```
    /// use executor::{sync::Notify, task};
    /// use std::sync::Mutex;
    ///
    /// struct Queue {
    ///     items: Mutex<Vec<&'static str>>,
    ///     pushed: Notify,
    /// }
    ///
    /// impl Queue {
    ///     fn push(&self, item: &'static str) {
    ///         self.items.lock().unwrap().push(item);
    ///         self.pushed.notify_one();
    ///     }
    ///
    ///     /// Many tasks may call it.
    ///     async fn pop(&self) -> &'static str {
    ///         loop {
    ///             let mut pushed = self.pushed.notified();
    ///             pushed.enable();
    ///             if let Some(item) = self.items.lock().unwrap().pop() {
    ///                 return item;
    ///             }
    ///             pushed.await;
    ///         }
    ///     }
    /// }
    ///
    /// let queue = Queue { items: Mutex::default(), pushed: Notify::new() };
    /// queue.push("tea");
    /// assert_eq!(task::block_on(queue.pop()), "tea");
    /// ```
    pub fn enable(&mut self) -> bool {
        let poll = poll_lazily(Waker::noop(), |waker| {
            let mut state = shim::lock(&self.notify.state);
            if self.done || self.take(&mut state) {
                return Poll::Ready(());
            }
            if self.key.is_none() {
                state.waiters.register(&mut self.key, waker);
            }
            Poll::Pending
        });
        poll.is_ready()
    }

    /// Takes the notice, if there is one for this future.
    fn take(&mut self, state: &mut State) -> bool {
        match self.key {
            Some(key) if !state.waiters.contains(key) => self.kept = state.remove_chosen(key), // N3
            None if state.round != self.round => {}                                            // N2
            None if mem::take(&mut state.permit) => self.kept = true,                          // N1
            _ => return false,
        }
        self.key = None;
        self.done = true;
        true
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(budget::poll_proceed(cx));
        let this = &mut *self;
        ready!(poll_lazily(cx.waker(), |waker| {
            let mut state = shim::lock(&this.notify.state);
            if this.done || this.take(&mut state) {
                return Poll::Ready(());
            }
            state.waiters.register(&mut this.key, waker);
            record_wait(Thing::Notify, this.notify.id(), waker.as_borrowed());
            Poll::Pending
        }));
        self.kept = false;
        budget::spend();
        Poll::Ready(())
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        if self.key.is_none() && !self.kept {
            return;
        }
        note(Kind::GaveUp, Thing::Notify as u8, self.notify.id());
        let mut state = shim::lock(&self.notify.state);
        let was = self.key.map(|key| state.waiters.remove(key));
        let has_notice = self.kept || self.key.is_some_and(|key| state.remove_chosen(key));
        let passes_on = has_notice && !fault("chosen_keeps_the_notice");
        let next = if passes_on { state.notify_one() } else { None }; // N3
        drop(state);
        if let Some(Removed::Waiting(waker)) = was {
            drop(waker);
        }
        if let Some(waker) = next {
            wake(waker);
        }
    }
}

impl fmt::Debug for Notified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notified").finish_non_exhaustive()
    }
}
