//! What the tests share: pairs of sockets, wakers that count, and waits with a deadline.

#[path = "../../../tests/shared/count.rs"]
mod count;
#[path = "../../../tests/shared/hooked.rs"]
mod hooked;
#[path = "../../../tests/shared/on_drop.rs"]
mod on_drop;

use std::future::Future;
use std::net;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use executor::task;
use reactor::net::TcpStream;
use reactor::time::{sleep, timeout};

pub(crate) use count::Count;
pub(crate) use hooked::hooked;
pub(crate) use on_drop::OnDrop;

/// Long enough for a machine under load.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test of futures. If it hangs or deadlocks, it fails.
pub(crate) fn run<F: Future<Output = ()> + 'static>(test: impl FnOnce() -> F + Send + 'static) {
    must_end(move || task::block_on(within(test())));
}

/// Runs a test on a thread of its own, so that a deadlock is a failure and not a stuck suite.
pub(crate) fn must_end(test: impl FnOnce() + Send + 'static) {
    let (ended, end) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        let _ = ended.send(());
    });
    match end.recv_timeout(PATIENCE + PATIENCE / 2) {
        Ok(()) => {}
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("deadlock"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {}
    }
    if let Err(payload) = thread.join() {
        std::panic::resume_unwind(payload);
    }
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("the test hangs")
}

/// Waits for a condition, while the reactor turns.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "never: {what}");
        sleep(Duration::from_millis(1)).await;
    }
}

/// Lets the reactor make several turns, so that all pending events arrive.
pub(crate) async fn settle() {
    for _ in 0..5 {
        sleep(Duration::from_millis(1)).await;
    }
}

/// A connection: the reactor's end, and std's end, whose calls block.
pub(crate) fn connection() -> (TcpStream, net::TcpStream) {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    (TcpStream::try_from(ours).unwrap(), theirs)
}

/// A waker that calls a function when it is woken.
pub(crate) struct OnWake<F: Fn() + Send + Sync + 'static>(pub(crate) F);

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// One poll with this waker.
pub(crate) fn poll_with<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}
