//! A channel in which every receiver gets every value, and a sender never waits.
//!
//! With a queue per receiver each value would be stored once for each of them, and one slow receiver would
//! fill the memory or stop the sender. A ring that is allocated in advance costs its whole size while nothing
//! is sent. So all receivers share one queue, which holds only what some receiver has not read, and drops the
//! oldest value when it is full.
//!
//! ```text
//!   head                              tail
//!    ▼                                 ▼
//!   [a  readers 2] [b  readers 0] [c  readers 1]   at_tail 3
//! ```
//!
//! Values have positions, which count from the channel's first value. A receiver knows the position of the value
//! it will read next, and each slot counts the receivers that will read it next. A receiver that reads moves one
//! slot on. A slot that no receiver still has to read is dropped. So the channel holds what the slowest receiver
//! has not read, at most the capacity, and nothing while all receivers have read everything.
//!
//! B1  The readers of all slots and `at_tail` add up to `receivers`.
//! B2  The front slot has readers: a front slot without readers is dropped at once.
//! B3  When the front slot is dropped although it has readers, they move to the new front. So a receiver whose
//!     own position is before `head` is counted at `head`, and the difference is the number of values it missed.
//! B4  A waker in the wait list belongs to a receiver that has read everything, and the channel is open. A send
//!     takes all of the wakers, and so does the drop of the last sender.
//! B5  A value is in an `Arc`. Under the lock only its count changes, the value is cloned after unlocking, and
//!     the last reader gets the value itself without a clone.
//! B6  Each slot knows the weight that was sent before it. So the weight of what is kept, or of what a receiver
//!     has not read, is a difference. The sums may wrap around at 2^64: what is kept weighs less. The newest
//!     value stays, whatever its weight.
//!
//! Next: `semaphore`.

use std::collections::VecDeque;
use std::fmt;
use std::iter;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use reactor::budget;
use reactor::record::{Kind, Thing, note, record_value, record_wait};
use reactor::shim::{self, fault};
use reactor::trim::{KEEP, Trim};
use reactor::wait_list::{Key, WaitList, poll_lazily, wake_all};

pub use crate::sync::send_error::SendError;

/// Makes a channel that keeps at most `capacity` values for receivers that have not read them yet.
///
/// Slots are allocated as they are used. Memory is given back when less than a quarter of it is in use,
/// except for 1 KiB while there is a receiver.
///
/// # Panics
/// If `capacity` is zero.
///
/// ```
/// use executor::sync::broadcast::{self, RecvError};
///
/// let (sender, mut first) = broadcast::channel(2);
/// let mut second = sender.subscribe();
/// executor::task::block_on(async {
///     assert_eq!(sender.send("one"), Ok(2));
///     assert_eq!(first.recv().await, Ok("one"));
///     sender.send("two").unwrap();
///     sender.send("three").unwrap();
///     assert_eq!(second.recv().await, Err(RecvError::Lagged(1)));
///     assert_eq!(second.recv().await, Ok("two"));
/// });
/// ```
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    channel_with_weight(capacity, u64::MAX)
}

/// As [`channel`], with a second bound: the weights of the kept values add up to at most `max_weight`.
///
/// If values have different sizes, a bound on their number does not bound the memory. A weight may be a size
/// in bytes, or in any other unit. [`Sender::send_with_weight`] takes it with each value. The newest value is
/// kept even if it alone weighs more.
///
/// # Panics
/// If `capacity` is zero.
///
/// ```
/// use executor::sync::broadcast::{self, TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel_with_weight(1000, 10);
/// for text in ["four", "five!", "sixty-six"] {
///     sender.send_with_weight(text, text.len() as u64).unwrap();
/// }
/// assert_eq!((sender.weight(), receiver.weight()), (9, 9));
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(2)));
/// assert_eq!(receiver.try_recv(), Ok("sixty-six"));
/// ```
#[track_caller]
pub fn channel_with_weight<T: Clone>(capacity: usize, max_weight: u64) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "broadcast::channel: the capacity must not be zero");
    let shared = Arc::new(shim::Mutex::new(State {
        capacity,
        max_weight,
        sent_weight: 0,
        slots: VecDeque::new(),
        head: 0,
        at_tail: 1,
        receivers: 1,
        senders: 1,
        waiters: WaitList::new(),
    }));
    note(Kind::New, Thing::Broadcast as u8, id(&shared));
    let sender = Sender { shared: Arc::clone(&shared) };
    (sender, Receiver { shared, next: 0 })
}

