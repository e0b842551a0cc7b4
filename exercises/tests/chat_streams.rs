//! Exercises of the chapter "Streams of input": `stubs/chat_streams.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_streams.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_streams.rs")]
mod chat_streams;

use chat_streams::{Words, merge};
use executor::sync::mpsc;
use exercises::{Pieces, ends};
use futures_lite::future::{block_on, poll_once};
use futures_lite::{StreamExt, stream};

#[test]
fn exercise_1_words_do_not_depend_on_the_pieces() {
    let mut words = Words::new(Pieces::of(&[b"  on", b"e two\n", b"three"]));
    for expected in [Some("one"), Some("two"), Some("three"), None] {
        assert_eq!(block_on(words.next()).expect("memory can be read").as_deref(), expected);
    }
}

#[test]
fn exercise_1_a_read_that_is_dropped_loses_nothing() {
    let mut words = Words::new(Pieces::of(&[b"bis", b"cuits ", b"tea"]));
    let begun = block_on(poll_once(words.next()));
    assert!(begun.is_none(), "the word is not complete yet, and now the future is dropped");
    let word = block_on(words.next()).expect("memory can be read");
    assert_eq!(word.as_deref(), Some("biscuits"), "the first part was lost with the future");
    assert_eq!(block_on(words.next()).expect("memory can be read").as_deref(), Some("tea"));
    assert_eq!(block_on(words.next()).expect("memory can be read"), None);
}

#[test]
fn exercise_2_all_items_come_as_they_come() {
    let rest = ends("the other stream has an item, or both have ended, but it waits", || {
        let (sender, receiver) = mpsc::channel(8);
        let mut both = merge(receiver, stream::iter(["a", "b"]));
        assert_eq!(
            block_on(both.next()),
            Some("a"),
            "the other stream has no item yet, and must not be waited for"
        );
        sender.try_send("1").expect("there is room");
        drop(sender);
        let mut rest: Vec<_> = block_on(both.collect());
        rest.sort_unstable();
        rest
    });
    assert_eq!(rest, ["1", "b"]);
}

#[test]
fn exercise_2_it_ends_when_both_have_ended() {
    let (sender, receiver) = mpsc::channel(8);
    let mut both = merge(stream::empty(), receiver);
    assert_eq!(block_on(poll_once(both.next())), None, "one has ended, and the other has no item yet");
    sender.try_send(1).expect("there is room");
    assert_eq!(block_on(poll_once(both.next())), Some(Some(1)));
    drop(sender);
    assert_eq!(block_on(poll_once(both.next())), Some(None), "now both have ended");
}

#[test]
fn exercise_2_neither_starves_the_other() {
    let both = merge(stream::repeat(1), stream::repeat(2));
    let items: Vec<u32> = block_on(both.take(10).collect());
    let ones = items.iter().filter(|item| **item == 1).count();
    assert!((3..=7).contains(&ones), "{items:?}");
}
