//! Rung 04: spawn_blocking, a leaf future of our own.
//!
//!     cargo run --example 04_spawn_blocking
//!
//! The wake of rung 03 carries no value. So a value needs a place where the thread that has it and the task that
//! waits for it meet: a slot behind a lock, shared by both. With it we make the first future that is of
//! real use: a function that blocks runs on a thread of its own, and its result can be awaited.
//!
//! ```text
//!   the thread:  work ──▶ lock ─ put the outcome, take the waker ─ unlock ──▶ wake
//!                               ┌─────────────────────────────┐
//!                               │ Slot { outcome, waker }     │
//!                               └─────────────────────────────┘
//!   a poll:               lock ─ take the outcome, or leave the waker ─ unlock
//! ```
//!
//! S1  A poll looks and leaves its waker under one lock. With a gap in between, the outcome could come
//!     just there: the thread finds no waker, the poll has seen no outcome, and nobody is ever woken.
//! S2  Each poll leaves its own waker. Only the newest counts, for a future may change hands.
//! S3  The waker is called when the lock is free again: it is foreign code, and may poll us at once.

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
/// Runs a function that blocks, on a thread of its own.
fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let slot = Arc::new(Mutex::new(Slot { outcome: None, waker: None }));
    let handle = JoinHandle(slot.clone());
    thread::spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(work)); // A panic is an outcome, too.
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
        self.raised.store(true, Ordering::Release);
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
    // S2: polled with one waker, then with another, as if the future had moved from task to task.
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
    println!("Polled with two wakers. Called was: {}.", called.join(", "));
    // ANCHOR_END: 04_two_wakers

    println!("A call that panics (what std says of it goes to stderr):");
    let handle = spawn_blocking(|| panic!("the disk is full"));
    let panicked = catch_unwind(AssertUnwindSafe(|| block_on(handle))).expect_err("it panics");
    let payload = panicked.downcast_ref::<&str>().expect("its message");
    println!("    the panic comes out where the call is awaited: {payload:?}");

    // Still wrong: `block_on` runs one future. `one.await`, then `other.await`: what is to happen at the
    // same time must be threads already. We want many futures going on a single thread: rung 05.
    println!("Still wrong: one block_on, one future; what goes on at once needs threads. Rung 05 mends it.");
}
