//! Exercises of the chapter "Groups, and broadcast channels": `stubs/chat_broadcast.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_broadcast.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_broadcast.rs")]
mod chat_broadcast;

use std::sync::Arc;

use chat_broadcast::deliver;
use executor::sync::broadcast;
use exercises::Recorder;
use futures_lite::future::{block_on, poll_once};

fn line(number: u32) -> Arc<str> {
    number.to_string().into()
}

#[test]
fn exercise_1_what_it_got_and_what_it_lost_add_up() {
    let (sender, receiver) = broadcast::channel(4);
    for number in 0..10 {
        sender.send(line(number)).expect("there is a receiver");
    }
    drop(sender);
    let mut to = Recorder::default();
    block_on(deliver(receiver, &mut to)).expect("memory");
    assert_eq!(to.text(), "lost 6\n6\n7\n8\n9\n");
}

#[test]
fn exercise_2_what_is_ready_goes_in_one_write() {
    let (sender, receiver) = broadcast::channel(16);
    let mut to = Recorder::default();
    {
        let mut delivery = Box::pin(deliver(receiver, &mut to));
        assert!(block_on(poll_once(&mut delivery)).is_none());
        sender.send(line(0)).expect("there is a receiver");
        assert!(block_on(poll_once(&mut delivery)).is_none(), "it has written this line, and waits for more");
        for number in 1..6 {
            sender.send(line(number)).expect("there is a receiver");
        }
        drop(sender);
        block_on(delivery).expect("memory");
    }
    assert_eq!(to.text(), "0\n1\n2\n3\n4\n5\n");
    assert_eq!(to.writes.len(), 2, "a single line is not held back, and five that are ready go together");
}
