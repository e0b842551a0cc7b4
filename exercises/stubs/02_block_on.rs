//! Another way to sleep, and a future that breaks the contract.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// Exercise 1. A flag that says that a wake has come, and a condition variable to sleep on.
#[derive(Default)]
pub struct Signal {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        todo!("exercise 1: set the flag under the lock; then notify")
    }
}

/// Exercise 1. Runs a future to completion. The thread sleeps on a `Signal` while there is nothing to do.
pub fn block_on<F: Future>(future: F) -> F::Output {
    todo!("exercise 1: poll; if it is pending, sleep until the signal is raised, and lower it")
}

/// A door that opens once. Its clones are the same door.
#[derive(Clone, Default)]
pub struct Door(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    open: bool,
    waiting: Option<Waker>,
}

impl Door {
    pub fn open(&self) {
        let mut state = self.0.lock().unwrap();
        state.open = true;
        let waker = state.waiting.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Exercise 2. Ready when the door is open. It breaks the contract. Where? Fix it.
impl Future for Door {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.open {
            return Poll::Ready(());
        }
        if state.waiting.is_none() {
            state.waiting = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}
