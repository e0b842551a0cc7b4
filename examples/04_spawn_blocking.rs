//! Rung 04: spawn_blocking, a leaf future of our own.
//!
//!     cargo run --example 04_spawn_blocking
//!
//! The wake of rung 03 carries no value. So the thread that has a value and the task that waits for it share
//! a slot behind a lock. With the slot we write the first useful future: a function that blocks runs on a
//! thread of its own, and its result can be awaited.
//!
//! ```text
//!   the thread:  work ──▶ lock ─ store the outcome, take the waker ─ unlock ──▶ wake
//!                               ┌─────────────────────────────┐
//!                               │ Slot { outcome, waker }     │
//!                               └─────────────────────────────┘
//!   a poll:               lock ─ take the outcome, or store the waker ─ unlock
//! ```
//!
//! - S1  A poll checks for an outcome and stores its waker under one lock. If it released the lock in between,
//!   the outcome could arrive in that gap. Then the thread would find no waker, the poll would have seen no
//!   outcome, and the task would never be woken.
//! - S2  Each poll stores its own waker. Only the latest counts, because a future may move to another task.
//! - S3  The waker is called after the lock is released. A waker is arbitrary code: it may poll this future at
//!   once.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

// ANCHOR: 04_slot
/// Where the outcome of a call meets the waker of the task that waits for it.
struct Slot<T> {
    outcome: Option<thread::Result<T>>,
    waker: Option<Waker>,
}

/// The future of a call's result.
struct JoinHandle<T>(Arc<Mutex<Slot<T>>>);
// ANCHOR_END: 04_slot

// ANCHOR: 04_spawn_blocking
/// Runs a blocking function on a thread of its own. Returns a future of its result.
fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let slot = Arc::new(Mutex::new(Slot { outcome: None, waker: None }));
    let handle = JoinHandle(slot.clone());
    thread::spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(work)); // A panic is an outcome too.
        let mut locked = slot.lock().unwrap();
        locked.outcome = Some(outcome);
        let waker = locked.waker.take();
        drop(locked); // S3
        if let Some(waker) = waker {
            waker.wake();
        }
    });
    handle
}
// ANCHOR_END: 04_spawn_blocking

// ANCHOR: 04_poll
impl<T> Future for JoinHandle<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut slot = self.0.lock().unwrap();
        match slot.outcome.take() {
            Some(Ok(value)) => Poll::Ready(value),
            Some(Err(panic)) => {
                drop(slot);
                resume_unwind(panic)
            }
            None => {
                slot.waker = Some(cx.waker().clone()); // S1, S2
                Poll::Pending
            }
        }
    }
}
// ANCHOR_END: 04_poll

/// As in rung 03.
struct Signal {
    raised: AtomicBool,
    thread: Thread,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        // ORDERING[signal]: Release; pairs with the Acquire in `block_on`.
        self.raised.swap(true, Ordering::Release);
        self.thread.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let signal = Arc::new(Signal { raised: AtomicBool::new(false), thread: thread::current() });
    let waker = Waker::from(signal.clone());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        // ORDERING[signal]: Acquire; pairs with the Release in `wake`.
        while !signal.raised.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

/// A waker that sends its name to a channel.
struct Named(&'static str, Sender<&'static str>);

impl Wake for Named {
    fn wake(self: Arc<Self>) {
        self.1.send(self.0).expect("main listens");
    }
}

fn main() {
    let length = spawn_blocking(|| include_str!("04_spawn_blocking.rs").lines().count());
    println!("A thread counted the lines of this file: {}.", block_on(length));

    // ANCHOR: 04_two_wakers
    // S2: polled with one waker, then with another, as if the future had moved to another task.
    let (sender, calls) = mpsc::channel();
    let (go, gate) = mpsc::channel();
    let mut handle = spawn_blocking(move || gate.recv());
    for name in ["first", "second"] {
        let waker = Waker::from(Arc::new(Named(name, sender.clone())));
        assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    }
    drop(sender);
    go.send(()).expect("the call waits for it");
    let called: Vec<_> = calls.iter().collect(); // Until no waker is left.
    println!("Polled with two wakers. The one that was called: {}.", called.join(", "));
    // ANCHOR_END: 04_two_wakers

    println!("A call that panics (std prints its message to stderr):");
    let handle = spawn_blocking(|| panic!("the disk is full"));
    let panicked = catch_unwind(AssertUnwindSafe(|| block_on(handle))).expect_err("it panics");
    let payload = panicked.downcast_ref::<&str>().expect("its message");
    println!("    the panic resumes where the call is awaited: {payload:?}");

    // Still wrong: `block_on` runs one future. To do two things at once still takes two threads. We want
    // many futures to make progress on a single thread: rung 05.
    println!("Still wrong: block_on runs one future; two things at once need two threads. Rung 05 fixes it.");
}
