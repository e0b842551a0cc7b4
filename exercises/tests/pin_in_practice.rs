//! Exercises of the chapter "Pin in practice": `stubs/pin_in_practice.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/pin_in_practice.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/pin_in_practice.rs")]
mod pin_in_practice;

use std::cell::RefCell;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use executor::future::poll_once;
use executor::stream::{Stream, StreamExt, iter, unfold};
use executor::sync::mpsc;
use executor::task;
use exercises::{Calls, ends};
use pin_in_practice::{GaveUp, newest, pairs, patient};

/// It keeps a reference to its own variable across an await: not `Unpin`. Three polls.
async fn borrows_from_itself() -> usize {
    let words = ["one".to_owned(), "two".to_owned()];
    let last = &words[1];
    task::yield_now().await;
    task::yield_now().await;
    last.len()
}

#[test]
fn exercise_1_as_many_polls_as_the_limit() {
    assert_eq!(task::block_on(patient(1, async { 7 })), Ok(7), "one poll is enough");
    assert_eq!(task::block_on(patient(3, borrows_from_itself())), Ok(3), "three polls are enough");
    let given_up = ends("it does not give up", || task::block_on(patient(2, borrows_from_itself())));
    assert_eq!(given_up, Err(GaveUp), "two polls are too few");
}

#[test]
fn exercise_1_it_drops_the_future_when_it_gives_up() {
    let held = Rc::new(());
    let of_the_future = held.clone();
    let mut given_up = pin!(patient(1, async move {
        pending::<()>().await;
        drop(of_the_future);
    }));
    assert_eq!(task::block_on(poll_once(given_up.as_mut())), Some(Err(GaveUp)));
    assert_eq!(Rc::strong_count(&held), 1, "the inner future is not dropped yet");
}

/// The numbers up to `last`. It is pending before each.
fn slowly(last: u32) -> impl Stream<Item = u32> {
    unfold(1, move |number| async move {
        task::yield_now().await;
        (number <= last).then_some((number, number + 1))
    })
}

fn collect(stream: impl Stream<Item = (u32, Option<u32>)>) -> Vec<(u32, Option<u32>)> {
    task::block_on(stream.collect())
}

#[test]
fn exercise_2_two_at_a_time() {
    assert_eq!(collect(pairs(iter([1, 2, 3, 4]))), [(1, Some(2)), (3, Some(4))]);
    assert_eq!(collect(pairs(iter([]))), []);
}

#[test]
fn exercise_2_a_pending_stream_loses_nothing() {
    assert_eq!(collect(pairs(pin!(slowly(4)))), [(1, Some(2)), (3, Some(4))]);
}

#[test]
fn exercise_2_the_last_one_may_be_alone() {
    assert_eq!(collect(pairs(iter([1, 2, 3]))), [(1, Some(2)), (3, None)]);
    assert_eq!(collect(pairs(pin!(slowly(1)))), [(1, None)]);
}

#[test]
fn exercise_3_a_new_request_drops_the_search_before_it() {
    let (sender, receiver) = mpsc::channel(8);
    let begun = RefCell::new(Vec::new());
    let held = Rc::new(());
    let (calls, waker) = Calls::waker();
    let mut found = pin!(newest(receiver, |word: &str| {
        begun.borrow_mut().push(word.to_owned());
        let held = held.clone();
        async move {
            if word != "tea" {
                pending::<()>().await;
            }
            let letters = word.len();
            task::yield_now().await;
            drop(held);
            letters
        }
    }));
    let mut poll = || found.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll().is_pending(), "nothing was requested yet");
    for (number, word) in ["t", "te"].into_iter().enumerate() {
        let before = calls.count();
        sender.try_send(word).unwrap();
        assert!(calls.count() > before, "request {number} does not wake it");
        assert!(poll().is_pending());
        assert_eq!(Rc::strong_count(&held), 2, "the search for {word:?} is the only one");
    }
    sender.try_send("tea").unwrap();
    assert!(poll().is_pending());
    assert_eq!(*begun.borrow(), ["t", "te", "tea"]);
    assert_eq!(poll(), Poll::Ready(Some(3)));
}

#[test]
fn exercise_3_the_end_of_the_requests_ends_no_search() {
    let search = async |number: u32| {
        task::yield_now().await;
        number
    };
    let found = ends("it waits for a request that cannot come", move || {
        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(7).unwrap();
        drop(sender);
        let found = task::block_on(newest(receiver, search));
        let (sender, receiver) = mpsc::channel(1);
        drop(sender);
        (found, task::block_on(newest(receiver, search)))
    });
    assert_eq!(found, (Some(7), None));
}
