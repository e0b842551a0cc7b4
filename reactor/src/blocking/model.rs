//! How an outcome reaches its future, under the model checker.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::promise;
use crate::shim::atomic::{AtomicBool, Ordering};
use crate::shim::model::{Notifier, check, poll_once};
use crate::shim::{Arc, thread};

/// The wake for an outcome is not lost, whenever the task stores its waker, and the task is not woken before
/// the outcome is there. Finds `silent_outcome`.
#[test]
fn an_outcome_wakes_its_future() {
    check(|| {
        let (promise, mut future) = promise();
        thread::spawn(move || promise.keep_with(|| Ok(7)));
        let (notifier, waker) = Notifier::new();
        let mut poll = || Pin::new(&mut future).poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(seven) = poll() {
            assert_eq!(seven.unwrap(), 7);
            return;
        }
        notifier.wait(0);
        assert!(matches!(poll(), Poll::Ready(Ok(7))), "woken for nothing");
    });
}

/// Of two wakers that are stored one after the other, the newer one is woken. Finds `silent_outcome`.
#[test]
fn a_replaced_waker_is_not_the_one_that_counts() {
    check(|| {
        let (promise, mut future) = promise();
        thread::spawn(move || promise.keep_with(|| Ok(7)));
        if poll_once(&mut future).is_ready() {
            return;
        }
        let (notifier, waker) = Notifier::new();
        if Pin::new(&mut future).poll(&mut Context::from_waker(&waker)).is_pending() {
            notifier.wait(0);
        }
    });
}

/// A future that is dropped before, while or after its call runs leaves nothing behind. U3: a call is not
/// begun when its future is gone. Finds `begun_unwanted`.
#[test]
fn an_outcome_that_no_task_wants() {
    check(|| {
        let (promise, mut future) = promise();
        let token = Arc::new(());
        let given = Arc::clone(&token);
        let gone = Arc::new(AtomicBool::new(false));
        let seen_gone = Arc::clone(&gone);
        let caller = thread::spawn(move || {
            // ORDERING: Acquire; with the Release below: the future's drop came first.
            let unwanted = seen_gone.load(Ordering::Acquire);
            let mut begun = false;
            promise.keep_with(|| {
                begun = true;
                Ok(given)
            });
            assert!(!(unwanted && begun), "U3");
        });
        let outcome = poll_once(&mut future);
        drop(future);
        // ORDERING: Release; as said above.
        gone.store(true, Ordering::Release);
        drop(outcome);
        caller.join().unwrap();
        assert_eq!(Arc::strong_count(&token), 1);
    });
}

/// Of two calls for one outcome the first to return counts, and what the other one returns is dropped. Finds
/// `silent_outcome`.
#[test]
fn two_calls_for_one_outcome() {
    check(|| {
        let (promise, mut future) = promise();
        let token = Arc::new(());
        let callers = [promise.clone(), promise].map(|promise| {
            let given = Arc::clone(&token);
            thread::spawn(move || promise.keep_with(|| Ok(given)))
        });
        let (notifier, waker) = Notifier::new();
        let mut poll = || Pin::new(&mut future).poll(&mut Context::from_waker(&waker));
        if poll().is_pending() {
            notifier.wait(0);
            assert!(matches!(poll(), Poll::Ready(Ok(_))), "woken for nothing");
        }
        callers.into_iter().for_each(|caller| caller.join().unwrap());
        assert_eq!(Arc::strong_count(&token), 1);
    });
}
