//! Exercises of the chapter "The client": `stubs/chat_client.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_client.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_client.rs")]
mod chat_client;

use std::future::{pending, ready};

use chat_client::{Command, first_of, parse};
use exercises::ends;
use futures_lite::future::{block_on, yield_now};

#[test]
fn exercise_1_the_first_that_is_ready() {
    ends("one of the two is ready, but is not polled", || {
        let mut turn = false;
        assert_eq!(block_on(first_of(&mut turn, pending(), ready(1))), 1);
        assert_eq!(block_on(first_of(&mut turn, pending(), ready(1))), 1);
        assert_eq!(block_on(first_of(&mut turn, ready(2), pending())), 2);
        assert_eq!(block_on(first_of(&mut turn, ready(2), pending())), 2);
        let later = async {
            yield_now().await;
            3
        };
        assert_eq!(block_on(first_of(&mut turn, later, pending())), 3, "both are polled again");
    });
}

#[test]
fn exercise_1_neither_starves() {
    let mut turn = false;
    let got: Vec<u32> = (0..10).map(|_| block_on(first_of(&mut turn, ready(1), ready(2)))).collect();
    assert_eq!(got.iter().filter(|one| **one == 1).count(), 5, "{got:?}");
}

#[test]
fn exercise_2_leave_is_understood() {
    assert_eq!(parse("leave tea\n"), Some(Command::Leave { group: "tea".to_owned() }));
    assert_eq!(parse("leave"), None);
    assert_eq!(parse("leave tea now"), None);
    assert_eq!(parse("join tea"), Some(Command::Join { group: "tea".to_owned() }));
}
