//! A reactor over `polling`, and a limit on concurrency. One solution.

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
        self.waiting.lock().unwrap().insert(key, cx.waker().clone());
        self.poller.modify(source, Event::readable(key))
    }

    /// Exercise 1. One turn: waits for events, and wakes the tasks that wait for them. Returns the number of
    /// events.
    pub fn turn(&self) -> io::Result<usize> {
        let mut events = Events::new();
        self.poller.wait(&mut events, None)?;
        let mut woken = Vec::new();
        {
            let mut waiting = self.waiting.lock().unwrap();
            woken.extend(events.iter().filter_map(|event| waiting.remove(&event.key)));
        }
        let count = woken.len();
        woken.into_iter().for_each(Waker::wake);
        Ok(count)
    }
}

/// Exercise 2. Runs all jobs, at most `limit` of them at a time. It starts them in the order of the list.
pub async fn at_most<F: Future<Output = ()>>(limit: usize, jobs: Vec<F>) {
    let mut jobs = jobs.into_iter();
    let mut running: Vec<Pin<Box<F>>> = jobs.by_ref().take(limit).map(Box::pin).collect();
    poll_fn(|cx| {
        let mut at = 0;
        while at < running.len() {
            if running[at].as_mut().poll(cx).is_pending() {
                at += 1;
            } else {
                running.remove(at);
                running.extend(jobs.next().map(Box::pin));
            }
        }
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
