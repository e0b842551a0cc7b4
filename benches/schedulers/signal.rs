//! A count that one task waits for: all that the workloads need of a channel.
//!
//! Without it the workloads would measure somebody's channel, with its ring and its list of senders. Next: `run`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// A count of signals, for one task that waits.
#[derive(Default)]
pub(crate) struct Signal(Mutex<State>);

#[derive(Default)]
struct State {
    signals: u64,
    is_closed: bool,
    waiting: Option<Waker>,
}

impl Signal {
    /// Sends one signal, and wakes the task that waits. The waker is called with no lock held.
    pub(crate) fn send(&self) {
        self.change(|state| state.signals += 1);
    }

    /// Ends each wait, also later ones.
    pub(crate) fn close(&self) {
        self.change(|state| state.is_closed = true);
    }

    /// Takes one signal. Returns false if there is none and the signal is closed.
    pub(crate) async fn wait(&self) -> bool {
        std::future::poll_fn(|cx| {
            let mut state = self.lock();
            if state.signals > 0 {
                state.signals -= 1;
                return Poll::Ready(true);
            }
            if state.is_closed {
                return Poll::Ready(false);
            }
            state.waiting = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Changes the state, and then wakes the task that waits.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let waiting = {
            let mut state = self.lock();
            change(&mut state);
            state.waiting.take()
        };
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