/// The sending end. Clone it for more senders. When the last one is dropped the receivers get what is kept for
/// them, and then [`RecvError::Closed`].
///
/// ```
/// use executor::sync::broadcast::{self, SendError};
///
/// let (sender, receiver) = broadcast::channel(8);
/// let second = sender.subscribe();
/// assert_eq!((sender.send('a'), sender.receiver_count(), sender.len()), (Ok(2), 2, 1));
/// drop((receiver, second));
/// assert!(sender.is_empty(), "no receiver is left to read it");
/// assert_eq!(sender.send('b'), Err(SendError('b')));
/// ```
pub struct Sender<T> {
    shared: Arc<shim::Mutex<State<T>>>,
}

/// A receiving end: it gets every value that is sent after it was made.
///
/// Dropping it drops the values that were kept only for it.
///
/// ```
/// use executor::sync::broadcast::{self, TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel(8);
/// sender.send('a').unwrap();
/// let mut late = receiver.resubscribe();
/// assert_eq!(receiver.try_recv(), Ok('a'));
/// assert_eq!(late.try_recv(), Err(TryRecvError::Empty), "it was made after that");
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
pub struct Receiver<T> {
    shared: Arc<shim::Mutex<State<T>>>,
    /// The position of the value to read next; before `head` if it has missed some (B3).
    next: u64,
}

struct State<T> {
    capacity: usize,
    max_weight: u64,
    /// The weight of all values that were ever sent; it wraps around.
    sent_weight: u64,
    slots: VecDeque<Slot<T>>,
    /// The position of the front slot.
    head: u64,
    /// Receivers that have read everything.
    at_tail: usize,
    receivers: usize,
    senders: usize,
    /// The receivers that have read everything and wait.
    waiters: WaitList,
}

struct Slot<T> {
    value: Arc<T>,
    /// The receivers that will read this value next.
    readers: usize,
    /// The weight of all values that were sent before this one.
    weight_before: u64,
}

/// What a receiver finds in the channel.
enum Look<T> {
    Value(Arc<T>),
    Lagged(u64),
    Empty,
    Closed,
}

impl<T> State<T> {
    fn tail(&self) -> u64 {
        self.head + self.slots.len() as u64
    }

    /// The number of the receivers at a position, which is not before `head`.
    fn readers_at(&mut self, position: u64) -> &mut usize {
        // An index that does not fit a usize is past every slot.
        let index = usize::try_from(position - self.head).unwrap_or(usize::MAX);
        match self.slots.get_mut(index) {
            Some(slot) => &mut slot.readers,
            None => &mut self.at_tail,
        }
    }

    /// The weight of the kept values from a position on.
    fn weight_from(&self, position: u64) -> u64 {
        let index = usize::try_from(position.saturating_sub(self.head)).unwrap_or(usize::MAX);
        self.slots.get(index).map_or(0, |slot| self.sent_weight.wrapping_sub(slot.weight_before)) // B6
    }

    /// Appends a value. Returns the value that it replaces in a full channel; the caller drops it after
    /// unlocking.
    fn push(&mut self, value: T, weight: u64) -> Option<Slot<T>> {
        let evicted = if self.slots.len() == self.capacity { self.evict() } else { None };
        let readers = mem::take(&mut self.at_tail);
        self.slots.push_back(Slot { value: Arc::new(value), readers, weight_before: self.sent_weight });
        self.sent_weight = self.sent_weight.wrapping_add(weight);
        evicted
    }

    /// Takes the front slot out, although it has readers.
    fn evict(&mut self) -> Option<Slot<T>> {
        let evicted = self.slots.pop_front()?;
        self.head += 1;
        if !fault("evicted_readers_forgotten") {
            *self.readers_at(self.head) += evicted.readers; // B3
        }
        Some(evicted)
    }

    /// Takes slots out at the front until the rest weighs at most `max_weight`, or only `keep` slots are left.
    /// The caller drops them after unlocking.
    fn evict_weight(&mut self, max_weight: u64, keep: usize) -> Vec<Slot<T>> {
        iter::from_fn(|| {
            let too_heavy = self.slots.len() > keep && self.weight_from(self.head) > max_weight;
            if too_heavy { self.evict() } else { None }
        })
        .collect()
    }

    /// Reads the value at position `next`, and moves `next` on.
    fn look(&mut self, next: &mut u64) -> Look<T> {
        if *next < self.head {
            let missed = self.head - *next;
            *next = self.head;
            return Look::Lagged(missed);
        }
        let index = usize::try_from(*next - self.head).unwrap_or(usize::MAX);
        let Some(slot) = self.slots.get_mut(index) else {
            return match self.senders {
                0 => Look::Closed,
                _ => Look::Empty,
            };
        };
        slot.readers -= 1;
        let last = index == 0 && slot.readers == 0;
        let value = Arc::clone(&slot.value);
        *next += 1;
        *self.readers_at(*next) += 1;
        if last {
            // B2. The Arc's count goes from two to one, so this drops no value: `value` holds it.
            self.slots.pop_front();
            self.head += 1;
            self.give_memory_back();
        }
        Look::Value(value)
    }

