//! Random sends, reserves, permits, polls, receives, cancellations and a close agree with a simple model.
//!
//! The model: queued values, sends and reserves that wait, those that have been promised room, and permits.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

use executor::sync::mpsc::{self, Permit, SendError, TryRecvError, TrySendError};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{Count, poll};

#[derive(Clone, Debug)]
enum Step {
    Send,
    TrySend,
    Reserve,
    TryReserve,
    Poll(Index),
    Cancel(Index),
    UsePermit(Index),
    DropPermit(Index),
    Recv,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => Just(Step::Send),
        10 => Just(Step::TrySend),
        15 => Just(Step::Reserve),
        5 => Just(Step::TryReserve),
        30 => any::<Index>().prop_map(Step::Poll),
        10 => any::<Index>().prop_map(Step::Cancel),
        10 => any::<Index>().prop_map(Step::UsePermit),
        10 => any::<Index>().prop_map(Step::DropPermit),
        30 => Just(Step::Recv),
        1 => Just(Step::Close),
    ]
}

#[derive(Default)]
struct Model {
    capacity: usize,
    queue: VecDeque<usize>,
    line: VecDeque<usize>,
    promised: Vec<usize>,
    permits: usize,
    closed: bool,
}

impl Model {
    fn free(&self) -> bool {
        self.queue.len() + self.promised.len() + self.permits < self.capacity
    }

    fn promise(&mut self) {
        if self.free() && !self.closed {
            self.promised.extend(self.line.pop_front());
        }
    }

    fn forget(&mut self, name: usize) {
        self.promised.retain(|&other| other != name);
        self.line.retain(|&other| other != name);
    }
}

type Reserved<'a> = Result<Permit<'a, usize>, SendError<()>>;

enum Wait<'a> {
    Send(Pin<Box<dyn Future<Output = Result<(), SendError<usize>>> + 'a>>),
    Reserve(Pin<Box<dyn Future<Output = Reserved<'a>> + 'a>>),
}

/// How a wait has ended.
enum Ended<'a> {
    Sent,
    Reserved(Permit<'a, usize>),
    Closed,
}

/// A send or a reserve that has been polled, and was pending.
struct Waiting<'a> {
    name: usize,
    wait: Wait<'a>,
    woken: Arc<Count>,
    waker: Waker,
}

impl<'a> Waiting<'a> {
    fn new(name: usize, wait: Wait<'a>) -> Self {
        let (woken, waker) = Count::new();
        Self { name, wait, woken, waker }
    }

    fn poll(&mut self) -> Poll<Ended<'a>> {
        match &mut self.wait {
            Wait::Send(send) => poll(send, &self.waker).map(|sent| match sent {
                Ok(()) => Ended::Sent,
                Err(SendError(value)) => {
                    assert_eq!(value, self.name, "the value comes back");
                    Ended::Closed
                }
            }),
            Wait::Reserve(reserve) => poll(reserve, &self.waker).map(|reserved| match reserved {
                Ok(permit) => Ended::Reserved(permit),
                Err(SendError(())) => Ended::Closed,
            }),
        }
    }
}

/// Whether a try has failed as the model says, if it has to.
fn refusal<T>(model: &Model, value: T) -> Option<TrySendError<T>> {
    match (model.closed, model.free()) {
        (true, _) => Some(TrySendError::Closed(value)),
        (false, false) => Some(TrySendError::Full(value)),
        (false, true) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_agrees(capacity in 1usize..4, steps in prop::collection::vec(step(), 0..150)) {
        let (sender, mut receiver) = mpsc::channel(capacity);
        let mut model = Model { capacity, ..Model::default() };
        let mut waiting: Vec<Waiting<'_>> = Vec::new();
        let mut permits: Vec<Permit<'_, usize>> = Vec::new();
        for (name, step) in steps.into_iter().enumerate() {
            match step {
                Step::Send | Step::Reserve => {
                    let mut new = Waiting::new(name, match step {
                        Step::Send => Wait::Send(Box::pin(sender.send(name))),
                        _ => Wait::Reserve(Box::pin(sender.reserve())),
                    });
                    match new.poll() {
                        Poll::Ready(Ended::Closed) => prop_assert!(model.closed),
                        Poll::Ready(ended) => {
                            prop_assert!(model.free() && !model.closed);
                            match ended {
                                Ended::Reserved(permit) => {
                                    permits.push(permit);
                                    model.permits += 1;
                                }
                                _ => model.queue.push_back(name),
                            }
                        }
                        Poll::Pending => {
                            prop_assert!(!model.free() && !model.closed);
                            model.line.push_back(name);
                            waiting.push(new);
                        }
                    }
                }
                Step::TrySend => {
                    let wanted = refusal(&model, name);
                    prop_assert_eq!(sender.try_send(name).err(), wanted);
                    if wanted.is_none() {
                        model.queue.push_back(name);
                    }
                }
                Step::TryReserve => {
                    let wanted = refusal(&model, ());
                    match sender.try_reserve() {
                        Ok(permit) => {
                            prop_assert_eq!(wanted, None);
                            permits.push(permit);
                            model.permits += 1;
                        }
                        Err(error) => prop_assert_eq!(Some(error), wanted),
                    }
                }
                Step::Poll(index) if !waiting.is_empty() => {
                    let index = index.index(waiting.len());
                    let name = waiting[index].name;
                    let has_room = model.promised.contains(&name);
                    match waiting[index].poll() {
                        Poll::Pending => {
                            prop_assert!(!has_room && !model.closed);
                            continue;
                        }
                        Poll::Ready(Ended::Closed) => prop_assert!(model.closed),
                        Poll::Ready(ended) => {
                            prop_assert!(has_room && !model.closed);
                            match ended {
                                Ended::Reserved(permit) => {
                                    permits.push(permit);
                                    model.permits += 1;
                                }
                                _ => model.queue.push_back(name),
                            }
                        }
                    }
                    model.forget(name);
                    waiting.remove(index);
                }
                Step::Cancel(index) if !waiting.is_empty() => {
                    let gone = waiting.remove(index.index(waiting.len())).name;
                    model.forget(gone);
                    model.promise();
                }
                Step::UsePermit(index) if !permits.is_empty() => {
                    permits.swap_remove(index.index(permits.len())).send(name);
                    model.permits -= 1;
                    model.queue.push_back(name);
                }
                Step::DropPermit(index) if !permits.is_empty() => {
                    drop(permits.swap_remove(index.index(permits.len())));
                    model.permits -= 1;
                    model.promise();
                }
                Step::Poll(_) | Step::Cancel(_) | Step::UsePermit(_) | Step::DropPermit(_) => {}
                Step::Recv => {
                    let over = model.closed && model.permits == 0;
                    let none = if over { TryRecvError::Disconnected } else { TryRecvError::Empty };
                    prop_assert_eq!(receiver.try_recv(), model.queue.pop_front().ok_or(none));
                    model.promise();
                }
                Step::Close => {
                    receiver.close();
                    model.closed = true;
                    model.promised.clear();
                    model.line.clear();
                }
            }
            for waiting in &waiting {
                let told = model.closed || model.promised.contains(&waiting.name);
                prop_assert_eq!(waiting.woken.wakes(), usize::from(told));
            }
            let used = model.queue.len() + model.promised.len() + model.permits;
            prop_assert_eq!(sender.capacity(), capacity - used);
            prop_assert_eq!(receiver.len(), model.queue.len());
        }
    }
}
