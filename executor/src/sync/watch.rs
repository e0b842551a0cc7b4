//! A channel that holds one value, the newest.
//!
//! A setting, or the state of a connection, is no stream: a task that looks late wants what holds now, and not each
//! step that led to it. A broadcast would keep all the steps, and a slow receiver would have to read through them.
//!
//! ```text
//!   send ──▶ replace the value, version + 1 ──▶ wake all receivers that wait
//!   changed ──▶ is the version another than the one that this receiver has seen? else wait
//! ```
//!
//! V1  The version changes while the value is locked for writing. So a task that reads both while it has the value
//!     locked has the version of that value.
//! V2  A receiver compares the versions and joins the waiters under one hold of the state's lock. A send comes before
//!     that, and then the versions differ, or after it, and then the receiver is woken. The same holds for the end of
//!     the last sender, and for [`Sender::closed`] and the end of the last receiver.
//! V3  The value is locked before the state. A value that [`Sender::send`] replaces is dropped outside of both locks.
//!
//! The value's lock blocks the thread, and is held while a [`Ref`] exists. So a `Ref` cannot be held across an
//! `.await` in a task of the pool: it is not `Send`. Next: `barrier`.

use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::ops::Deref;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_wait};
use reactor::shim::{self, RwLock, RwLockReadGuard, fault};
use reactor::wait_list::{Key, WaitList, poll_lazily, wake_all};

use crate::sync::closed::WaitClosed;
pub use crate::sync::send_error::SendError;

/// Makes a channel that holds one value. The receiver counts this first one as seen.
///
/// ```
/// use executor::{sync::watch, task};
///
/// task::block_on(async {
///     let (sender, mut receiver) = watch::channel("starting");
///     task::spawn(async move { sender.send("ready") });
///     receiver.changed().await.unwrap();
///     assert_eq!(*receiver.borrow(), "ready");
/// });
/// ```
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let state =
        State { version: 0, senders: 1, receivers: 1, changes: WaitList::new(), closing: WaitList::new() };
    let shared = Arc::new(Shared { state: shim::Mutex::new(state), value: RwLock::new(value) });
    note(Kind::New, Thing::Watch as u8, shared.id());
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared, seen: 0 })
}

struct Shared<T> {
    state: shim::Mutex<State>,
    value: RwLock<T>,
}

struct State {
    /// The number of changes.
    version: u64,
    senders: usize,
    receivers: usize,
    /// The receivers that wait for a change.
    changes: WaitList,
    /// The senders that wait until no receiver is left.
    closing: WaitList,
}

impl State {
    /// Where to wait until no receiver is left; `None` if there is none.
    fn closing(&mut self) -> Option<&mut WaitList> {
        if self.receivers == 0 { None } else { Some(&mut self.closing) }
    }
}

