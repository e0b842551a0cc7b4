//! Exercises of the chapter "A web client": `stubs/using_web.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/using_web.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/using_web.rs")]
mod using_web;

use std::future::{pending, ready};
use std::pin::Pin;
use std::time::Duration;

use executor::task;
use exercises::ends;
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
    assert!(Chunked::default().feed(b"ffffffffffffffff\r\n").is_err(), "no chunk can be that long");
}

#[test]
fn exercise_2_the_step_that_is_late_is_named() {
    let late = ends("a step never ends, and the limit does not end it", || {
        let steps: Vec<Pin<Box<dyn Future<Output = ()> + Send>>> =
            vec![Box::pin(ready(())), Box::pin(pending()), Box::pin(ready(()))];
        task::block_on(within(Duration::from_millis(50), steps))
    });
    assert_eq!(late, Err(1));
}

#[test]
fn exercise_2_one_deadline_for_all() {
    let step = || async { sleep(Duration::from_millis(40)).await }; // The time runs from the first poll.
    let outcome = task::block_on(within(Duration::from_millis(100), (0..50).map(|_| step()).collect()));
    let late = outcome.expect_err("fifty steps take two seconds");
    assert!(late <= 2, "step {late} was still started");
    let limit = Duration::from_secs(60);
    let mut steps: Vec<Pin<Box<dyn Future<Output = ()>>>> =
        (0..10_000).map(|_| Box::pin(ready(())) as _).collect();
    steps.insert(0, Box::pin(step()));
    assert_eq!(task::block_on(within(limit, steps)), Ok(()), "a long step, and many that take no time");
    let quick = vec![sleep(Duration::ZERO), sleep(Duration::ZERO)];
    assert_eq!(task::block_on(within(Duration::from_secs(60), quick)), Ok(()));
}