    /// Removes a receiver. Returns the slots that were kept only for it; the caller drops them after unlocking.
    fn leave(&mut self, next: u64) -> Vec<Slot<T>> {
        self.receivers -= 1;
        *self.readers_at(next.max(self.head)) -= 1;
        let first_unread = self.slots.iter().position(|slot| slot.readers > 0 || fault("leaver_keeps"));
        let unneeded = first_unread.unwrap_or(self.slots.len());
        self.head += unneeded as u64;
        let unneeded = self.slots.drain(..unneeded).collect();
        self.give_memory_back();
        unneeded
    }

    fn give_memory_back(&mut self) {
        let keep = if self.receivers == 0 { 0 } else { KEEP };
        self.slots.trim(keep);
    }
}

impl<T: Clone> Sender<T> {
    /// Sends a value to all present receivers, and returns their number. It never waits.
    ///
    /// If the channel is full the oldest kept value is dropped, and receivers that had not read it get
    /// [`RecvError::Lagged`].
    ///
    /// # Panics
    /// If the drop of that oldest value panics: it is dropped by this call. The new value was sent.
    ///
    /// # Errors
    /// [`SendError`] gives the value back if there is no receiver now. A later [`subscribe`](Self::subscribe)
    /// makes one.
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.send_with_weight(value, 0)
    }

    /// As [`send`](Self::send), for a value with a weight; `send` gives its values the weight 0. If the kept
    /// values then weigh more than the maximum of [`channel_with_weight`], the oldest are dropped.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_with_weight(&self, value: T, weight: u64) -> Result<usize, SendError<T>> {
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared);
        let receivers = state.receivers;
        if receivers == 0 {
            return Err(SendError(value));
        }
        let heavy = state.evict_weight(u64::MAX - weight, 0); // B6
        let evicted = state.push(value, weight);
        let max_weight = state.max_weight;
        let heavier = state.evict_weight(max_weight, 1);
        state.waiters.drain(&mut woken); // B4
        note(Kind::Sent, Thing::Broadcast as u8, id(&self.shared));
        drop(state);
        wake_all(&mut woken);
        drop((evicted, heavy, heavier));
        Ok(receivers)
    }

    /// Returns a new receiver, which gets what is sent from now on.
    pub fn subscribe(&self) -> Receiver<T> {
        subscribe(&self.shared)
    }
}

impl<T> Sender<T> {
    /// Returns the number of receivers.
    pub fn receiver_count(&self) -> usize {
        shim::lock(&self.shared).receivers
    }

    /// Returns how many values are kept for receivers that have not read them yet.
    pub fn len(&self) -> usize {
        shim::lock(&self.shared).slots.len()
    }

    /// Returns whether no value is kept: every receiver has read everything.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the weight of the values that are kept.
    pub fn weight(&self) -> u64 {
        let state = shim::lock(&self.shared);
        state.weight_from(state.head)
    }

    /// Drops the oldest kept values until the rest weighs at most `max_weight`, or only the newest is left.
    /// Receivers that had not read them get [`RecvError::Lagged`].
    ///
    /// ```
    /// use executor::sync::broadcast::{self, TryRecvError};
    ///
    /// let (sender, mut receiver) = broadcast::channel(8);
    /// for value in 0..5 {
    ///     sender.send_with_weight(value, 10).unwrap();
    /// }
    /// sender.shrink_to_weight(25);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(3)));
    /// assert_eq!(receiver.try_recv(), Ok(3));
    /// ```
    pub fn shrink_to_weight(&self, max_weight: u64) {
        let mut state = shim::lock(&self.shared);
        let heavy = state.evict_weight(max_weight, 1);
        drop(state);
        drop(heavy);
    }
}

/// Identifies a channel in a recording.
fn id<T>(shared: &Arc<shim::Mutex<State<T>>>) -> usize {
    Arc::as_ptr(shared).addr()
}

fn subscribe<T>(shared: &Arc<shim::Mutex<State<T>>>) -> Receiver<T> {
    let mut state = shim::lock(shared);
    state.receivers += 1;
    state.at_tail += 1;
    Receiver { shared: Arc::clone(shared), next: state.tail() }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        shim::lock(&self.shared).senders += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut woken = Vec::new();
        let mut state = shim::lock(&self.shared);
        state.senders -= 1;
        if state.senders == 0 {
            note(Kind::Closed, Thing::Broadcast as u8, id(&self.shared));
        }
        if state.senders == 0 && !fault("close_wakes_no_receiver") {
            state.waiters.drain(&mut woken); // B4
        }
        drop(state);
        wake_all(&mut woken);
    }
}

