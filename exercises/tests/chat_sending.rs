//! Exercises of the chapter "Sending packets": `stubs/chat_sending.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_sending.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_sending.rs")]
mod chat_sending;

use chat_sending::{Sender, send_all};
use exercises::Recorder;
use futures_lite::future::{block_on, poll_once};

/// What each write gets, of at most ten bytes.
fn writes(lines: &[&str]) -> Vec<String> {
    let mut to = Recorder::default();
    block_on(send_all(&mut to, lines, 10)).expect("memory");
    to.writes.into_iter().map(|write| String::from_utf8(write).expect("whole lines")).collect()
}

#[test]
fn exercise_1_many_lines_go_in_few_writes() {
    assert_eq!(
        writes(&["one", "two", "three", "a longer line", "four"]),
        ["one\ntwo\n", "three\n", "a longer line\n", "four\n"]
    );
    assert_eq!(writes(&["four", "five"]), ["four\nfive\n"], "these are ten bytes");
    assert_eq!(writes(&["four", "three"]), ["four\n", "three\n"], "these would be eleven");
    assert_eq!(writes(&[]), [""; 0]);
}

#[test]
fn exercise_2_a_flush_that_is_dropped_repeats_nothing() {
    let mut sender = Sender::new(Recorder { most: 3, slow: true, ..Recorder::default() });
    sender.push("hello");
    sender.push("world");
    let mut times = 0;
    // Each flush gets a little further, and is then dropped.
    while block_on(poll_once(sender.flush())).is_none() {
        times += 1;
        assert!(times < 100, "it never finishes");
    }
    assert_eq!(sender.get_ref().text(), "hello\nworld\n");
}

#[test]
fn exercise_2_lines_may_come_in_between() {
    let mut sender = Sender::new(Recorder { most: 4, slow: true, ..Recorder::default() });
    sender.push("first");
    assert!(block_on(poll_once(sender.flush())).is_none());
    sender.push("second");
    block_on(sender.flush()).expect("memory");
    assert_eq!(sender.get_ref().text(), "first\nsecond\n");
}
