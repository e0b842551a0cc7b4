//! A channel for one value, and a slot with a gap.
#![allow(dead_code, unused_variables, unused_imports, unused_mut, reason = "a stub, to be filled in")]

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Exercise 1. Where the two ends meet.
struct Meeting<T> {
    value: Option<T>,
    waker: Option<Waker>,
    /// The sender has gone.
    over: bool,
}

/// Sends one value, once.
pub struct Sender<T>(Arc<Mutex<Meeting<T>>>);

/// The future of that value; `None` if the sender goes without having sent.
pub struct Receiver<T>(Arc<Mutex<Meeting<T>>>);

pub fn oneshot<T>() -> (Sender<T>, Receiver<T>) {
    let meeting = Arc::new(Mutex::new(Meeting { value: None, waker: None, over: false }));
    (Sender(meeting.clone()), Receiver(meeting))
}

impl<T> Sender<T> {
    pub fn send(self, value: T) {
        todo!("exercise 1: put it there; who wakes the receiver?")
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // exercise 1: the receiver must hear of it
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        todo!("exercise 1: a value, or the end, or a waker to be left")
    }
}

/// Exercise 2. An outcome, and who waits for it. It has a gap, in which an outcome comes and nobody is woken.
/// Mend it. `pause` stands for whatever may happen at that moment on other threads: it must be called once, with
/// no lock held, anywhere in the function.
#[derive(Default)]
pub struct Slot {
    inside: Mutex<(Option<u32>, Option<Waker>)>,
}

impl Slot {
    pub fn put(&self, outcome: u32) {
        let mut inside = self.inside.lock().unwrap();
        inside.0 = Some(outcome);
        let waker = inside.1.take();
        drop(inside);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub fn poll(&self, cx: &mut Context<'_>, pause: impl FnOnce()) -> Poll<u32> {
        if let Some(outcome) = self.inside.lock().unwrap().0.take() {
            return Poll::Ready(outcome);
        }
        pause();
        self.inside.lock().unwrap().1 = Some(cx.waker().clone());
        Poll::Pending
    }
}
