//! Exercises of the chapter "Sockets, and what is not a socket": `stubs/sockets.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/sockets.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/sockets.rs")]
mod sockets;

use std::cell::Cell;
use std::io::{self, Write, pipe};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use executor::task;
use exercises::{Recorder, ends};
use reactor::io::AsyncWrite;
use sockets::{copy_yielding, read_within};

#[test]
fn exercise_1_what_is_in_the_pipe_is_read() {
    let read = ends("there are bytes in the pipe, but it waits for more", || {
        let (reader, mut writer) = pipe().expect("a pipe");
        writer.write_all(b"tea").expect("there is room");
        task::block_on(read_within(reader, Duration::from_secs(60))).expect("it can be read")
    });
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
fn exercise_2_a_writer_that_takes_little_gets_all() {
    let text = "tea with milk ".repeat(1000);
    let mut writer = Recorder { most: 1000, slow: true, ..Recorder::default() };
    let copied = ends("the copy never ends", {
        let text = text.clone();
        move || {
            (task::block_on(copy_yielding(&mut text.as_bytes(), &mut writer)).expect("it is copied"), writer)
        }
    });
    assert_eq!(copied.0, text.len() as u64);
    assert!(copied.1.text() == text, "some of the bytes were not written");
}

/// A writer to memory that counts the bytes between two turns of the neighbour.
struct Watched {
    bytes: Vec<u8>,
    turns: Rc<Cell<u32>>,
    seen: u32,
    in_a_row: usize,
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let turns = self.turns.get();
        if turns > self.seen {
            (self.seen, self.in_a_row) = (turns, 0);
        }
        self.in_a_row += from.len();
        assert!(self.in_a_row <= 4 * 4096, "{} bytes without a turn of the neighbour", self.in_a_row);
        self.bytes.extend_from_slice(from);
        Poll::Ready(Ok(from.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn exercise_2_the_others_have_their_turns() {
    let bytes = vec![7; 1 << 20];
    let turns = Rc::new(Cell::new(0));
    let mut copy = Watched { bytes: Vec::new(), turns: turns.clone(), seen: 0, in_a_row: 0 };
    let neighbour = task::spawn_local(async move {
        loop {
            turns.set(turns.get() + 1);
            task::yield_now().await;
        }
    });
    let copied = task::block_on(copy_yielding(&mut &bytes[..], &mut copy)).expect("memory can be copied");
    neighbour.abort();
    assert_eq!(copied, 1 << 20);
    assert!(copy.bytes == bytes, "the copy differs");
}
