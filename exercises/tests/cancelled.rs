//! Exercises of the chapter "Cancelled": `stubs/cancelled.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/cancelled.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/cancelled.rs")]
mod cancelled;

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use cancelled::{Messages, at_each_wait, drop_at, lines_and_notices};
use executor::future::poll_once;
use executor::sync::{mpsc, oneshot};
use executor::task::{block_on, yield_now};
use exercises::{Calls, Pieces, ends};
use reactor::io::AsyncRead;

/// A reader that sends a notice after each piece, and waits until the notice was received.
struct Interrupted {
    pieces: VecDeque<&'static [u8]>,
    notices: mpsc::Sender<String>,
    begun: bool,
    waits: bool,
    polls: usize,
}

impl AsyncRead for Interrupted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.waits && self.notices.capacity() < self.notices.max_capacity() {
            self.polls += 1;
            assert!(self.polls < 1_000, "a notice has to wait for the end of a line");
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.waits {
            self.waits = false;
        } else if self.begun && !self.pieces.is_empty() {
            self.notices.try_send("a notice".to_owned()).expect("there is room");
            self.waits = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.begun = true;
        let Some(piece) = self.pieces.pop_front() else { return Poll::Ready(Ok(0)) };
        into[..piece.len()].copy_from_slice(piece);
        Poll::Ready(Ok(piece.len()))
    }
}

#[test]
fn exercise_1_a_notice_takes_no_part_of_a_line() {
    let all = ends("it hangs", || {
        let (sender, notices) = mpsc::channel(1);
        let pieces = [&b"te"[..], b"a\nmi", b"lk", b"\nr", b"ye\n"];
        let reader =
            Interrupted { pieces: pieces.into(), notices: sender, begun: false, waits: false, polls: 0 };
        block_on(lines_and_notices(reader, notices))
    });
    let all = all.expect("memory can be read");
    assert_eq!(
        all,
        ["a notice", "tea", "a notice", "a notice", "milk", "a notice", "rye"],
        "each line once and whole, and each notice when it came"
    );
}

#[test]
fn exercise_1_the_lines_outlive_the_notices() {
    let all = ends("it hangs: a channel without senders is always ready", || {
        let (sender, notices) = mpsc::channel(1);
        sender.try_send("the last notice".to_owned()).expect("there is room");
        drop(sender);
        block_on(lines_and_notices(Pieces::of(&[b"te", b"a\nmi", b"lk\n"]), notices))
    });
    let mut all = all.expect("memory can be read");
    all.sort_unstable();
    assert_eq!(all, ["milk", "tea", "the last notice"]);
}

/// A future that waits this often, and counts its polls.
async fn waits(times: usize, polls: Rc<Cell<usize>>) -> &'static str {
    for _ in 0..times {
        polls.set(polls.get() + 1);
        yield_now().await;
    }
    polls.set(polls.get() + 1);
    "the end"
}

#[test]
fn exercise_2_it_is_dropped_at_that_wait() {
    for wait in 0..6 {
        let polls = Rc::new(Cell::new(0));
        let mut dropping = Box::pin(drop_at(wait, waits(3, Rc::clone(&polls))));
        let mut poll = || dropping.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let polled = (0..10).map(|_| poll()).find(Poll::is_ready);
        assert_eq!(polled, Some(Poll::Ready((wait > 3).then_some("the end"))), "at wait {wait} of 3");
        assert_eq!(polls.get(), wait.min(4), "polls, if it is dropped at wait {wait}");
        assert_eq!(Rc::strong_count(&polls), 1, "the future is still there");
    }
}

#[test]
fn exercise_2_it_is_dropped_at_once() {
    let (sender, receiver) = oneshot::channel::<()>();
    let mut dropped = Box::pin(drop_at(1, receiver));
    let polled = dropped.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready(None), "when it begins to wait, and not at the next poll");
    assert!(sender.is_closed(), "the receiver is dropped");
}

#[test]
fn exercise_2_it_can_be_woken_until_then() {
    let (sender, receiver) = oneshot::channel();
    let (calls, waker) = Calls::waker();
    let mut waiting = Box::pin(drop_at(2, receiver));
    assert_eq!(waiting.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
    sender.send(7).expect("a receiver");
    assert_eq!(calls.count(), 1, "the future got another waker");
    assert_eq!(waiting.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(Some(Ok(7))));
}

#[test]
fn exercise_2_each_wait_has_its_run() {
    let (times, runs) = ends("it hangs", || {
        let mut runs = Vec::new();
        let times = block_on(at_each_wait(async |wait| {
            runs.push(wait);
            assert!(runs.len() < 10, "the run that returned an output was the last");
            (wait > 3).then_some("the end")
        }));
        (times, runs)
    });
    assert_eq!(runs, [0, 1, 2, 3, 4]);
    assert_eq!(times, 3, "it ended in run 4, so it had waited three times");
}

#[test]
fn exercise_3_a_message_of_a_dropped_worker_is_the_next() {
    let messages = Messages::new();
    messages.push("tea");
    messages.push("milk");
    let mut worker = Box::pin(async {
        let message = messages.take().await;
        std::future::pending::<()>().await;
        message.done()
    });
    assert!(block_on(poll_once(&mut worker)).is_none());
    drop(worker);
    for expected in ["tea", "milk"] {
        let taken = block_on(poll_once(Box::pin(messages.take())));
        let taken = taken.expect("the message is lost");
        assert_eq!((*taken, taken.done()), (expected, expected), "it goes back to its place");
    }
}

#[test]
fn exercise_3_another_worker_is_woken() {
    let messages = Messages::new();
    messages.push("tea");
    let first = block_on(messages.take());
    let (calls, waker) = Calls::waker();
    let mut second = Box::pin(messages.take());
    // It finds nothing, and waits. The stored notice of the push may make it look twice.
    for _ in 0..2 {
        assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    drop(first);
    assert_eq!(calls.count(), 1, "it waits beside a message");
    let Poll::Ready(taken) = second.as_mut().poll(&mut Context::from_waker(&waker)) else {
        panic!("the message is there");
    };
    assert_eq!(taken.done(), "tea");
}

#[test]
fn exercise_3_what_is_done_does_not_come_back() {
    let messages = Messages::new();
    messages.push("tea");
    assert_eq!(block_on(messages.take()).done(), "tea");
    assert!(block_on(poll_once(Box::pin(messages.take()))).is_none(), "it was done");
}
