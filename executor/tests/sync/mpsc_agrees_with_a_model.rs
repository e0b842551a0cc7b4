//! Random sends, polls, receives and cancellations agree with a simple model.
//!
//! The model: queued values, sends that wait, and sends that have been promised room.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};

use executor::sync::mpsc::{self, TryRecvError, TrySendError};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{Count, poll};

#[derive(Clone, Debug)]
enum Step {
    Send,
    TrySend,
    Poll(Index),
    Cancel(Index),
    Recv,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Send),
        1 => Just(Step::TrySend),
        2 => any::<Index>().prop_map(Step::Poll),
        1 => any::<Index>().prop_map(Step::Cancel),
        3 => Just(Step::Recv),
    ]
}

#[derive(Default)]
struct Model {
    capacity: usize,
    queue: VecDeque<usize>,
    line: VecDeque<usize>,
    promised: Vec<usize>,
}

impl Model {
    fn free(&self) -> bool {
        self.queue.len() + self.promised.len() < self.capacity
    }

    fn promise(&mut self) {
        if self.free() {
            self.promised.extend(self.line.pop_front());
        }
    }
}

/// A send that has been polled, and was pending.
struct Waiting<F> {
    name: usize,
    send: F,
    woken: Arc<Count>,
    waker: Waker,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_agrees(capacity in 1usize..4, steps in prop::collection::vec(step(), 0..120)) {
        let (sender, mut receiver) = mpsc::channel(capacity);
        let mut model = Model { capacity, ..Model::default() };
        let mut waiting = Vec::new();
        for (name, step) in steps.into_iter().enumerate() {
            match step {
                Step::Send => {
                    let (woken, waker) = Count::new();
                    let mut send = sender.send(name);
                    match poll(&mut send, &waker) {
                        Poll::Ready(sent) => {
                            prop_assert!(model.free());
                            prop_assert_eq!(sent, Ok(()));
                            model.queue.push_back(name);
                        }
                        Poll::Pending => {
                            prop_assert!(!model.free());
                            model.line.push_back(name);
                            waiting.push(Waiting { name, send, woken, waker });
                        }
                    }
                }
                Step::TrySend => {
                    let room = model.free();
                    let wanted = if room { Ok(()) } else { Err(TrySendError::Full(name)) };
                    prop_assert_eq!(sender.try_send(name), wanted);
                    if room {
                        model.queue.push_back(name);
                    }
                }
                Step::Poll(index) if !waiting.is_empty() => {
                    let index = index.index(waiting.len());
                    let Waiting { name, send, waker, .. } = &mut waiting[index];
                    let turn = model.promised.iter().position(|promised| promised == name);
                    prop_assert_eq!(poll(send, waker).is_ready(), turn.is_some());
                    if let Some(turn) = turn {
                        model.promised.remove(turn);
                        model.queue.push_back(*name);
                        waiting.remove(index);
                    }
                }
                Step::Cancel(index) if !waiting.is_empty() => {
                    let gone = waiting.remove(index.index(waiting.len())).name;
                    model.promised.retain(|&name| name != gone);
                    model.line.retain(|&name| name != gone);
                    model.promise();
                }
                Step::Poll(_) | Step::Cancel(_) => {}
                Step::Recv => {
                    let wanted = model.queue.pop_front().ok_or(TryRecvError::Empty);
                    prop_assert_eq!(receiver.try_recv(), wanted);
                    model.promise();
                }
            }
            for waiting in &waiting {
                let promised = model.promised.contains(&waiting.name);
                prop_assert_eq!(waiting.woken.wakes(), usize::from(promised));
            }
        }
    }
}
