//! The values that a receiver got and the number that it is reported to have missed add up to what was sent.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;

use executor::sync::broadcast::{self, RecvError, TryRecvError};
use futures_lite::future::block_on;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{Count, comes_to_an_end, poll};

#[test]
fn lagged_once_and_then_the_oldest_kept() {
    let (sender, mut receiver) = broadcast::channel(2);
    for number in 0..5 {
        assert_eq!(sender.send(number), Ok(1));
    }
    assert_eq!(block_on(receiver.recv()), Err(RecvError::Lagged(3)));
    assert_eq!(block_on(receiver.recv()), Ok(3));
    assert_eq!(receiver.try_recv(), Ok(4));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_capacity_is_taken_as_given() {
    let (sender, mut receiver) = broadcast::channel(3);
    for number in 0..3 {
        sender.send(number).expect("a receiver");
    }
    assert_eq!(receiver.try_recv(), Ok(0), "three fit");
    sender.send(3).expect("a receiver");
    sender.send(4).expect("a receiver");
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(1)));
}

#[test]
#[should_panic(expected = "capacity")]
fn a_capacity_of_zero_panics() {
    let _ = broadcast::channel::<()>(0);
}

#[test]
fn one_send_wakes_five_thousand() {
    let (sender, receiver) = broadcast::channel(1);
    let (woken, waker) = Count::new();
    let mut receivers = vec![receiver];
    receivers.extend((1..5000).map(|_| sender.subscribe()));
    let mut waiting: Vec<_> = receivers.iter_mut().map(|receiver| receiver.recv()).collect();
    for recv in &mut waiting {
        assert!(poll(recv, &waker).is_pending());
    }
    assert_eq!(sender.send(7), Ok(5000));
    assert_eq!(woken.wakes(), 5000);
    for recv in &mut waiting {
        assert_eq!(poll(recv, &waker), Poll::Ready(Ok(7)));
    }
    assert!(sender.is_empty());
}

/// Slow and fast readers on threads of their own, while two senders send without waiting.
#[test]
fn received_and_missed_add_up_across_threads() {
    const EACH: u64 = 5000;
    comes_to_an_end(|| {
        let (sender, receiver) = broadcast::channel(8);
        let start = Arc::new(Barrier::new(5));
        let missed = Arc::new(AtomicU64::new(0));
        let mut receivers = vec![sender.subscribe(), sender.subscribe(), receiver];
        let readers: Vec<_> = receivers
            .drain(..)
            .map(|mut receiver| {
                let (start, missed) = (Arc::clone(&start), Arc::clone(&missed));
                thread::spawn(move || {
                    start.wait();
                    let (mut sum, mut next) = (0, [0; 2]);
                    loop {
                        match block_on(receiver.recv()) {
                            Ok((name, number)) => {
                                let name: usize = name;
                                assert!(number >= next[name], "in order");
                                next[name] = number + 1;
                                sum += 1;
                            }
                            Err(RecvError::Lagged(count)) => {
                                missed.fetch_add(count, Ordering::SeqCst);
                                sum += count;
                            }
                            Err(RecvError::Closed) => return sum,
                        }
                    }
                })
            })
            .collect();
        let other = sender.clone();
        let senders: Vec<_> = [sender, other]
            .into_iter()
            .enumerate()
            .map(|(name, sender)| {
                let start = Arc::clone(&start);
                thread::spawn(move || {
                    start.wait();
                    for number in 0..EACH {
                        assert_eq!(sender.send((name, number)), Ok(3));
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().expect("no panic");
        }
        for reader in readers {
            assert_eq!(reader.join().expect("no panic"), 2 * EACH);
        }
    });
}

#[derive(Clone, Debug)]
enum Step {
    Send,
    Recv(Index),
    Subscribe,
    Leave(Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Send),
        4 => any::<Index>().prop_map(Step::Recv),
        1 => Just(Step::Subscribe),
        1 => any::<Index>().prop_map(Step::Leave),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The model keeps every value ever sent, and the position of each receiver.
    #[test]
    fn it_agrees_with_a_model(
        capacity in 1usize..5,
        steps in prop::collection::vec(step(), 0..150),
    ) {
        let (sender, receiver) = broadcast::channel(capacity);
        let mut readers = VecDeque::from([(receiver, 0usize)]);
        let mut sent = Vec::new();
        let mut dropped_before = 0;
        for (name, step) in steps.into_iter().enumerate() {
            match step {
                Step::Send if readers.is_empty() => {
                    prop_assert_eq!(sender.send(name), Err(broadcast::SendError(name)));
                }
                Step::Send => {
                    prop_assert_eq!(sender.send(name), Ok(readers.len()));
                    sent.push(name);
                    dropped_before = dropped_before.max(sent.len().saturating_sub(capacity));
                }
                Step::Recv(index) if !readers.is_empty() => {
                    let index = index.index(readers.len());
                    let (receiver, at) = &mut readers[index];
                    let wanted = if *at < dropped_before {
                        let missed = dropped_before - *at;
                        *at = dropped_before;
                        Err(TryRecvError::Lagged(missed as u64))
                    } else if let Some(&value) = sent.get(*at) {
                        *at += 1;
                        Ok(value)
                    } else {
                        Err(TryRecvError::Empty)
                    };
                    prop_assert_eq!(receiver.try_recv(), wanted);
                }
                Step::Subscribe => readers.push_back((sender.subscribe(), sent.len())),
                Step::Leave(index) if !readers.is_empty() => {
                    readers.remove(index.index(readers.len()));
                }
                Step::Recv(_) | Step::Leave(_) => {}
            }
            prop_assert_eq!(sender.receiver_count(), readers.len());
            let slowest = readers.iter().map(|(_, at)| (*at).max(dropped_before)).min();
            prop_assert_eq!(sender.len(), slowest.map_or(0, |at| sent.len() - at));
        }
        drop(sender);
        for (mut receiver, mut at) in readers {
            loop {
                match receiver.try_recv() {
                    Ok(value) => {
                        prop_assert_eq!(value, sent[at]);
                        at += 1;
                    }
                    Err(TryRecvError::Lagged(missed)) => at += missed as usize,
                    Err(end) => {
                        prop_assert_eq!(end, TryRecvError::Closed);
                        break;
                    }
                }
            }
            prop_assert_eq!(at, sent.len());
        }
    }
}

/// Weights may be of any size: a sum that does not fit is more than every maximum.
#[test]
fn weights_of_any_size_leave_the_newest_value() {
    let (sender, mut receiver) = broadcast::channel_with_weight(8, u64::MAX);
    for value in 0..3 {
        sender.send_with_weight(value, u64::MAX).unwrap();
        assert_eq!((sender.weight(), receiver.weight()), (u64::MAX, u64::MAX));
    }
    sender.send_with_weight(3, 0).unwrap();
    assert_eq!(sender.weight(), u64::MAX);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(2)));
    assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(2), Ok(3)));
}
