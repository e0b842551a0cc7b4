//! A notice reaches a waiter, whether it comes before or during the wait, and whether or not another waiter gives up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::thread;

use executor::sync::Notify;
use futures_lite::future::block_on;

use crate::support::{Count, comes_to_an_end, poll};

#[test]
fn one_permit_is_stored_and_no_more() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    assert!(poll(&mut notify.notified(), Waker::noop()).is_ready());
    assert!(poll(&mut notify.notified(), Waker::noop()).is_pending());
    notify.notify_waiters();
    assert!(poll(&mut notify.notified(), Waker::noop()).is_pending(), "this stores nothing");
}

#[test]
fn one_notice_wakes_the_first() {
    let notify = Notify::new();
    let (first_woken, first_waker) = Count::new();
    let (second_woken, second_waker) = Count::new();
    let (mut first, mut second) = (notify.notified(), notify.notified());
    assert!(poll(&mut first, &first_waker).is_pending());
    assert!(poll(&mut second, &second_waker).is_pending());
    notify.notify_one();
    assert_eq!((first_woken.wakes(), second_woken.wakes()), (1, 0));
    assert!(poll(&mut second, &second_waker).is_pending());
    assert!(poll(&mut first, &first_waker).is_ready());
    assert!(poll(&mut first, &first_waker).is_ready(), "it stays ready");
}

#[test]
fn a_future_that_was_made_before_is_notified_with_all() {
    let notify = Notify::new();
    let (woken, waker) = Count::new();
    let (mut polled, mut unpolled) = (notify.notified(), notify.notified());
    assert!(poll(&mut polled, &waker).is_pending());
    notify.notify_waiters();
    let mut later = notify.notified();
    assert_eq!(woken.wakes(), 1);
    assert!(poll(&mut polled, &waker).is_ready() && poll(&mut unpolled, &waker).is_ready());
    assert!(poll(&mut later, &waker).is_pending());
}

#[test]
fn each_enabled_future_gets_a_notice_of_its_own() {
    let notify = Notify::new();
    let (mut first, mut second) = (notify.notified(), notify.notified());
    assert!(!first.enable() && !second.enable());
    notify.notify_one();
    notify.notify_one();
    assert!(poll(&mut first, Waker::noop()).is_ready());
    assert!(second.enable(), "the second notice was not for it");
    assert!(second.enable() && poll(&mut second, Waker::noop()).is_ready(), "it stays ready");
    assert!(poll(&mut notify.notified(), Waker::noop()).is_pending());
}

#[test]
fn an_enabled_future_that_is_polled_is_woken() {
    let notify = Notify::new();
    let (woken, waker) = Count::new();
    let mut notified = notify.notified();
    assert!(!notified.enable());
    assert!(poll(&mut notified, &waker).is_pending());
    notify.notify_one();
    assert_eq!(woken.wakes(), 1);
    assert!(poll(&mut notified, &waker).is_ready());
}

#[test]
fn a_future_that_waits_keeps_its_waker_when_it_is_enabled() {
    let notify = Notify::new();
    let (woken, waker) = Count::new();
    let mut notified = notify.notified();
    assert!(poll(&mut notified, &waker).is_pending());
    assert!(!notified.enable());
    notify.notify_one();
    assert_eq!(woken.wakes(), 1);
}

#[test]
fn an_enabled_future_that_is_dropped_passes_its_notice_on() {
    let notify = Notify::new();
    let mut notified = notify.notified();
    assert!(!notified.enable());
    notify.notify_one();
    drop(notified);
    assert!(notify.notified().enable());
}

#[test]
fn a_stored_notice_that_was_seen_and_not_awaited_is_stored_again() {
    let notify = Notify::new();
    notify.notify_one();
    let mut seen = notify.notified();
    assert!(seen.enable());
    assert!(poll(&mut notify.notified(), Waker::noop()).is_pending(), "it is that future's");
    drop(seen);
    assert!(poll(&mut notify.notified(), Waker::noop()).is_ready());
}

#[test]
fn a_notice_that_was_seen_and_not_awaited_goes_on() {
    let notify = Notify::new();
    let (woken, waker) = Count::new();
    let (mut first, mut second) = (notify.notified(), notify.notified());
    assert!(!first.enable() && poll(&mut second, &waker).is_pending());
    notify.notify_one();
    assert!(first.enable() && first.enable());
    drop(first);
    assert_eq!(woken.wakes(), 1);
    assert!(poll(&mut second, &waker).is_ready());
}

#[test]
fn a_notice_that_was_seen_and_awaited_is_taken() {
    let notify = Notify::new();
    notify.notify_one();
    let mut notified = notify.notified();
    assert!(notified.enable() && poll(&mut notified, Waker::noop()).is_ready());
    assert!(notified.enable(), "it stays ready");
    drop(notified);
    assert!(poll(&mut notify.notified(), Waker::noop()).is_pending());
}

#[test]
fn a_notice_to_all_that_was_seen_is_not_handed_on() {
    let notify = Notify::new();
    let (mut waiting, mut unpolled) = (notify.notified(), notify.notified());
    assert!(!waiting.enable());
    notify.notify_waiters();
    assert!(waiting.enable() && unpolled.enable());
    drop((waiting, unpolled));
    assert!(poll(&mut notify.notified(), Waker::noop()).is_pending());
}

#[test]
fn a_notice_of_a_future_that_is_dropped_goes_on() {
    let notify = Notify::new();
    let (woken, waker) = Count::new();
    let (mut first, mut second) = (notify.notified(), notify.notified());
    assert!(poll(&mut first, Waker::noop()).is_pending() && poll(&mut second, &waker).is_pending());
    notify.notify_one();
    drop(first);
    assert_eq!(woken.wakes(), 1);
    drop(second);
    assert!(poll(&mut notify.notified(), Waker::noop()).is_ready(), "it is stored for the next");
}

#[test]
fn a_notice_to_all_is_not_handed_on() {
    let notify = Notify::new();
    let mut first = notify.notified();
    assert!(poll(&mut first, Waker::noop()).is_pending());
    notify.notify_waiters();
    drop(first);
    assert!(poll(&mut notify.notified(), Waker::noop()).is_pending());
}

#[test]
fn a_flag_and_a_notice_lose_nothing() {
    comes_to_an_end(|| {
        for _ in 0..2000 {
            let shared = Arc::new((AtomicBool::new(false), Notify::new()));
            let setting = shared.clone();
            let setter = thread::spawn(move || {
                setting.0.store(true, Ordering::SeqCst);
                setting.1.notify_waiters();
            });
            loop {
                let notified = shared.1.notified();
                if shared.0.load(Ordering::SeqCst) {
                    break;
                }
                block_on(notified);
            }
            setter.join().unwrap();
        }
    });
}
