//! A semaphore that loses no permit, and a cell that is watched. One solution.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// It hands permits to those who wait, in their order.
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
        let before = state.line.len();
        state.line.retain(|(other, _)| *other != ticket);
        let was_handed_a_permit = state.line.len() == before;
        drop(state);
        if was_handed_a_permit {
            self.semaphore.release(); // C3
        }
    }
}

/// A value that is replaced, and one who watches it.
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
    /// Replaces the value, and wakes the receivers that wait.
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
    /// The newest value.
    pub fn borrow(&self) -> T {
        self.shared.lock().unwrap().value.clone()
    }

    /// Waits for a value that this receiver has not had from here yet, and returns the newest.
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
