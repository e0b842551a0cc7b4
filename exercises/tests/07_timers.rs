//! Exercises of the chapter "07 Timers": `stubs/07_timers.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/07_timers.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/07_timers.rs")]
mod ch07_timers;

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Context;

use ch07_timers::{Interval, Timers, sleep};
use exercises::Calls;

#[test]
fn exercise_1_it_does_not_drift() {
    let mut interval = Interval::new(100, 10);
    let ticks: Vec<_> = [99, 103, 110, 125, 125, 130].map(|now| interval.tick(now)).into();
    assert_eq!(ticks, [None, Some(100), Some(110), Some(120), None, Some(130)]);
}

#[test]
fn exercise_1_missed_ticks_come_at_once() {
    let mut interval = Interval::new(0, 10);
    let ticks: Vec<_> = (0..5).map(|_| interval.tick(35)).collect();
    assert_eq!(ticks, [Some(0), Some(10), Some(20), Some(30), None]);
}

#[test]
fn exercise_2_a_sleep_that_waits_is_set_anew() {
    let timers = Rc::new(RefCell::new(Timers::default()));
    let (calls, waker) = Calls::waker();
    let mut cx = Context::from_waker(&waker);
    let mut later = sleep(&timers, 10);
    assert!(Pin::new(&mut later).poll(&mut cx).is_pending());
    later.reset(20);
    timers.borrow_mut().fire(10);
    assert_eq!(calls.count(), 0, "the old deadline no longer counts");
    timers.borrow_mut().fire(20);
    assert_eq!(calls.count(), 1, "the task is already waiting: it is not polled until it is woken");
    assert!(Pin::new(&mut later).poll(&mut cx).is_ready());
}

#[test]
fn exercise_2_also_when_it_has_fired() {
    let timers = Rc::new(RefCell::new(Timers::default()));
    let (_calls, waker) = Calls::waker();
    let mut cx = Context::from_waker(&waker);
    let mut again = sleep(&timers, 10);
    timers.borrow_mut().fire(10);
    again.reset(30);
    assert!(Pin::new(&mut again).poll(&mut cx).is_pending());
    drop(again);
    assert_eq!(timers.borrow().len(), 0, "a dropped sleep leaves nothing behind");
}
