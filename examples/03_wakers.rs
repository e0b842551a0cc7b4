//! Rung 03: a waker, from the trait `Wake` and from four functions of our own.
//!
//!     cargo run --example 03_wakers
//!
//! Rung 02 kept the notification in the thread's one token, which any code that parks on that thread
//! may take. Now it is a flag of our own, and the token only ends the sleep.
//!
//! And we look inside. A `Waker` is two pointers: to some data, and to a table of four functions that
//! say how to clone, call and drop it. So it can be anything, with no type parameter and no allocation
//! that std prescribes. This rung needs `unsafe` for the table; the trait `Wake` writes the same table
//! for any `Arc`.
//!
//! ```text
//!   Waker ┬─ data ───▶ Signal { raised, thread }     one count of an Arc for each waker
//!         └─ vtable ─▶ clone, wake, wake_by_ref, drop
//! ```
#![allow(unsafe_code, reason = "a waker by hand is a pointer and four functions over it")]

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

// ANCHOR: 03_signal
/// The news that somebody woke us, and whose sleep it ends.
struct Signal {
    raised: AtomicBool,
    thread: Thread,
}

impl Signal {
    fn new() -> Arc<Signal> {
        Arc::new(Signal { raised: AtomicBool::new(false), thread: thread::current() })
    }

    fn raise(&self) {
        // ORDERING[signal]: Release; what the waker's caller did before is seen by the next poll.
        self.raised.store(true, Ordering::Release);
        self.thread.unpark();
    }

    /// Sleeps until the flag is raised, and lowers it. The flag is looked at before each sleep.
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
/// The same by hand. The waker's pointer is one count of the Arc.
fn waker_by_hand(signal: Arc<Signal>) -> Waker {
    // SAFETY: the functions of VTABLE may be called on any thread, for Signal is Sync, and each
    // treats the pointer as one count of an Arc<Signal>, which it is.
    unsafe { Waker::new(Arc::into_raw(signal).cast(), &VTABLE) }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

unsafe fn clone(data: *const ()) -> RawWaker {
    println!("        clone");
    // SAFETY: the waker that is cloned holds a count, so the Signal is alive.
    unsafe { Arc::increment_strong_count(data.cast::<Signal>()) };
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    println!("        wake");
    // SAFETY: `wake` uses the waker up: its count is ours.
    unsafe { Arc::from_raw(data.cast::<Signal>()) }.raise();
}

unsafe fn wake_by_ref(data: *const ()) {
    println!("        wake_by_ref");
    // SAFETY: the waker stays, and its count keeps the Signal alive meanwhile.
    unsafe { &*data.cast::<Signal>() }.raise();
}

unsafe fn drop_waker(data: *const ()) {
    println!("        drop");
    // SAFETY: this waker's count goes with it.
    drop(unsafe { Arc::from_raw(data.cast::<Signal>()) });
}
// ANCHOR_END: 03_by_hand

// ANCHOR: 03_block_on
/// As in rung 02, but what wakes the thread is a Signal.
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
// ANCHOR_END: 03_block_on

// ANCHOR: 03_woken_twice
/// Its first poll wakes itself and then takes the thread's token, as the future did that hung in rung 02.
/// Its second has another thread wake it. The output is that thread.
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
    println!("A waker by hand, and what is called in three polls:");
    let signal = Signal::new();
    let helper = block_on(woken_twice(), &signal, waker_by_hand(signal.clone()));
    helper.join().expect("it only wakes");
    println!("    wakers left: {}", Arc::strong_count(&signal) - 1);

    println!("A waker from the trait Wake, the same three polls:");
    let helper = block_on(woken_twice(), &signal, Waker::from(signal.clone()));
    helper.join().expect("it only wakes");
    println!("    wakers left: {}", Arc::strong_count(&signal) - 1);
    println!("A Waker is as big as {} pointers.", size_of::<Waker>() / size_of::<usize>());

    println!("Both times the first poll took the thread's token. The flag is ours alone, so nothing hung.");

    // Still wrong: a waker carries no value. It says "ask again", and the future must know whom to ask.
    // Our only leaf so far reads the clock. How does a result come from another thread? Rung 04.
    println!("Still wrong: a wake carries no value from the thread that has it. Rung 04 mends it.");
}
