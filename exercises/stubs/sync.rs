//! A semaphore that loses permits, and a cell that is watched.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub, to be mended and filled in")]

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Exercise 1. It hands permits to those who wait, in their order. One that is cancelled at the wrong
/// moment takes a permit with it: a waiter that was woken and gives up must pass the permit on. Mend it.
pub struct Semaphore(Mutex<State>);

struct State {
    free: usize,
    next_ticket: u64,
    line: VecDeque<(u64, Waker)>,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore(Mutex::new(State { free: permits, next_ticket: 0, line: VecDeque::new() }))
    }

    /// Waits for a permit. It is given back with `release`.
    pub fn acquire(&self) -> Acquire<'_> {
        Acquire { semaphore: self, ticket: None }
    }

    /// Gives a permit back: to the first that waits, or to the next that asks.
    pub fn release(&self) {
        let mut state = self.0.lock().unwrap();
        let Some((_, waker)) = state.line.pop_front() else {
            state.free += 1;
            return;
        };
        drop(state);
        waker.wake();
    }

    /// Permits that nobody has, and that nobody was promised.
    pub fn free(&self) -> usize {
        self.0.lock().unwrap().free
    }
}

pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    /// Set while it stands in line, or has been handed a permit without knowing it yet.
    ticket: Option<u64>,
}

impl Future for Acquire<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.semaphore.0.lock().unwrap();
        match self.ticket {
            Some(ticket) => match state.line.iter_mut().find(|(other, _)| *other == ticket) {
                Some((_, waker)) => {
                    waker.clone_from(cx.waker());
                    Poll::Pending
                }
                None => {
                    drop(state);
                    self.ticket = None;
                    Poll::Ready(())
                }
            },
            None if state.free > 0 => {
                state.free -= 1;
                Poll::Ready(())
            }
            None => {
                let ticket = state.next_ticket;
                state.next_ticket += 1;
                state.line.push_back((ticket, cx.waker().clone()));
                drop(state);
                self.ticket = Some(ticket);
                Poll::Pending
            }
        }
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.semaphore.0.lock().unwrap();
        state.line.retain(|(other, _)| *other != ticket);
    }
}

/// Exercise 2. A value that is replaced, and one who watches it.
pub fn watch<T: Clone>(value: T) -> (Sender<T>, Receiver<T>) {
    todo!("exercise 2: both share the value, a version, and a waker")
}

pub struct Sender<T> {
    of: std::marker::PhantomData<T>,
}

impl<T: Clone> Sender<T> {
    /// Replaces the value, and wakes the receivers that wait.
    pub fn send(&self, value: T) {
        todo!("exercise 2")
    }
}

pub struct Receiver<T> {
    of: std::marker::PhantomData<T>,
}

impl<T: Clone> Receiver<T> {
    /// The newest value. It is that of the beginning until something is sent.
    pub fn borrow(&self) -> T {
        todo!("exercise 2")
    }

    /// Waits for a value that this receiver has not had from here yet, and returns the newest. Those in
    /// between are skipped.
    pub async fn changed(&mut self) -> T {
        todo!("exercise 2: poll_fn; compare the versions, and leave the waker, under one lock")
    }
}
