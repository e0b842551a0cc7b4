//! Wakers that count, panic, or run a closure when they are dropped; and a deadline for deadlocks.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

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

/// A waker that calls a function when it is cloned, woken or dropped. Raw, because `Wake` has no hook for a
/// clone.
#[allow(unsafe_code, reason = "only a waker of raw parts sees that it is cloned")]
pub(crate) fn hooked(hook: impl Fn() + Send + Sync + 'static) -> Waker {
    use std::mem::ManuallyDrop;
    use std::task::{RawWaker, RawWakerVTable};
    type Hook = Box<dyn Fn() + Send + Sync>;

    /// Borrows what a pointer of this waker points to.
    unsafe fn of(data: *const ()) -> ManuallyDrop<Arc<Hook>> {
        // SAFETY: every pointer is from `Arc::into_raw`, and its waker has not been dropped: the caller's
        // promise.
        ManuallyDrop::new(unsafe { Arc::from_raw(data.cast()) })
    }
    static CALLS: RawWakerVTable = RawWakerVTable::new(
        |data| {
            // SAFETY: called with a waker's pointer.
            let hook = unsafe { of(data) };
            hook();
            RawWaker::new(Arc::into_raw(Arc::clone(&hook)).cast(), &CALLS)
        },
        |data| {
            // SAFETY: as above; waking consumes the waker.
            let hook = ManuallyDrop::into_inner(unsafe { of(data) });
            hook();
        },
        |data| {
            // SAFETY: as above.
            let hook = unsafe { of(data) };
            hook();
        },
        |data| {
            // SAFETY: as above; dropping consumes the waker.
            let hook = ManuallyDrop::into_inner(unsafe { of(data) });
            hook();
        },
    );
    let hook: Arc<Hook> = Arc::new(Box::new(hook));
    // SAFETY: the functions count references as RawWakerVTable requires, by the Arc.
    unsafe { Waker::from_raw(RawWaker::new(Arc::into_raw(hook).cast(), &CALLS)) }
}
