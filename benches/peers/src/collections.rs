//! What only two of the libraries have: a set of tasks, and a channel without a bound. Next: `machine`.
//!
//! The trait of all runtimes would need a stand-in for the others, and a stand-in would be measured in their names.
//! So these workloads have a trait of their own.

use std::future::Future;

use crate::runtimes::{Ours, Runtime, Tokio};
use crate::sample::{Sample, repeat, scaled};

pub trait Collections: Runtime {
    type Set: Send + 'static;
    type Unbounded: Clone + Send + 'static;
    type Received: Send + 'static;

    fn set() -> Self::Set;
    fn spawn_into(set: &mut Self::Set, future: impl Future<Output = usize> + Send + 'static);
    fn join_next(set: &mut Self::Set) -> impl Future<Output = Option<usize>> + Send;
    fn unbounded() -> (Self::Unbounded, Self::Received);
    fn send_now(sender: &Self::Unbounded, value: usize) -> bool;
    fn receive(receiver: &mut Self::Received) -> impl Future<Output = Option<usize>> + Send;
}

macro_rules! collections {
    ($runtime:ty, $set:ident, $mpsc:ident, $receiver:ident) => {
        impl Collections for $runtime {
            type Set = $set::JoinSet<usize>;
            type Unbounded = $mpsc::UnboundedSender<usize>;
            type Received = $mpsc::$receiver<usize>;

            fn set() -> Self::Set {
                $set::JoinSet::new()
            }
            fn spawn_into(set: &mut Self::Set, future: impl Future<Output = usize> + Send + 'static) {
                set.spawn(future);
            }
            async fn join_next(set: &mut Self::Set) -> Option<usize> {
                set.join_next().await.map(|joined| joined.expect("no task panics"))
            }
            fn unbounded() -> (Self::Unbounded, Self::Received) {
                $mpsc::unbounded_channel()
            }
            fn send_now(sender: &Self::Unbounded, value: usize) -> bool {
                sender.send(value).is_ok()
            }
            async fn receive(receiver: &mut Self::Received) -> Option<usize> {
                receiver.recv().await
            }
        }
    };
}

use executor::sync::mpsc as our_mpsc;
use executor::task as our_task;
use tokio::sync::mpsc as tokio_mpsc;
use tokio::task as tokio_task;

collections!(Ours, our_task, our_mpsc, Receiver);
collections!(Tokio, tokio_task, tokio_mpsc, UnboundedReceiver);

/// Spawns `size` ready tasks into a set, and joins them all.
pub fn join_set<R: Collections>(size: usize) -> Sample {
    let times = (scaled(50_000) / size).max(1);
    repeat(size * times, || {
        R::block_on(async move {
            R::spawn(async move {
                let mut set = R::set();
                for _ in 0..times {
                    for i in 0..size {
                        R::spawn_into(&mut set, async move { i });
                    }
                    let mut sum = 0;
                    while let Some(i) = R::join_next(&mut set).await {
                        sum += i;
                    }
                    assert_eq!(sum, size * (size - 1) / 2);
                }
            })
            .await;
        });
    })
}

/// Four tasks send `size` values each to a channel without a bound; a fifth receives them.
pub fn unbounded<R: Collections>(size: usize) -> Sample {
    const SENDERS: usize = 4;
    let times = (scaled(50_000) / size).max(1);
    repeat(SENDERS * size * times, || {
        R::block_on(async move {
            R::spawn(async move {
                for _ in 0..times {
                    let (sender, mut receiver) = R::unbounded();
                    for _ in 0..SENDERS {
                        let sender = sender.clone();
                        R::detach(R::spawn(async move {
                            assert!((0..size).all(|i| R::send_now(&sender, i)));
                        }));
                    }
                    drop(sender);
                    let mut count = 0;
                    while R::receive(&mut receiver).await.is_some() {
                        count += 1;
                    }
                    assert_eq!(count, SENDERS * size);
                }
            })
            .await;
        });
    })
}
