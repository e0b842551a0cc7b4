//! The receiving end of a watch: it looks at the value, and waits for the next change.
//!
//! A receiver that waited for "a change from now on" would miss what has changed between its last look and the wait. So
//! it remembers the version that it has seen, and waits for another.
//!
//! The rules are those of `watch`. Called by programs. Next: `barrier`.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, RwLockReadGuard};
use reactor::wait_list::{Key, poll_lazily, wake_all};

use super::state::{Shared, State};

/// The receiving end. Each receiver remembers which version of the value it has seen. A clone has seen the same.
///
/// ```
/// let (sender, receiver) = executor::sync::watch::channel(1);
/// sender.send(2).unwrap();
/// let clone = receiver.clone();
/// assert_eq!((receiver.has_changed(), clone.has_changed()), (Ok(true), Ok(true)));
/// ```
pub struct Receiver<T> {
    pub(super) shared: Arc<Shared<T>>,
    pub(super) seen: u64,
}

impl<T> Receiver<T> {
    /// Returns the value, locked for reading until the returned guard is dropped. It does not count as seen: the next
    /// [`changed`](Self::changed) may return at once for it.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.shared.borrow()
    }

    /// Returns the value, locked for reading until the returned guard is dropped. It counts as seen.
    ///
    /// ```
    /// let (sender, mut receiver) = executor::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow_and_update(), 2);
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let (value, version) = self.shared.borrow_with_version();
        self.seen = version;
        value
    }

    /// Returns whether there is a value that this receiver has not seen.
    ///
    /// # Errors
    /// [`RecvError`] if all senders are gone, also if the last value was not seen.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let state = shim::lock(&self.shared.state);
        if state.senders == 0 { Err(RecvError) } else { Ok(state.version != self.seen) }
    }

    /// Counts the present value as one that this receiver has not seen.
    ///
    /// ```
    /// let (_sender, mut receiver) = executor::sync::watch::channel(1);
    /// receiver.mark_changed();
    /// assert_eq!(receiver.has_changed(), Ok(true));
    /// assert!(executor::task::block_on(receiver.changed()).is_ok());
    /// ```
    pub fn mark_changed(&mut self) {
        // Any other version will do, and no later one is the same.
        self.seen = shim::lock(&self.shared.state).version.wrapping_sub(1);
    }

    /// Counts the present value as seen, without looking at it.
    ///
    /// ```
    /// let (sender, mut receiver) = executor::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// receiver.mark_unchanged();
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// ```
    pub fn mark_unchanged(&mut self) {
        self.seen = shim::lock(&self.shared.state).version;
    }

    /// Waits for a value that this receiver has not seen. It counts as seen then. Several sends are one change.
    ///
    /// Cancel-safe: if the future is dropped before it is ready, nothing counts as seen.
    ///
    /// # Errors
    /// [`RecvError`] if all senders are gone, and the last value was seen.
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        self.shared.changed(&mut self.seen).await
    }

    /// Waits until the value is one for which `is_wanted` returns true, and returns it. It begins with the present
    /// one. Each value that it looks at counts as seen.
    ///
    /// `is_wanted` runs while the value is locked for reading, and must not use this channel: see [`Ref`].
    ///
    /// Cancel-safe: the next call looks at the present value again.
    ///
    /// # Errors
    /// [`RecvError`] if all senders are gone, and the last value is not wanted.
    ///
    /// ```
    /// use executor::{sync::watch, task};
    ///
    /// task::block_on(async {
    ///     let (sender, mut receiver) = watch::channel(1);
    ///     task::spawn(async move { (2..=5).for_each(|number| sender.send(number).unwrap()) });
    ///     assert_eq!(*receiver.wait_for(|number| *number >= 5).await.unwrap(), 5);
    /// });
    /// ```
    pub async fn wait_for(&mut self, mut is_wanted: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, RecvError> {
        let Self { shared, seen } = self;
        // The first look is charged here: a `Ref` cannot be kept across an await. The later ones are changes.
        budget::take_one().await;
        loop {
            // In a block of its own: else the compiler takes the value to be borrowed while this waits.
            {
                let (value, version) = shared.borrow_with_version();
                *seen = version;
                if is_wanted(&value) {
                    return Ok(value);
                }
            }
            shared.changed(seen).await?;
        }
    }
}

