//! Rung 03: a waker, from the trait `Wake` and from four functions of our own.
//!
//!     cargo run --example 03_wakers
//!
//! Rung 02 kept the notification in the thread's one token, which any code that parks on that thread
//! may consume. Now the notification is a flag of our own, and the token only ends the sleep.
//!
//! This rung also looks inside a `Waker`. It is two pointers: one to some data, one to a table of four
//! functions that clone it, call it (by value and by reference) and drop it. So any type can be behind it,
//! with no type parameter, and std prescribes no allocation. This rung needs `unsafe` for the table. The
//! trait `Wake` generates the same table for any `Arc`.
//!
//! ```text
//!   Waker ┬─ data ───▶ Signal { raised, thread }     each waker owns one count of an Arc
//!         └─ vtable ─▶ clone, wake, wake_by_ref, drop
//! ```
#![allow(unsafe_code, reason = "a hand-written waker is a pointer and four functions on it")]

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

// ANCHOR: 03_signal
/// Whether a wake has come, and the thread that it wakes.
struct Signal {
    raised: AtomicBool,
    thread: Thread,
}

impl Signal {
    fn new() -> Arc<Signal> {
        Arc::new(Signal { raised: AtomicBool::new(false), thread: thread::current() })
    }

    fn raise(&self) {
        // ORDERING[signal]: Release; publishes what the waker's caller did before, for the next poll. A swap, since a
        // store of a second caller would hide what the first one has published.
        self.raised.swap(true, Ordering::Release);
        self.thread.unpark();
    }

    /// Sleeps until the flag is raised, and lowers it. It checks the flag before each sleep.
    fn wait(&self) {
        // ORDERING[signal]: Acquire; pairs with the Release in `raise`.
        while !self.raised.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}
// ANCHOR_END: 03_signal

// ANCHOR: 03_wake
impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.raise();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.raise();
    }
}
// ANCHOR_END: 03_wake

// ANCHOR: 03_by_hand
/// The same by hand. The waker's pointer owns one count of the Arc.
fn waker_by_hand(signal: Arc<Signal>) -> Waker {
    // SAFETY: the functions of VTABLE may be called on any thread, because Signal is Send and Sync. Each
    // treats the pointer as one count of an Arc<Signal>, which it is.
    unsafe { Waker::new(Arc::into_raw(signal).cast(), &VTABLE) }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

unsafe fn clone(data: *const ()) -> RawWaker {
    println!("        clone");
    // SAFETY: the waker being cloned holds a count, so the Signal is alive.
    unsafe { Arc::increment_strong_count(data.cast::<Signal>()) };
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    println!("        wake");
    // SAFETY: `wake` consumes the waker, so its count is ours now.
    unsafe { Arc::from_raw(data.cast::<Signal>()) }.raise();
}

unsafe fn wake_by_ref(data: *const ()) {
    println!("        wake_by_ref");
    // SAFETY: the waker is only borrowed, and its count keeps the Signal alive during the call.
    unsafe { &*data.cast::<Signal>() }.raise();
}

unsafe fn drop_waker(data: *const ()) {
    println!("        drop");
    // SAFETY: the waker is going away, so its count is ours to drop.
    drop(unsafe { Arc::from_raw(data.cast::<Signal>()) });
}
// ANCHOR_END: 03_by_hand

/// As in rung 02, but the thread waits for a Signal.
fn block_on<F: Future>(future: F, signal: &Signal, waker: Waker) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        signal.wait();
    }
}

// ANCHOR: 03_woken_twice
/// Its first poll wakes itself and then consumes the thread's token, like the future that hung in rung 02.
/// Its second poll starts a thread that wakes it. The output is that thread's handle.
fn woken_twice() -> impl Future<Output = JoinHandle<()>> {
    let mut polls = 0;
    let mut helper = None;
    poll_fn(move |cx| {
        polls += 1;
        match polls {
            1 => {
                cx.waker().wake_by_ref();
                thread::park_timeout(Duration::ZERO);
            }
            2 => {
                let waker = cx.waker().clone();
                helper = Some(thread::spawn(move || waker.wake()));
            }
            _ => return Poll::Ready(helper.take().expect("the second poll started it")),
        }
        Poll::Pending
    })
}
// ANCHOR_END: 03_woken_twice

fn main() {
    println!("A waker written by hand, and the functions called during three polls:");
    let signal = Signal::new();
    let helper = block_on(woken_twice(), &signal, waker_by_hand(signal.clone()));
    helper.join().expect("it only wakes");
    println!("    wakers left: {}", Arc::strong_count(&signal) - 1);

    println!("A waker from the trait Wake, and the same three polls:");
    let helper = block_on(woken_twice(), &signal, Waker::from(signal.clone()));
    helper.join().expect("it only wakes");
    println!("    wakers left: {}", Arc::strong_count(&signal) - 1);
    println!("A Waker is the size of {} pointers.", size_of::<Waker>() / size_of::<usize>());

    println!("In both runs the first poll took the token. Nothing hung: no other code takes our flag.");

    // Still wrong: a waker carries no value. It only says "poll again", and the future must know where to
    // look. Our only useful leaf so far reads the clock. How does another thread deliver a result? Rung 04.
    println!("Still wrong: a wake carries no value from the thread that calls it. Rung 04 fixes it.");
}
