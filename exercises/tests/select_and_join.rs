//! Exercises of the chapter "Select and join": `stubs/select_and_join.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/select_and_join.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/select_and_join.rs")]
mod select_and_join;

use std::cell::Cell;
use std::future::{Future, poll_fn, ready};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use executor::stream::{Stream, StreamExt, iter, poll_fn as stream};
use executor::sync::{mpsc, oneshot};
use exercises::{Calls, run_until_idle};
use select_and_join::{join_all, merge, relay};

#[test]
fn exercise_1_more_words_than_room() {
    for many in [0, 1, 2, 3, 100] {
        let names: Vec<String> = (0..many).map(|number| format!("word {number}")).collect();
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        let (sender, receiver) = mpsc::channel(2);
        let received = run_until_idle(relay(&words, sender, receiver));
        assert_eq!(
            received.as_deref(),
            Some(&names[..]),
            "with {many} words it waits, and nobody can wake it"
        );
    }
}

/// Waits for a value, and counts its polls.
async fn counted(mut value: oneshot::Receiver<usize>, polls: Rc<Cell<usize>>) -> usize {
    let wait = poll_fn(|cx| {
        polls.set(polls.get() + 1);
        Pin::new(&mut value).poll(cx)
    });
    wait.await.unwrap()
}

#[test]
fn exercise_2_a_branch_is_polled_when_it_was_woken() {
    const MANY: usize = 100;
    let polls = Rc::new(Cell::new(0));
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..MANY).map(|_| oneshot::channel()).unzip();
    let branches = receivers.into_iter().map(|value| counted(value, Rc::clone(&polls)));
    let mut all = pin!(join_all(branches.collect()));
    let (calls, waker) = Calls::waker();
    let mut cx = Context::from_waker(&waker);
    assert!(all.as_mut().poll(&mut cx).is_pending());
    assert_eq!(polls.get(), MANY);
    let mut outputs = Poll::Pending;
    for (number, sender) in senders.into_iter().enumerate().rev() {
        let called = calls.count();
        sender.send(number).unwrap();
        assert!(calls.count() > called, "a branch was woken, and its task was not");
        outputs = all.as_mut().poll(&mut cx);
    }
    assert_eq!(outputs, Poll::Ready((0..MANY).collect()), "in the order of the futures");
    assert_eq!(polls.get(), 2 * MANY, "only the branch that was woken is polled");
}