impl<T> Shared<T> {
    pub(super) fn borrow(&self) -> Ref<'_, T> {
        Ref(self.value.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the value with its version [version-with-value].
    fn borrow_with_version(&self) -> (Ref<'_, T>, u64) {
        let value = self.borrow();
        let version = shim::lock(&self.state).version; // [value-first]
        (value, version)
    }

    /// Waits for another version than `seen`, and sets `seen` to it.
    async fn changed(&self, seen: &mut u64) -> Result<(), RecvError> {
        let before = *seen;
        let next = |state: &State| match state.version {
            version if version != before => Some(Ok(version)),
            _ if state.senders == 0 => Some(Err(RecvError)),
            _ => None,
        };
        let mut waiting = Waiting { shared: self, key: None };
        *seen = poll_fn(|cx| waiting.poll(cx, next)).await?;
        note(Kind::Received, Thing::Watch as u8, self.id());
        Ok(())
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        shim::lock(&self.shared.state).receivers += 1;
        Self { shared: Arc::clone(&self.shared), seen: self.seen }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared.state);
        state.receivers -= 1;
        if state.receivers == 0 {
            state.closing.drain(&mut woken); // [compare-and-join]
        }
        drop(state);
        wake_all(&mut woken);
    }
}

/// A receiver that waits for a change. Dropping it leaves the list.
struct Waiting<'a, T> {
    shared: &'a Shared<T>,
    key: Option<Key>,
}

impl<T> Waiting<'_, T> {
    fn poll<R>(&mut self, cx: &mut Context<'_>, look: impl Fn(&State) -> Option<R>) -> Poll<R> {
        ready!(budget::poll_proceed(cx));
        let found = ready!(poll_lazily(cx.waker(), |waker| {
            let mut state = shim::lock(&self.shared.state);
            if let Some(found) = look(&state) {
                return Poll::Ready(found);
            }
            state.changes.register(&mut self.key, waker); // [compare-and-join]
            record_wait(Thing::Watch, self.shared.id(), waker.as_borrowed());
            Poll::Pending
        }));
        self.key = None; // A change, or the last sender, has taken our waker.
        budget::spend();
        Poll::Ready(found)
    }
}

impl<T> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        note(Kind::GaveUp, Thing::Watch as u8, self.shared.id());
        // A wake need not be passed on: each change wakes all that wait.
        let was = shim::lock(&self.shared.state).changes.remove(key);
        drop(was);
    }
}

/// The value of a [`watch`](super) channel, locked for reading. While it exists, a send blocks its thread, and a send on
/// the thread that has it never returns. If a send is blocked, another borrow may be blocked too, also on the same
/// thread: keep one at a time, for a short while. Do not hold it across an `.await`: a task of the pool cannot, since it
/// is not `Send`, but a local task can, and then each sender blocks its thread.
///
/// ```
/// use executor::sync::watch::{self, Ref};
///
/// let (_sender, receiver) = watch::channel(String::from("tea"));
/// let value: Ref<'_, String> = receiver.borrow();
/// assert_eq!(value.len(), 3);
/// ```
pub struct Ref<'a, T>(RwLockReadGuard<'a, T>);

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// All senders are gone.
///
/// ```
/// use executor::sync::watch::{self, RecvError};
///
/// let (sender, mut receiver) = watch::channel(1);
/// drop(sender);
/// assert_eq!(executor::task::block_on(receiver.changed()), Err(RecvError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every sender is gone")
    }
}

impl std::error::Error for RecvError {}
