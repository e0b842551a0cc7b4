//! Rung 02: block_on, with a thread that parks.
//!
//!     cargo run --example 02_block_on
//!
//! Rung 01 polled in a busy loop, because nothing said when to poll again. Now something does: each poll
//! passes the future a waker. A future that returns `Pending` has arranged for that waker to be called when
//! another poll is worthwhile. Until then the thread sleeps.
//!
//! ```text
//!   block_on:   poll ──Ready──▶ the output
//!                ▲ └──Pending──▶ park ───┐
//!                └────── unparked ───────┘◀── waker.wake(), from any thread
//! ```

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

// ANCHOR: 02_waker
/// A waker that wakes a thread.
struct ThreadWaker(Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
// ANCHOR_END: 02_waker

// ANCHOR: 02_block_on
/// Runs a future to completion on this thread. This is how synchronous code enters asynchronous code.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future); // After its first poll a future must not move: rung 12 shows why.
    let waker = Waker::from(Arc::new(ThreadWaker(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        // If the wake has already come, even during the poll, this returns at once: `unpark` leaves a token.
        thread::park();
    }
}
// ANCHOR_END: 02_block_on

// ANCHOR: 02_nap
/// A leaf that waits for the clock. Its output is the number of times it was polled.
struct Nap {
    length: Duration,
    until: Option<Instant>,
    polls: u32,
}

impl Future for Nap {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        self.polls += 1;
        let length = self.length;
        match self.until {
            Some(until) if until <= Instant::now() => Poll::Ready(self.polls),
            Some(_) => Poll::Pending, // Polled too early. The alarm is already set.
            None => {
                self.until = Some(Instant::now() + length);
                let waker = cx.waker().clone();
                thread::spawn(move || {
                    thread::sleep(length);
                    waker.wake();
                });
                Poll::Pending
            }
        }
    }
}
// ANCHOR_END: 02_nap

fn nap(milliseconds: u64) -> Nap {
    Nap { length: Duration::from_millis(milliseconds), until: None, polls: 0 }
}

// ANCHOR: 02_token
/// Is woken during its first poll, and then parks for a reason of its own. That consumes the token.
fn takes_the_token() -> impl Future<Output = ()> {
    let mut woken = false;
    poll_fn(move |cx| {
        if woken {
            return Poll::Ready(());
        }
        woken = true;
        cx.waker().wake_by_ref();
        thread::park_timeout(Duration::ZERO);
        Poll::Pending
    })
}
// ANCHOR_END: 02_token

/// Runs a future on a thread of its own. Returns whether it completes within 50 ms.
fn ends(future: impl Future<Output = ()> + Send + 'static) -> bool {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        block_on(future);
        done.send(())
    });
    is_done.recv_timeout(Duration::from_millis(50)).is_ok()
}

fn main() {
    let mut spun = nap(20);
    while Pin::new(&mut spun).poll(&mut Context::from_waker(Waker::noop())).is_pending() {} // As rung 01 did.
    println!("A nap of 20 ms, polled in a busy loop: {} polls.", spun.polls);
    let polls = block_on(nap(20));
    println!("The same nap in block_on: {polls} polls, and the thread slept in between.");
    assert_eq!(polls, 2);

    let polls = block_on(async { nap(10).await + nap(10).await });
    println!("An async block of two naps: {polls} polls.");
    assert_eq!(polls, 4);

    // ANCHOR: 02_early
    let mut polls = 0;
    let impatient = poll_fn(|cx| {
        polls += 1;
        cx.waker().wake_by_ref(); // This wake comes before the thread parks. It is not lost.
        if polls < 3 { Poll::Pending } else { Poll::Ready(polls) }
    });
    println!("A future that wakes itself and then returns Pending: {} polls.", block_on(impatient));
    // ANCHOR_END: 02_early

    // ANCHOR: 02_forgetful
    // The contract has two sides. This future breaks its own: it returns Pending and keeps no waker.
    let forgetful = poll_fn(|_cx| Poll::Pending);
    assert!(!ends(forgetful));
    println!("A future that returns Pending and forgets the waker: its thread sleeps forever.");
    // ANCHOR_END: 02_forgetful

    assert!(!ends(takes_the_token()));
    println!("A future that is woken, and then parks for a moment: its thread sleeps forever, too.");

    // Still wrong: the wake is recorded only in the thread's one token, and any code that parks consumes it,
    // such as a std channel used inside a poll. And we have not looked at what a `Waker` is made of. Rung 03
    // does both.
    println!("Still wrong: any code in a poll that parks takes the token meant for us. Rung 03 fixes it.");
}
