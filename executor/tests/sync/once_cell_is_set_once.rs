//! A cell is set once, by one future at a time.

use std::pin::pin;
use std::task::{Poll, Waker};

use executor::sync::{Notify, OnceCell};
use futures_lite::future::{block_on, pending};

use crate::support::{Count, poll};

#[test]
fn a_cell_is_set_once_while_others_wait() {
    let cell = OnceCell::new();
    let (woken, waker) = Count::new();
    {
        let mut slow = Box::pin(cell.get_or_init(async || pending().await));
        let mut other = Box::pin(cell.get_or_init(async || 2));
        assert!(poll(&mut slow, Waker::noop()).is_pending());
        assert!(poll(&mut other, &waker).is_pending());
        assert_eq!(cell.set(3), Err(3), "one is about to set it");
        assert_eq!(cell.get(), None);
        drop(slow);
        assert_eq!(woken.wakes(), 1, "the next one tries");
        assert_eq!(poll(&mut other, &waker), Poll::Ready(&2));
    }
    assert_eq!((cell.set(4), cell.get()), (Err(4), Some(&2)));
    assert_eq!(cell.into_inner(), Some(2));
}

#[test]
fn a_failure_leaves_the_cell_empty() {
    let cell = OnceCell::<u32>::new();
    assert_eq!(block_on(cell.get_or_try_init(async || Err("no"))), Err("no"));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        block_on(cell.get_or_init(async || std::panic::resume_unwind(Box::new("while it is made"))));
    }));
    assert!(panicked.is_err());
    assert_eq!(block_on(cell.get_or_init(async || 1)), &1);
}

/// The value is there for all at once: nobody has to be polled before another.
#[test]
fn who_waits_is_not_held_up_by_one_that_is_not_polled() {
    let cell = OnceCell::new();
    let notify = Notify::new();
    let mut making = pin!(cell.get_or_init(async || {
        notify.notified().await;
        1
    }));
    let (woken, waker) = Count::new();
    let mut left_alone = pin!(cell.get_or_init(async || 2));
    let mut other = pin!(cell.get_or_init(async || 3));
    assert!(poll(&mut making, Waker::noop()).is_pending());
    assert!(poll(&mut left_alone, Waker::noop()).is_pending());
    assert!(poll(&mut other, &waker).is_pending());
    notify.notify_one();
    assert_eq!(poll(&mut making, Waker::noop()), Poll::Ready(&1));
    assert_eq!(woken.wakes(), 1);
    assert_eq!(poll(&mut other, &waker), Poll::Ready(&1));
    assert_eq!(poll(&mut left_alone, Waker::noop()), Poll::Ready(&1));
}
