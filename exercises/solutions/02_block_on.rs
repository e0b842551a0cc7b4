//! Another way to sleep, and a future that breaks the contract. One solution.

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
        *self.raised.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

/// Exercise 1. Runs a future to completion. The thread sleeps on a `Signal` while there is nothing to do.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let signal = Arc::new(Signal::default());
    let waker = Waker::from(signal.clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        let mut raised = signal.raised.lock().unwrap();
        while !std::mem::take(&mut *raised) {
            raised = signal.changed.wait(raised).unwrap();
        }
    }
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
        state.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}
