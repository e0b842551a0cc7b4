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
//! - [readers-add-up]  The readers of all slots and `at_tail` add up to `receivers`.
//! - [front-has-readers]  The front slot has readers: a front slot without readers is dropped at once.
//! - [counted-at-head]  When a front slot that has readers is dropped, they move to the new front. So a receiver whose
//!   own position is before `head` is counted at `head`, and the difference is the number of values it missed.
//! - [all-wakers-taken]  A waker in the wait list belongs to a receiver that has read everything, and the channel is
//!   open. A send takes all of the wakers, and so does the drop of the last sender. The drop of the last receiver takes
//!   the wakers of the senders that wait for that.
//! - [cloned-unlocked]  A value is in an `Arc`. Under the lock only its count changes, the value is cloned after
//!   unlocking, and the last reader gets the value itself without a clone. So several threads may clone one value at
//!   the same time: the ends are `Send` only if the values are `Sync`.
//! - [weight-is-difference]  Each slot knows the weight that was sent before it. So the weight of what is kept, or of
//!   what a receiver has not read, is a difference. The sums may wrap around: the kept weight is below 2^64. The
//!   newest value stays, whatever its weight.
//!
//! The files: `ring` is what is under the lock, `receiver` and `sender` are the ends. Next: `ring`.

use std::collections::VecDeque;
use std::sync::Arc;

use reactor::record::{Kind, Thing, note};
use reactor::shim;
use reactor::wait_list::WaitList;

mod receiver;
mod ring;
mod sender;

pub use crate::sync::send_error::SendError;
pub use receiver::{Receiver, RecvError, TryRecvError};
pub use sender::Sender;

/// Makes a channel that keeps at most `capacity` values for receivers that have not read them yet.
///
/// Slots are allocated as they are used. Memory is given back when less than a quarter of it is in use,
/// except for 1 KiB while there is a receiver.
///
/// To send the ends to other threads the values must be `Send` and `Sync`. Receivers clone a value after the lock was
/// released, because a clone may be slow, or use the channel; so two threads may clone one value at the same time. A
/// type that is not `Sync` can be put into a mutex, and that into an `Arc`.
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
    let shared = Arc::new(shim::Mutex::new(ring::State {
        capacity,
        max_weight,
        sent_weight: 0,
        slots: VecDeque::new(),
        head: 0,
        at_tail: 1,
        receivers: 1,
        senders: 1,
        waiters: WaitList::new(),
        closing: WaitList::new(),
    }));
    note(Kind::New, Thing::Broadcast as u8, ring::id(&shared));
    let sender = Sender { shared: Arc::clone(&shared) };
    (sender, Receiver::at(shared, 0))
}
