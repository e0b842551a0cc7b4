//! Rung 01: a future, polled by hand.
//!
//!     cargo run --example 01_poll_by_hand
//!
//! The ladder begins with threads. A thread that calls a blocking function is held by it until it
//! returns, and can do nothing else: a thousand things to wait for are a thousand threads. That is the
//! flaw that this rung mends.
//!
//! A future never waits. It is a value with one method, `poll`: it goes on as far as it can, then returns
//! `Ready(output)`, or `Pending`: not yet, poll me again. Where it stopped stands in its fields, so
//! between two polls it needs no thread and no stack.
//!
//! (`Pin` is about futures that must not be moved. Until rung 12 read `Pin<&mut T>` as `&mut T`.)
//!
//! ```text
//!          poll           poll           poll            poll
//!   Begin ──────▶ ForTea ──────▶ ForTea ──────▶ ForMilk ──────▶ Done
//!                 Pending        Pending        Pending         Ready("tea with milk")
//! ```

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

// ANCHOR: 01_leaf
/// A leaf: a future that waits for something which is no future: here a parcel, which comes when
/// it has been asked for often enough.
#[derive(Debug)]
struct Parcel {
    contents: &'static str,
    days_left: u32,
}

impl Future for Parcel {
    type Output = &'static str;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<&'static str> {
        if self.days_left == 0 {
            return Poll::Ready(self.contents);
        }
        self.days_left -= 1;
        Poll::Pending
    }
}
// ANCHOR_END: 01_leaf

/// Orders something. It prints, so that we see when it runs.
fn order(contents: &'static str, days_left: u32) -> Parcel {
    print!("orders {contents}, ");
    Parcel { contents, days_left }
}

// ANCHOR: 01_async_fn
/// A future that is made of futures. `.await` means: poll this one; while it returns `Pending`, so do I.
async fn breakfast() -> String {
    let tea = order("tea", 2).await;
    let milk = order("milk", 1).await;
    format!("{tea} with {milk}")
}
// ANCHOR_END: 01_async_fn

// ANCHOR: 01_by_hand
/// What the compiler makes of `breakfast`: an enum with a variant for each place where it can stop. A
/// variant holds what is alive there: the future that is awaited, and the variables used afterwards.
#[derive(Debug)]
enum Breakfast {
    Begin,
    ForTea(Parcel),
    ForMilk { tea: &'static str, milk: Parcel },
    Done,
}

impl Future for Breakfast {
    type Output = String;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<String> {
        loop {
            match &mut *self {
                Breakfast::Begin => *self = Breakfast::ForTea(order("tea", 2)),
                Breakfast::ForTea(parcel) => {
                    let tea = ready!(Pin::new(parcel).poll(cx)); // returns if it is Pending
                    *self = Breakfast::ForMilk { tea, milk: order("milk", 1) };
                }
                Breakfast::ForMilk { tea, milk } => {
                    let milk = ready!(Pin::new(milk).poll(cx));
                    let output = format!("{tea} with {milk}");
                    *self = Breakfast::Done;
                    return Poll::Ready(output);
                }
                Breakfast::Done => panic!("polled again after it was ready"),
            }
        }
    }
}
// ANCHOR_END: 01_by_hand

// ANCHOR: 01_poll_once
/// One poll, and its answer. Whoever polls passes a context in; what is in it matters from rung 02 on.
fn poll_once(future: Pin<&mut impl Future<Output = String>>) -> Poll<String> {
    print!("    poll: ");
    let answer = future.poll(&mut Context::from_waker(Waker::noop()));
    println!("{answer:?}");
    answer
}
// ANCHOR_END: 01_poll_once

fn main() {
    println!("An async function was called. Nothing of it has run yet.");
    let mut future = pin!(breakfast());
    while poll_once(future.as_mut()).is_pending() {}

    println!("The same, written by hand. All of it stands in a value:");
    let mut by_hand = Breakfast::Begin;
    println!("              {by_hand:?}");
    while poll_once(Pin::new(&mut by_hand)).is_pending() {
        println!("              {by_hand:?}");
    }

    println!("Polled once and dropped: that cancels it. The milk is never ordered.");
    let mut dropped = Box::pin(breakfast());
    assert!(poll_once(dropped.as_mut()).is_pending());
    drop(dropped);

    // Still wrong: `Pending` does not say when to ask again, so we ask without a pause. A parcel that
    // takes days would burn a processor for days. Somebody should call us: that is rung 02.
    println!("Still wrong: nobody says when to ask again, so we ask without a pause. Rung 02 mends it.");
}
