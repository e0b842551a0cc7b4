//! A semaphore that loses no permit, a value that a receiver can watch, and a notice that is stored. One solution.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// It hands permits to the waiters in the order in which they asked.
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
        let before = state.waiters.len();
        state.waiters.retain(|(other, _)| *other != ticket);
        let was_handed_a_permit = state.waiters.len() == before;
        drop(state);
        if was_handed_a_permit {
            self.semaphore.release(); // The permit is passed on [handed-on].
        }
    }
}

/// A value that can be replaced, and a receiver that waits for changes.
pub fn watch<T: Clone>(value: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Mutex::new(Watched { value, version: 0, waker: None }));
    (Sender { shared: shared.clone() }, Receiver { shared, seen: 0 })
}

struct Watched<T> {
    value: T,
    /// How often it was replaced.
    version: u64,
    waker: Option<Waker>,
}

pub struct Sender<T> {
    shared: Arc<Mutex<Watched<T>>>,
}

impl<T: Clone> Sender<T> {
    /// Replaces the value, and wakes the receiver if it waits.
    pub fn send(&self, value: T) {
        let mut watched = self.shared.lock().unwrap();
        let old = std::mem::replace(&mut watched.value, value);
        watched.version += 1;
        let waker = watched.waker.take();
        drop(watched);
        drop(old);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

pub struct Receiver<T> {
    shared: Arc<Mutex<Watched<T>>>,
    seen: u64,
}

impl<T: Clone> Receiver<T> {
    /// Returns the newest value.
    pub fn borrow(&self) -> T {
        self.shared.lock().unwrap().value.clone()
    }

    /// Waits until a value was sent since the last call, and returns the newest.
    pub async fn changed(&mut self) -> T {
        poll_fn(|cx| {
            let mut watched = self.shared.lock().unwrap();
            if watched.version > self.seen {
                self.seen = watched.version;
                return Poll::Ready(watched.value.clone());
            }
            watched.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

/// Wakes the task that has waited longest. If nobody waits, one notice is stored for the next task that waits.
pub struct Notify(Mutex<Notified>);

struct Notified {
    /// A notice that no task has taken. It is stored only while nobody waits.
    stored: bool,
    next_ticket: u64,
    waiters: VecDeque<(u64, Waker)>,
}

impl Notify {
    pub fn new() -> Notify {
        Notify(Mutex::new(Notified { stored: false, next_ticket: 0, waiters: VecDeque::new() }))
    }

    /// Wakes the task that has waited longest, or stores the notice.
    pub fn notify_one(&self) {
        let mut state = self.0.lock().unwrap();
        let Some((_, waker)) = state.waiters.pop_front() else {
            state.stored = true;
            return;
        };
        drop(state);
        waker.wake();
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
                None if state.stored => {
                    state.stored = false;
                    Poll::Ready(())
                }
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
