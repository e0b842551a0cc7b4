//! Wakers that count, panic, or run a closure when they are dropped; and a deadline for deadlocks.

#[path = "../../../tests/shared/hooked.rs"]
mod hooked;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

pub(crate) use hooked::hooked;

/// Long enough for a machine under load: what takes longer counts as a deadlock.
const DEADLINE: Duration = Duration::from_secs(30);

/// Runs `check` on a thread of its own, and fails if it does not end.
pub(crate) fn comes_to_an_end(check: impl FnOnce() + Send + 'static) {
    let (done, end) = mpsc::channel();
    let worker = thread::spawn(move || {
        check();
        let _ = done.send(());
    });
    match end.recv_timeout(DEADLINE) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
        _ => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
    }
}

pub(crate) fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let count = Arc::new(Self::default());
        (Arc::clone(&count), count.into())
    }

    pub(crate) fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs its closure when it is dropped: as a value, or as a waker by [`OnDrop::waker`].
pub(crate) struct OnDrop<F: Fn()>(pub(crate) F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl<F: Fn() + Send + Sync + 'static> OnDrop<F> {
    pub(crate) fn waker(drop: F) -> Waker {
        Arc::new(Self(drop)).into()
    }
}

impl<F: Fn() + Send + Sync + 'static> Wake for OnDrop<F> {
    fn wake(self: Arc<Self>) {}
}

/// Panics when it is woken.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new("a waker's panic"));
    }
}

pub(crate) fn panicking() -> Waker {
    Arc::new(Panics).into()
}
