//! A semaphore that loses permits, a value that a receiver can watch, and a notice that is lost.
#![allow(dead_code, unused_variables, unused_imports, reason = "a stub for the reader to fix and fill in")]

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Exercise 1. It hands permits to the waiters in the order in which they asked. A waiter that is cancelled
/// at the wrong moment loses a permit: if it was already handed one, it must pass it on. Fix it.
pub struct Semaphore(Mutex<State>);

struct State {
    free: usize,
    next_ticket: u64,
    waiters: VecDeque<(u64, Waker)>,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore(Mutex::new(State { free: permits, next_ticket: 0, waiters: VecDeque::new() }))
    }

    /// Waits for a permit. Give it back with `release`.
    pub fn acquire(&self) -> Acquire<'_> {
        Acquire { semaphore: self, ticket: None }
    }

    /// Gives a permit back. It goes to the first waiter, or, if there is none, to the next caller of
    /// `acquire`.
    pub fn release(&self) {
        let mut state = self.0.lock().unwrap();
        let Some((_, waker)) = state.waiters.pop_front() else {
            state.free += 1;
            return;
        };
        drop(state);
        waker.wake();
    }

    /// Returns the number of permits that are neither held nor handed to a waiter.
    pub fn free(&self) -> usize {
        self.0.lock().unwrap().free
    }
}

pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    /// Set while it waits, or has been handed a permit but not been polled since.
    ticket: Option<u64>,
}

impl Future for Acquire<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.semaphore.0.lock().unwrap();
        match self.ticket {
            Some(ticket) => match state.waiters.iter_mut().find(|(other, _)| *other == ticket) {
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
                state.waiters.push_back((ticket, cx.waker().clone()));
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
        state.waiters.retain(|(other, _)| *other != ticket);
    }
}

/// Exercise 2. A value that can be replaced, and a receiver that waits for changes.
pub fn watch<T: Clone>(value: T) -> (Sender<T>, Receiver<T>) {
    todo!("exercise 2: both ends share the value, a version, and a waker")
}

pub struct Sender<T> {
    of: std::marker::PhantomData<T>,
}

impl<T: Clone> Sender<T> {
    /// Replaces the value, and wakes the receiver if it waits.
    pub fn send(&self, value: T) {
        todo!("exercise 2: the waker and the old value run code of others; what is locked meanwhile?")
    }
}

pub struct Receiver<T> {
    of: std::marker::PhantomData<T>,
}

impl<T: Clone> Receiver<T> {
    /// Returns the newest value. Until a value is sent, that is the initial one.
    pub fn borrow(&self) -> T {
        todo!("exercise 2")
    }

    /// Waits until a value was sent since the last call, and returns the newest. Values in between are
    /// skipped.
    pub async fn changed(&mut self) -> T {
        todo!("exercise 2: poll_fn; compare the versions, and store the waker, under one lock")
    }
}

/// Exercise 3. Wakes the task that has waited longest. If nobody waits, the notice is lost: a task that looks, finds
/// nothing, and then waits has missed it. Store one notice for the next task that waits. Fix it.
pub struct Notify(Mutex<Notified>);

struct Notified {
    next_ticket: u64,
    waiters: VecDeque<(u64, Waker)>,
}

impl Notify {
    pub fn new() -> Notify {
        Notify(Mutex::new(Notified { next_ticket: 0, waiters: VecDeque::new() }))
    }

    /// Wakes the task that has waited longest.
    pub fn notify_one(&self) {
        let first = self.0.lock().unwrap().waiters.pop_front();
        if let Some((_, waker)) = first {
            waker.wake();
        }
    }

    /// Waits for a notice. (If it is dropped while it waits, the notice that it gets is lost. Exercise 1 has the cure.)
    pub async fn notified(&self) {
        let mut ticket = None;
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap();
            match ticket {
                Some(ticket) => match state.waiters.iter_mut().find(|(other, _)| *other == ticket) {
                    Some((_, waker)) => {
                        waker.clone_from(cx.waker());
                        Poll::Pending
                    }
                    None => Poll::Ready(()),
                },
                None => {
                    ticket = Some(state.next_ticket);
                    let ticket = state.next_ticket;
                    state.waiters.push_back((ticket, cx.waker().clone()));
                    state.next_ticket += 1;
                    Poll::Pending
                }
            }
        })
        .await;
    }
}
