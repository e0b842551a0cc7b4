//! Ticks without drift, and a sleep whose deadline can be changed. The clock is a number that the test
//! passes.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Exercise 1. Ticks at `start`, and every `period` after that.
pub struct Interval {
    next: u64,
    period: u64,
}

impl Interval {
    pub fn new(start: u64, period: u64) -> Interval {
        Interval { next: start, period }
    }

    /// Returns the time at which the next tick was due, if that is not after `now`. A caller that is late
    /// gets the missed ticks one per call. The later ticks keep their times.
    pub fn tick(&mut self, now: u64) -> Option<u64> {
        if now < self.next {
            return None;
        }
        self.next = now + self.period; // exercise 1: what if the caller was late?
        Some(now)
    }
}

/// The wakers of the waiting sleeps, by deadline and number.
#[derive(Default)]
pub struct Timers {
    waiting: BTreeMap<(u64, u64), Waker>,
    count: u64,
}

impl Timers {
    /// Wakes all that are due.
    pub fn fire(&mut self, now: u64) {
        let later = self.waiting.split_off(&(now, u64::MAX));
        for waker in std::mem::replace(&mut self.waiting, later).into_values() {
            waker.wake();
        }
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}

pub struct Sleep {
    timers: Rc<RefCell<Timers>>,
    key: (u64, u64),
}

pub fn sleep(timers: &Rc<RefCell<Timers>>, deadline: u64) -> Sleep {
    let mut all = timers.borrow_mut();
    all.count += 1;
    let key = (deadline, all.count);
    all.waiting.insert(key, Waker::noop().clone());
    Sleep { timers: timers.clone(), key }
}

impl Sleep {
    /// Exercise 2. Sets a new deadline, whether the old one has passed or not. A task that is already waiting
    /// is woken at the new deadline, even if it is not polled in between.
    pub fn reset(&mut self, deadline: u64) {
        todo!("exercise 2: what happens to the waker?")
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.timers.borrow_mut().waiting.get_mut(&self.key) {
            Some(waker) => {
                *waker = cx.waker().clone();
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.timers.borrow_mut().waiting.remove(&self.key);
    }
}
