//! A waker reports each of its clones, and the report asks the channel that is about to store it.
//!
//! Called by `exhibits`; the exhibit is `exhibits/waker_cloned_under_a_lock.md`.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::task::Context;
use std::thread;

use executor::sync::mpsc;

use super::{PATIENCE, Seen, hooked};

pub(super) fn show() -> Seen {
    let (end, ended) = channel();
    // On a thread of its own, which never ends if it waits for itself.
    thread::spawn(move || {
        let (sender, _receiver) = mpsc::channel(1);
        _ = sender.try_send(0);
        let asked = sender.clone();
        let waker = hooked::hooked(move || _ = asked.is_closed());
        // The channel is full: the send has to wait, and to store the waker.
        let mut send = sender.send(1);
        let waits = Pin::new(&mut send).poll(&mut Context::from_waker(&waker)).is_pending();
        _ = end.send(waits);
    });
    match ended.recv_timeout(PATIENCE) {
        Ok(true) => {
            Ok("the waker was cloned and stored, and its clone used the channel meanwhile".to_owned())
        }
        Ok(false) => Err("the channel is full, and the send did not wait".to_owned()),
        Err(RecvTimeoutError::Timeout) => Err(format!(
            "one poll of a send has not returned for {} s: its thread holds the channel's lock and clones the \
             waker, and the clone waits for that lock",
            PATIENCE.as_secs()
        )),
        Err(RecvTimeoutError::Disconnected) => {
            Err("the clone tried to take the lock that its own thread holds, and panicked".to_owned())
        }
    }
}