impl<T> Shared<T> {
    fn borrow(&self) -> Ref<'_, T> {
        Ref(self.value.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the value with its version (V1).
    fn borrow_with_version(&self) -> (Ref<'_, T>, u64) {
        let value = self.borrow();
        let version = shim::lock(&self.state).version; // V3
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

    /// Identifies the channel in a recording.
    fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

/// The sending end. Clone it for more senders. When the last one is dropped, receivers that have seen the last value
/// get [`RecvError`].
///
/// ```
/// use executor::sync::watch::{self, Sender};
///
/// let (sender, mut receiver): (Sender<u32>, _) = watch::channel(1);
/// let another = sender.clone();
/// drop(sender);
/// another.send(2).unwrap();
/// drop(another);
/// executor::task::block_on(async {
///     assert!(receiver.changed().await.is_ok(), "the last value is still to be seen");
///     assert!(receiver.changed().await.is_err());
/// });
/// ```
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Replaces the value, and wakes the receivers that wait. It does not wait for them.
    ///
    /// It blocks the thread while a receiver has a [`Ref`]. The old value is dropped by this call.
    ///
    /// # Errors
    /// [`SendError`] gives the value back if there is no receiver. Then the old one stays.
    ///
    /// ```
    /// use executor::sync::watch::{self, SendError};
    ///
    /// let (sender, receiver) = watch::channel(1);
    /// assert_eq!(sender.send(2), Ok(()));
    /// assert_eq!(*receiver.borrow(), 2);
    /// drop(receiver);
    /// assert_eq!(sender.send(3), Err(SendError(3)));
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        drop(self.send_replace(value));
        Ok(())
    }

    /// Replaces the value, whether or not there is a receiver. Returns the old one.
    ///
    /// ```
    /// let (sender, receiver) = executor::sync::watch::channel(1);
    /// drop(receiver);
    /// assert_eq!(sender.send_replace(2), 1);
    /// assert_eq!(*sender.subscribe().borrow(), 2);
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|old| mem::swap(old, &mut value));
        value
    }

    /// Changes the value in place, and wakes the receivers that wait.
    ///
    /// `change` runs while the value is locked: a thread that wants to borrow it is blocked. So it should be short,
    /// and must not use this channel.
    ///
    /// # Panics
    /// If `change` does. Then no receiver is woken, and the value stays as `change` has left it.
    ///
    /// ```
    /// let (sender, receiver) = executor::sync::watch::channel(vec![1]);
    /// sender.send_modify(|list| list.push(2));
    /// assert_eq!(*receiver.borrow(), [1, 2]);
    /// ```
    pub fn send_modify(&self, change: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            change(value);
            true
        });
    }

    /// Does what [`send_modify`](Self::send_modify) does, but wakes the receivers only if `change` returns true.
    /// Returns what it has returned.
    ///
    /// # Panics
    /// As [`send_modify`](Self::send_modify).
    ///
    /// ```
    /// let (sender, receiver) = executor::sync::watch::channel(1);
    /// let set = |new| sender.send_if_modified(|value| std::mem::replace(value, new) != new);
    /// assert!(!set(1) && set(2));
    /// ```
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        let mut woken = Vec::new();
        let mut value = self.shared.value.write().unwrap_or_else(PoisonError::into_inner);
        if !change(&mut value) {
            return false;
        }
        let mut state = shim::lock(&self.shared.state); // V3
        state.version += 1; // V1
        state.changes.drain(&mut woken); // V2
        note(Kind::Sent, Thing::Watch as u8, self.shared.id());
        drop(state);
        drop(value);
        wake_all(&mut woken);
        true
    }

    /// Returns the value, locked for reading until the returned guard is dropped.
    ///
    /// ```
    /// let (sender, _receiver) = executor::sync::watch::channel(1);
    /// assert_eq!(*sender.borrow(), 1);
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        self.shared.borrow()
    }

    /// Returns a new receiver, which counts the present value as seen.
    pub fn subscribe(&self) -> Receiver<T> {
        let mut state = shim::lock(&self.shared.state);
        state.receivers += 1;
        Receiver { shared: Arc::clone(&self.shared), seen: state.version }
    }

    /// Returns the number of receivers.
    pub fn receiver_count(&self) -> usize {
        shim::lock(&self.shared.state).receivers
    }

    /// Returns whether there is no receiver.
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver.
    ///
    /// Cancel-safe: a future that is dropped stops waiting.
    ///
    /// ```
    /// let (sender, receiver) = executor::sync::watch::channel(());
    /// assert_eq!((sender.receiver_count(), sender.is_closed()), (1, false));
    /// drop(receiver);
    /// executor::task::block_on(sender.closed());
    /// ```
    pub async fn closed(&self) {
        WaitClosed::new(&self.shared.state, Thing::Watch, self.shared.id(), State::closing).await;
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        shim::lock(&self.shared.state).senders += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared.state);
        state.senders -= 1;
        if state.senders == 0 {
            note(Kind::Closed, Thing::Watch as u8, self.shared.id());
        }
        if state.senders == 0 && !fault("watch_closes_silently") {
            state.changes.drain(&mut woken); // V2
        }
        drop(state);
        wake_all(&mut woken);
    }
}

/// The receiving end. Each receiver remembers which version of the value it has seen. A clone has seen the same.
///
/// ```
/// let (sender, receiver) = executor::sync::watch::channel(1);
/// sender.send(2).unwrap();
/// let clone = receiver.clone();
/// assert_eq!((receiver.has_changed(), clone.has_changed()), (Ok(true), Ok(true)));
/// ```
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
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
    /// `is_wanted` runs while the value is locked for reading, and must not send to this channel.
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
        poll_fn(|cx| budget::poll_take_one(cx)).await;
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
            state.closing.drain(&mut woken); // V2
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
            state.changes.register(&mut self.key, waker); // V2
            record_wait(Thing::Watch, self.shared.id(), waker.as_borrowed());
            Poll::Pending
        }));
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

/// The value of a [`watch`](self) channel, locked for reading. While it exists, a send blocks its thread. If a send
/// is blocked, another borrow may be blocked too, also on the same thread: keep one at a time, for a short while.
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

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
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
