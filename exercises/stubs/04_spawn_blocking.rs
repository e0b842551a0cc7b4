//! A channel for one value, and a slot with a race.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Exercise 1. What the two ends share.
struct Shared<T> {
    value: Option<T>,
    waker: Option<Waker>,
    /// The sender was dropped.
    sender_dropped: bool,
}

/// Sends one value, once.
pub struct Sender<T>(Arc<Mutex<Shared<T>>>);

/// The future of that value. Its output is `None` if the sender is dropped without sending.
pub struct Receiver<T>(Arc<Mutex<Shared<T>>>);

pub fn oneshot<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Mutex::new(Shared { value: None, waker: None, sender_dropped: false }));
    (Sender(shared.clone()), Receiver(shared))
}

impl<T> Sender<T> {
    pub fn send(self, value: T) {
        todo!("exercise 1: store the value; what wakes the receiver?")
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // exercise 1: the receiver must be woken; what is locked meanwhile?
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        todo!("exercise 1: return the value, or `None` at the end, or store the waker")
    }
}

/// Exercise 2. An outcome, and the waker of the task that waits for it. It has a race: if the outcome comes
/// at the wrong moment, the task is not woken. Fix it. `pause` stands for anything that may happen at that
/// moment on other threads. It must be called once, with no lock held, anywhere in the function.
#[derive(Default)]
pub struct Slot {
    state: Mutex<(Option<u32>, Option<Waker>)>,
}

impl Slot {
    pub fn put(&self, outcome: u32) {
        let mut state = self.state.lock().unwrap();
        state.0 = Some(outcome);
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub fn poll(&self, cx: &mut Context<'_>, pause: impl FnOnce()) -> Poll<u32> {
        if let Some(outcome) = self.state.lock().unwrap().0.take() {
            return Poll::Ready(outcome);
        }
        pause();
        self.state.lock().unwrap().1 = Some(cx.waker().clone());
        Poll::Pending
    }
}
