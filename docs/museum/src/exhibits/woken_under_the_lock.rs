//! A receive makes room, and wakes a sender whose waker uses the same channel.
//!
//! Called by `exhibits`; the exhibit is `exhibits/woken_under_the_lock.md`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::task::{Context, Wake, Waker};
use std::thread;

use executor::sync::mpsc::{self, Sender};

use super::{PATIENCE, Seen};

/// A waker that does not queue a task: it does something at once.
struct UsesTheChannel(Sender<u32>);

impl Wake for UsesTheChannel {
    fn wake(self: Arc<Self>) {
        _ = self.0.is_closed();
    }
}

pub(super) fn show() -> Seen {
    let (end, ended) = channel();
    // On a thread of its own, which never ends if it waits for itself.
    thread::spawn(move || {
        let (sender, mut receiver) = mpsc::channel(1);
        _ = sender.try_send(1);
        let waker = Waker::from(Arc::new(UsesTheChannel(sender.clone())));
        let mut waiting = sender.send(2);
        let waits = Pin::new(&mut waiting).poll(&mut Context::from_waker(&waker)).is_pending();
        let received = receiver.try_recv();
        _ = end.send((waits, received));
    });
    match ended.recv_timeout(PATIENCE) {
        Ok((true, Ok(1))) => {
            Ok("a receive returned its value, and woke a sender whose waker uses the channel".to_owned())
        }
        Ok(other) => Err(format!("the send and the receive returned {other:?}")),
        Err(RecvTimeoutError::Timeout) => Err(format!(
            "a receive has not returned for {} s: it woke a sender while it held the channel's lock, and the waker \
             waits for that lock, on the same thread",
            PATIENCE.as_secs()
        )),
        Err(RecvTimeoutError::Disconnected) => {
            Err("a waker tried to take the lock that its own thread holds, and panicked".to_owned())
        }
    }
}
