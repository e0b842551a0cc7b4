//! Exercises of the chapter "A web client": `stubs/using_web.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/using_web.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/using_web.rs")]
mod using_web;

use std::time::Duration;

use executor::task;
use reactor::time::sleep;
use using_web::{Chunked, within};

const BODY: &[u8] = b"5\r\nhello\r\nD\r\n, dear world!\r\n0\r\n\r\n";

#[test]
fn exercise_1_the_body_does_not_depend_on_the_pieces() {
    for size in 1..BODY.len() {
        let mut chunked = Chunked::default();
        for piece in BODY.chunks(size) {
            assert_eq!(chunked.body(), None, "it has not ended yet");
            chunked.feed(piece).expect("it is well-formed");
        }
        assert_eq!(chunked.body(), Some(&b"hello, dear world!"[..]), "in pieces of {size}");
    }
}

#[test]
fn exercise_1_nonsense_is_an_error() {
    assert!(Chunked::default().feed(b"tea\r\n").is_err());
    assert!(Chunked::default().feed(b"2\r\nabc\r\n").is_err());
}

#[test]
fn exercise_2_one_deadline_for_all() {
    let step = || async { sleep(Duration::from_millis(40)).await }; // The time runs from the first poll.
    let outcome = task::block_on(within(Duration::from_millis(100), (0..50).map(|_| step()).collect()));
    let late = outcome.expect_err("fifty steps take two seconds");
    assert!(late <= 2, "step {late} was still started");
    let quick = vec![sleep(Duration::ZERO), sleep(Duration::ZERO)];
    assert_eq!(task::block_on(within(Duration::from_secs(60), quick)), Ok(()));
}
