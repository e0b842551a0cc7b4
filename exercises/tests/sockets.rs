//! Exercises of the chapter "Sockets, and what is not a socket": `stubs/sockets.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/sockets.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/sockets.rs")]
mod sockets;

use std::cell::Cell;
use std::io::{Write, pipe};
use std::rc::Rc;
use std::time::Duration;

use executor::task;
use exercises::ends;
use sockets::{copy_yielding, read_within};

#[test]
fn exercise_1_what_is_in_the_pipe_is_read() {
    let (reader, mut writer) = pipe().expect("a pipe");
    writer.write_all(b"tea").expect("there is room");
    let read = task::block_on(read_within(reader, Duration::from_secs(60))).expect("it can be read");
    assert_eq!(read.as_deref(), Some(&b"tea"[..]));
}

#[test]
fn exercise_1_an_empty_pipe_does_not_hold_the_thread() {
    let read = ends("the read blocks its thread, and the timeout never comes", || {
        let (reader, writer) = pipe().expect("a pipe");
        let read = task::block_on(read_within(reader, Duration::from_millis(1))).expect("it can be read");
        drop(writer);
        read
    });
    assert_eq!(read, None);
}

#[test]
fn exercise_2_the_others_have_their_turns() {
    let bytes = vec![7; 1 << 20];
    let mut copy = Vec::new();
    let turns = Rc::new(Cell::new(0));
    let neighbour = task::spawn_local({
        let turns = turns.clone();
        async move {
            loop {
                turns.set(turns.get() + 1);
                task::yield_now().await;
            }
        }
    });
    let copied = task::block_on(copy_yielding(&mut &bytes[..], &mut copy)).expect("memory can be copied");
    neighbour.abort();
    assert_eq!(copied, 1 << 20);
    assert!(copy == bytes, "the copy differs");
    let turns = turns.get();
    assert!(turns > 30, "while a mebibyte was copied the neighbour had {turns} turns");
}