impl<T: Clone> Receiver<T> {
    /// Waits for the next value and returns it.
    ///
    /// Cancel-safe: a future that is dropped before it is ready has read nothing.
    ///
    /// # Errors
    /// [`RecvError::Lagged`] once, with the number of values that were dropped before this receiver read
    /// them. The next call continues with the oldest kept value. [`RecvError::Closed`] when every sender is
    /// gone and this receiver has read everything.
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> + Unpin {
        Recv { receiver: self, key: None }
    }

    /// Returns the next value if there is one now. It never waits.
    ///
    /// # Errors
    /// [`TryRecvError`]: as for [`recv`](Self::recv), or there is none now.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let look = shim::lock(&self.shared).look(&mut self.next);
        self.record(&look);
        match look {
            Look::Value(value) => Ok(Arc::unwrap_or_clone(value)), // B5
            Look::Lagged(missed) => Err(TryRecvError::Lagged(missed)),
            Look::Empty => Err(TryRecvError::Empty),
            Look::Closed => Err(TryRecvError::Closed),
        }
    }

    /// Returns the weight of the kept values that this receiver has not read. See [`channel_with_weight`].
    pub fn weight(&self) -> u64 {
        shim::lock(&self.shared).weight_from(self.next)
    }

    /// Returns a new receiver, which gets what is sent from now on. On a closed channel it gets
    /// [`RecvError::Closed`].
    #[must_use]
    pub fn resubscribe(&self) -> Self {
        subscribe(&self.shared)
    }

    fn record(&self, look: &Look<T>) {
        match look {
            Look::Value(_) => note(Kind::Received, Thing::Broadcast as u8, id(&self.shared)),
            Look::Lagged(missed) => {
                record_value(Kind::Lagged, Thing::Broadcast as u8, id(&self.shared), *missed);
            }
            Look::Empty | Look::Closed => {}
        }
    }

    fn poll_recv(&mut self, key: &mut Option<Key>, waker: &Waker) -> Poll<Result<T, RecvError>> {
        let look = ready!(poll_lazily(waker, |waker| {
            let mut state = shim::lock(&self.shared);
            if waker.is_owned() && fault("look_then_list") {
                state.waiters.register(key, waker);
                return Poll::Pending;
            }
            match state.look(&mut self.next) {
                Look::Empty => {
                    state.waiters.register(key, waker);
                    record_wait(Thing::Broadcast, id(&self.shared), waker.as_borrowed());
                    Poll::Pending
                }
                look => Poll::Ready(look),
            }
        }));
        // B4: a send, or the drop of the last sender, has taken our waker.
        *key = None;
        self.record(&look);
        Poll::Ready(match look {
            Look::Value(value) => Ok(Arc::unwrap_or_clone(value)), // B5
            Look::Lagged(missed) => Err(RecvError::Lagged(missed)),
            Look::Empty | Look::Closed => Err(RecvError::Closed),
        })
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let unneeded = shim::lock(&self.shared).leave(self.next);
        drop(unneeded);
    }
}

/// The future of [`Receiver::recv`].
struct Recv<'a, T> {
    receiver: &'a mut Receiver<T>,
    /// Set while it waits, and when it was woken but not polled since.
    key: Option<Key>,
}

impl<T: Clone> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let this = &mut *self;
        let received = ready!(this.receiver.poll_recv(&mut this.key, cx.waker()));
        budget::spend();
        Poll::Ready(received)
    }
}

impl<T> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            note(Kind::GaveUp, Thing::Broadcast as u8, id(&self.receiver.shared));
            // A wake need not be passed on: a send wakes every receiver.
            let was = shim::lock(&self.receiver.shared).waiters.remove(key);
            drop(was);
        }
    }
}

/// Why [`Receiver::recv`] returned no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// Every sender is gone, and this receiver has read everything.
    Closed,
    /// This number of values was dropped before the receiver read them.
    Lagged(u64),
}

/// Why [`Receiver::try_recv`] returned no value.
///
/// ```
/// use executor::sync::broadcast::{self, TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel(1);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// sender.send("pushed out").unwrap();
/// sender.send("kept").unwrap();
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(1)));
/// assert_eq!(receiver.try_recv(), Ok("kept"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is nothing to read now.
    Empty,
    /// Every sender is gone, and this receiver has read everything.
    Closed,
    /// This number of values was dropped before the receiver read them.
    Lagged(u64),
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

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("every sender is gone"),
            Self::Lagged(missed) => write!(f, "the receiver was too slow and missed {missed}"),
        }
    }
}

impl std::error::Error for RecvError {}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is nothing to read"),
            Self::Closed => RecvError::Closed.fmt(f),
            Self::Lagged(missed) => RecvError::Lagged(*missed).fmt(f),
        }
    }
}

impl std::error::Error for TryRecvError {}
