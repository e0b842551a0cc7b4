//! Two senders wait for room in a channel. There is room for both, and the first is not polled any more.
//!
//! Called by `exhibits`; the exhibit is `exhibits/one_sleeper_stops_the_others.md`.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use executor::sync::mpsc;
use executor::task::block_on;

use super::{Flag, Seen, text};

pub(super) fn show() -> Seen {
    let (sender, mut receiver) = mpsc::channel(2);
    sender.try_send(1).map_err(text)?;
    sender.try_send(2).map_err(text)?;
    let (first, second) = (Flag::new(), Flag::new());
    let (mut kept, mut wanted) = (sender.send(3), sender.send(4));
    let poll_kept = Pin::new(&mut kept).poll(&mut Context::from_waker(&first.waker()));
    let poll_wanted = Pin::new(&mut wanted).poll(&mut Context::from_waker(&second.waker()));
    if poll_kept.is_ready() || poll_wanted.is_ready() {
        return Err("the channel is full, and a send did not wait".to_owned());
    }
    block_on(async {
        receiver.recv().await;
        receiver.recv().await;
    });
    match (first.is_set(), second.is_set()) {
        (true, true) => Ok("two values were received, and both senders that waited were woken, although the first \
                            is never polled again"
            .to_owned()),
        (true, false) => Err("both values were received, and the channel is empty. Two senders waited: only the \
                              first was woken, which is kept and not polled. The second waits for ever beside a \
                              channel with room, since no sender is woken while an earlier one has not used its \
                              room"
            .to_owned()),
        (false, _) => Err("there is room, and the first sender was not woken".to_owned()),
    }
}
