//! Exercises of the chapter "Groups, and broadcast channels": `stubs/chat_broadcast.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_broadcast.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_broadcast.rs")]
mod chat_broadcast;

use std::sync::Arc;

use chat_broadcast::deliver;
use executor::sync::broadcast;
use exercises::Noted;
use futures_lite::future::{block_on, poll_once};

fn line(number: u32) -> Arc<str> {
    number.to_string().into()
}

#[test]
fn exercise_1_what_it_got_and_what_it_lost_add_up() {
    let (sender, receiver) = broadcast::channel(4);
    for number in 0..10 {
        sender.send(line(number)).expect("somebody listens");
    }
    drop(sender);
    let mut to = Noted::default();
    block_on(deliver(receiver, &mut to)).expect("memory");
    assert_eq!(to.text(), "lost 6\n6\n7\n8\n9\n");
}

#[test]
fn exercise_2_what_is_ready_goes_in_one_write() {
    let (sender, receiver) = broadcast::channel(16);
    let mut to = Noted::default();
    {
        let mut delivery = Box::pin(deliver(receiver, &mut to));
        assert!(block_on(poll_once(&mut delivery)).is_none());
        sender.send(line(0)).expect("somebody listens");
        assert!(block_on(poll_once(&mut delivery)).is_none(), "it waits for more, and has written this one");
        for number in 1..6 {
            sender.send(line(number)).expect("somebody listens");
        }
        drop(sender);
        block_on(delivery).expect("memory");
    }
    assert_eq!(to.text(), "0\n1\n2\n3\n4\n5\n");
    assert_eq!(to.writes.len(), 2, "a lone line does not wait, and five that are ready go together");
}
