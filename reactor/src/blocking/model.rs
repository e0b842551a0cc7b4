//! The outcome's way to its future, under the model checker.

use std::pin::Pin;
use std::sync::Arc as StdArc;
use std::task::{Context, Poll, Wake, Waker};

use super::{Mutex, lock, promise};
use crate::shim::{Arc, Condvar, thread};

/// loom reports a wait that nothing ends. (Its own `Notify` may also return for nothing.)
struct Woken(Mutex<bool>, Condvar);

impl Woken {
    fn new() -> StdArc<Self> {
        StdArc::new(Self(Mutex::new(false), Condvar::new()))
    }

    fn wait(&self) {
        let mut woken = lock(&self.0);
        while !*woken {
            woken = self.1.wait(woken).unwrap();
        }
    }
}

impl Wake for Woken {
    fn wake(self: StdArc<Self>) {
        *lock(&self.0) = true;
        self.1.notify_one();
    }
}

/// Proves: the outcome's wake is not lost, whenever the waiting task leaves its waker, and the task
/// is not woken before the outcome is there.
#[test]
fn an_outcome_wakes_its_future() {
    loom::model(|| {
        let (promise, mut future) = promise();
        thread::spawn(move || promise.keep_with(|| Ok(7)));
        let woken = Woken::new();
        let waker = Waker::from(StdArc::clone(&woken));
        let mut poll = || Pin::new(&mut future).poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(seven) = poll() {
            assert_eq!(seven.unwrap(), 7);
            return;
        }
        woken.wait();
        assert!(matches!(poll(), Poll::Ready(Ok(7))), "woken for nothing");
    });
}

/// Proves: of two wakers left one after the other it is the newer that is woken.
#[test]
fn a_replaced_waker_is_not_the_one_that_counts() {
    loom::model(|| {
        let (promise, mut future) = promise();
        thread::spawn(move || promise.keep_with(|| Ok(7)));
        let mut no_context = Context::from_waker(Waker::noop());
        if Pin::new(&mut future).poll(&mut no_context).is_ready() {
            return;
        }
        let woken = Woken::new();
        let waker = Waker::from(StdArc::clone(&woken));
        if Pin::new(&mut future).poll(&mut Context::from_waker(&waker)).is_pending() {
            woken.wait();
        }
    });
}

/// Proves: a future dropped before, while or after its call runs leaves nothing behind.
#[test]
fn an_outcome_nobody_wants() {
    loom::model(|| {
        let (promise, mut future) = promise();
        let token = Arc::new(());
        let given = Arc::clone(&token);
        let caller = thread::spawn(move || promise.keep_with(move || Ok(given)));
        let outcome = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()));
        drop(future);
        drop(outcome);
        caller.join().unwrap();
        assert_eq!(Arc::strong_count(&token), 1);
    });
}
