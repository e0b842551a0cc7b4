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
//! - [version-with-value]  The version changes while the value is locked for writing. So a task that reads both while
//!   it has the value locked has the version of that value.
//! - [compare-and-join]  A receiver compares the versions and joins the waiters under one hold of the state's lock. A
//!   send comes before that, and then the versions differ, or after it, and then the receiver is woken. The same holds
//!   for the end of the last sender, and for [`Sender::closed`] and the end of the last receiver.
//! - [value-first]  The value is locked before the state. What [`Sender::send`] replaces is dropped outside of both.
//!
//! The value's lock blocks the thread, and is held while a [`Ref`] exists. So a `Ref` cannot be held across an
//! `.await` in a task of the pool: it is not `Send`.
//!
//! The files: `state` is what the ends share, `sender` and `receiver` are the ends. Next: `state`.

use std::sync::Arc;

use reactor::record::{Kind, Thing, note};

mod receiver;
mod sender;
mod state;

pub use crate::sync::send_error::SendError;
pub use receiver::{Receiver, RecvError, Ref};
pub use sender::Sender;

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
    let shared = Arc::new(state::Shared::new(value));
    note(Kind::New, Thing::Watch as u8, shared.id());
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared, seen: 0 })
}
