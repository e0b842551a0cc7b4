//! A channel for one value, and a slot with a race. One solution.

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
        self.0.lock().unwrap().value = Some(value);
        // `self` is dropped here, which wakes the receiver.
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut shared = self.0.lock().unwrap();
        shared.sender_dropped = true;
        let waker = shared.waker.take();
        drop(shared);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut shared = self.0.lock().unwrap();
        if let Some(value) = shared.value.take() {
            return Poll::Ready(Some(value));
        }
        if shared.sender_dropped {
            return Poll::Ready(None);
        }
        shared.waker = Some(cx.waker().clone());
        Poll::Pending
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
        let mut state = self.state.lock().unwrap();
        if let Some(outcome) = state.0.take() {
            return Poll::Ready(outcome);
        }
        state.1 = Some(cx.waker().clone());
        drop(state);
        pause();
        Poll::Pending
    }
}