#[test]
fn exercise_2_a_branch_may_be_woken_during_its_poll() {
    let polls = Cell::new(0);
    let impatient = poll_fn(|cx| {
        polls.set(polls.get() + 1);
        if polls.get() == 3 {
            return Poll::Ready('a');
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    let mut all = pin!(join_all(vec![impatient]));
    let (calls, waker) = Calls::waker();
    for round in 1..3 {
        assert!(all.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(polls.get(), round, "other tasks get their turns between two polls");
        assert_eq!(calls.count(), round, "it was woken");
    }
    assert_eq!(all.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(vec!['a']));
}

#[test]
fn exercise_2_the_task_may_change() {
    let (sender, receiver) = oneshot::channel();
    let mut all = pin!(join_all(vec![receiver]));
    let [(old_calls, old), (new_calls, new)] = [Calls::waker(), Calls::waker()];
    assert!(all.as_mut().poll(&mut Context::from_waker(&old)).is_pending());
    assert!(all.as_mut().poll(&mut Context::from_waker(&new)).is_pending());
    sender.send('a').unwrap();
    assert_eq!((old_calls.count(), new_calls.count()), (0, 1), "the last poll's waker is called");
    assert_eq!(all.as_mut().poll(&mut Context::from_waker(&new)), Poll::Ready(vec![Ok('a')]));
}

#[test]
fn exercise_2_a_branch_may_be_woken_after_its_end() {
    let stored = Cell::new(None);
    let early = async {
        poll_fn(|cx| {
            stored.set(Some(cx.waker().clone()));
            Poll::Ready(())
        })
        .await;
    };
    let mut early = pin!(early);
    let (sender, receiver) = oneshot::channel::<()>();
    let mut late = pin!(async { receiver.await.unwrap() });
    let branches: Vec<Pin<&mut dyn Future<Output = ()>>> = vec![early.as_mut(), late.as_mut()];
    let mut all = pin!(join_all(branches));
    let (_, waker) = Calls::waker();
    assert!(all.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    stored.take().expect("it was polled").wake();
    assert!(all.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    sender.send(()).unwrap();
    assert_eq!(all.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(vec![(), ()]));
}

#[test]
fn exercise_2_nothing_to_wait_for() {
    assert_eq!(run_until_idle(join_all(Vec::<std::future::Ready<()>>::new())), Some(Vec::new()));
    assert_eq!(run_until_idle(join_all(vec![ready(1), ready(2)])), Some(vec![1, 2]));
}

/// A stream of this letter that always has an item.
fn flood(letter: char) -> impl Stream<Item = char> + Unpin {
    stream(move |_| Poll::Ready(Some(letter)))
}

#[test]
fn exercise_3_each_gets_its_turn() {
    let both = run_until_idle(merge(flood('a'), flood('b')).take(100).collect::<String>()).unwrap();
    let first = both.matches('a').count();
    assert!((30..=70).contains(&first), "of 100 items {first} are from the first: {both}");
}

#[test]
fn exercise_3_one_waits_and_the_other_has_items() {
    let never = || stream(|_| Poll::<Option<char>>::Pending);
    let left = run_until_idle(merge(never(), flood('b')).take(10).collect::<String>());
    assert_eq!(left.as_deref(), Some("bbbbbbbbbb"));
    let right = run_until_idle(merge(flood('a'), never()).take(10).collect::<String>());
    assert_eq!(right.as_deref(), Some("aaaaaaaaaa"));
}

#[test]
fn exercise_3_each_can_wake_it() {
    for which in 0..2 {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..2).map(|_| mpsc::channel(1)).unzip();
        let [first, second] = <[_; 2]>::try_from(receivers).unwrap();
        let mut both = merge(first, second);
        let (calls, waker) = Calls::waker();
        assert!(Pin::new(&mut both).poll_next(&mut Context::from_waker(&waker)).is_pending());
        senders[which].try_send('x').unwrap();
        assert_eq!(calls.count(), 1, "it waits for both");
        let item = Pin::new(&mut both).poll_next(&mut Context::from_waker(&waker));
        assert_eq!(item, Poll::Ready(Some('x')));
    }
}

/// A stream of these letters that may not be polled after its end.
fn once_only(letters: &'static str) -> impl Stream<Item = char> + Unpin {
    let (mut letters, mut ended) = (iter(letters.chars()), false);
    stream(move |cx| {
        assert!(!ended, "polled after its end");
        let item = letters.poll_next(cx);
        ended = item == Poll::Ready(None);
        item
    })
}

#[test]
fn exercise_3_one_has_ended_and_the_other_goes_on() {
    let (sender, receiver) = mpsc::channel(1);
    let (_, waker) = Calls::waker();
    let mut both = merge(once_only(""), receiver);
    let waits = Pin::new(&mut both).poll_next(&mut Context::from_waker(&waker));
    assert_eq!(waits, Poll::Pending, "the other has not ended");
    sender.try_send('x').unwrap();
    assert_eq!(run_until_idle(both.next()), Some(Some('x')));
    drop(sender);
    assert_eq!(run_until_idle(both.next()), Some(None));
}

#[test]
fn exercise_3_it_ends_with_the_last() {
    for (first, second) in [("aaaa", "b"), ("a", "bbbb"), ("", "bb"), ("aa", ""), ("", "")] {
        let all = run_until_idle(merge(once_only(first), once_only(second)).collect::<Vec<char>>());
        let mut all = all.expect("it waits, and nobody can wake it");
        all.sort_unstable();
        assert_eq!(String::from_iter(all), format!("{first}{second}"));
    }
}
