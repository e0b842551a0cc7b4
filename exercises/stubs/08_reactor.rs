//! A reactor over `polling`, and a limit on concurrency.
#![allow(
    dead_code,
    unused_variables,
    unused_imports,
    unused_mut,
    reason = "a stub for the reader to fill in"
)]

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use polling::{Event, Events, Poller};

/// Exercise 1. A poller, and the wakers of the waiting tasks, by key.
pub struct Reactor {
    poller: Poller,
    pub waiting: Mutex<BTreeMap<usize, Waker>>,
}

impl Reactor {
    pub fn new() -> io::Result<Reactor> {
        Ok(Reactor { poller: Poller::new()?, waiting: Mutex::default() })
    }

    /// Registers a descriptor under a key, with no interest in any event yet.
    pub fn add(&self, source: &impl AsRawFd, key: usize) -> io::Result<()> {
        // SAFETY: the tests delete each source before they close it.
        unsafe { self.poller.add(source, Event::none(key)) }
    }

    pub fn delete(&self, source: &impl AsFd) -> io::Result<()> {
        self.poller.delete(source)
    }

    /// Exercise 1. Arranges for the task of `cx` to be woken when the source can be read.
    pub fn wait_readable(&self, source: &impl AsFd, key: usize, cx: &mut Context<'_>) -> io::Result<()> {
        todo!("exercise 1: store the waker, arm the poller (`modify`): in which order?")
    }

    /// Exercise 1. One turn: waits for events, and wakes the tasks that wait for them. Returns the number of
    /// events.
    pub fn turn(&self) -> io::Result<usize> {
        todo!("exercise 1: poller.wait; take the wakers out under the lock, call them without it")
    }
}

/// Exercise 2. Runs all jobs, at most `limit` of them at a time. It starts them in the order of the list.
pub async fn at_most<F: Future<Output = ()>>(limit: usize, jobs: Vec<F>) {
    for job in jobs {
        job.await; // exercise 2: one at a time is too few
    }
}
