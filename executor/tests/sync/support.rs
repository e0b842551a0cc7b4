//! Wakers that count, panic, or run a closure when they are dropped; and a deadline for deadlocks.

#[path = "../../../tests/shared/count.rs"]
mod count;
#[path = "../../../tests/shared/hooked.rs"]
mod hooked;
#[path = "../../../tests/shared/on_drop.rs"]
mod on_drop;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

pub(crate) use count::Count;
pub(crate) use hooked::hooked;
pub(crate) use on_drop::OnDrop;

/// Long enough for a machine under load, and for valgrind: what takes longer counts as a deadlock.
const DEADLINE: Duration = Duration::from_secs(120);

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
