//! A channel from many senders to one receiver, bounded or not.
//!
//! Without a bound, senders that are faster than the receiver would fill the memory. With a bound a sender
//! must wait for room. If a receive merely made room and woke a sender, a new sender could use the room
//! before the woken one is polled, and the woken one would wait again, perhaps for ever. So the room is promised
//! to the sender that is woken.
//!
//! ```text
//!   send ─▶ ┌─────────────────────────┬──────────┬─────────┬──────┐ ─▶ recv
//!           │ queued, oldest first    │ promised │ permits │ free │
//!           └─────────────────────────┴──────────┴─────────┴──────┘
//!   senders that wait:  first ◀── second ◀── third       one waker: the receiver's
//! ```
//!
//! When the receiver takes a value, the room becomes a promise to the first sender that waits: it leaves the
//! wait list, and may push when it is polled. No other sender can overtake it. A value stays in the future of
//! its `send` until it is pushed, so a `send` that is cancelled has sent nothing. A permit is room that its owner
//! has been given, to be used at any time.
//!
//! - [capacity-holds]  Queued, promised and permits together never exceed the capacity.
//! - [room-is-promised]  While a sender waits there is no free room: what frees room promises it to the first sender
//!   that waits, under the same hold of the lock.
//! - [promise-passed-on]  In an open channel a sender whose key is no longer in the wait list holds a promise. If it
//!   gives up, it passes the promise on.
//! - [first-push-wakes]  The receiver stores its waker under the same hold of the lock in which it found the queue
//!   empty. The first push takes the waker, so a hundred pushes wake once.
//! - [end-wakes-all]  The drop of the last sender wakes the receiver. The end of the receiver, by `close` or by its
//!   drop, wakes every sender that waits, for room or for that end.
//! - [permit-passed-on]  A permit that is dropped passes its room on, as [promise-passed-on] says of a promise.
//! - [permits-outlive-close]  A closed channel takes what its permits send, and nothing else: `close` withdraws the
//!   promises, and their senders find it closed. `recv` returns `None` only when no permit is left: the last wakes it.
//!
//! The files: `state` is what is under the lock, `room` waits for room, `sender`, `permit` and `receiver` are the
//! ends, `unbounded` is a sender that never waits. Next: `state`.

use std::collections::VecDeque;
use std::sync::Arc;

use reactor::record::{Kind, Thing, note};
use reactor::shim;
use reactor::wait_list::WaitList;

mod permit;
mod receiver;
mod room;
mod sender;
mod state;
mod unbounded;

pub use crate::sync::send_error::{SendError, TrySendError};
pub use permit::Permit;
pub use receiver::{Receiver, TryRecvError};
pub use sender::Sender;
pub use unbounded::{UnboundedSender, unbounded_channel};

/// Makes a channel that holds at most `capacity` values.
///
/// Memory is allocated as values are queued. It is given back when less than a quarter of it is in use, except
/// for 1 KiB, or room for one value if that is larger.
///
/// # Panics
/// If `capacity` is zero.
///
/// ```
/// use executor::sync::mpsc;
///
/// let (sender, mut receiver) = mpsc::channel(8);
/// executor::task::block_on(async {
///     sender.send("hello").await.unwrap();
///     drop(sender);
///     assert_eq!(receiver.recv().await, Some("hello"));
///     assert_eq!(receiver.recv().await, None);
/// });
/// ```
#[track_caller]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "mpsc::channel: the capacity must not be zero");
    let shared = Arc::new(state::Shared {
        capacity,
        state: shim::Mutex::new(state::State {
            queue: VecDeque::new(),
            receiver: None,
            promised: 0,
            senders: 1,
            end: state::End::Open,
            permits: 0,
            waiters: WaitList::new(),
            closing: WaitList::new(),
        }),
    });
    note(Kind::New, Thing::Receive as u8, shared.id());
    let sender = Sender { shared: Arc::clone(&shared) };
    (sender, Receiver { shared })
}
