//! Two senders wait for room in a channel. The first is given room, and is cancelled before it is polled again.
//!
//! Called by `exhibits`; the exhibit is `exhibits/room_freed_in_silence.md`.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use executor::sync::mpsc;

use super::{Flag, Seen, text};

pub(super) fn show() -> Seen {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(1).map_err(text)?;
    let (first, second) = (Flag::new(), Flag::new());
    let (mut gives_up, mut next) = (sender.send(2), sender.send(3));
    let poll_first = Pin::new(&mut gives_up).poll(&mut Context::from_waker(&first.waker()));
    let poll_second = Pin::new(&mut next).poll(&mut Context::from_waker(&second.waker()));
    if poll_first.is_ready() || poll_second.is_ready() {
        return Err("the channel is full, and a send did not wait".to_owned());
    }
    receiver.try_recv().map_err(text)?; // The room is promised to the first sender, which is woken,
    if !first.is_set() || second.is_set() {
        return Err("the room was not given to the sender that had waited longest".to_owned());
    }
    drop(gives_up); // and is cancelled before it is polled.
    if second.is_set() {
        return Ok("a sender was cancelled just after it was given room, and the next one was woken".to_owned());
    }
    Err("the channel is empty, and a sender waits for room: the one before it gave its room back when it was \
         cancelled, and woke nobody"
        .to_owned())
}
