//! Rung 01: a future, polled by hand.
//!
//!     cargo run --example 01_poll_by_hand
//!
//! The ladder begins with threads. A thread that calls a blocking function can do nothing else until the
//! function returns. To wait for a thousand things at once takes a thousand threads. This rung fixes that.
//!
//! A future never blocks. It is a value with one method, `poll`. `poll` goes as far as it can, then returns
//! `Ready(output)`, or `Pending`, which means: not yet, poll me again later. The future keeps its position in
//! its own fields, so between two polls it needs no thread and no stack.
//!
//! (`Pin` is about futures that must not be moved. Until rung 12, read `Pin<&mut T>` as `&mut T`.)
//!
//! ```text
//!          poll           poll           poll            poll
//!   Begin ──────▶ ForTea ──────▶ ForTea ──────▶ ForMilk ──────▶ Done
//!                 Pending        Pending        Pending         Ready("tea with milk")
//! ```

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

// ANCHOR: 01_leaf
/// A leaf: a future that waits for something other than a future. Here it is a parcel, which arrives
/// after it has been polled a given number of times.
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

/// Orders something. It prints, so that the output shows when it runs.
fn order(contents: &'static str, days_left: u32) -> Parcel {
    print!("orders {contents}, ");
    Parcel { contents, days_left }
}

// ANCHOR: 01_async_fn
/// A future made of other futures. `.await` means: poll the inner one, and return `Pending` while it does.
async fn breakfast() -> String {
    let tea = order("tea", 2).await;
    let milk = order("milk", 1).await;
    format!("{tea} with {milk}")
}
// ANCHOR_END: 01_async_fn

// ANCHOR: 01_by_hand
/// What the compiler generates for `breakfast`: an enum with one variant for each point where it can stop.
/// A variant holds what is alive at that point: the awaited future, and the variables used after it.
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
/// Polls once, and prints and returns the result. The caller of `poll` passes a context. Its contents matter
/// from rung 02 on.
fn poll_once(future: Pin<&mut impl Future<Output = String>>) -> Poll<String> {
    print!("    poll: ");
    let result = future.poll(&mut Context::from_waker(Waker::noop()));
    println!("{result:?}");
    result
}
// ANCHOR_END: 01_poll_once

fn main() {
    println!("An async function was called. None of its body has run yet.");
    let mut future = pin!(breakfast());
    while poll_once(future.as_mut()).is_pending() {}

    println!("The same, written by hand. Its whole state is a value that can be printed:");
    let mut by_hand = Breakfast::Begin;
    println!("              {by_hand:?}");
    while poll_once(Pin::new(&mut by_hand)).is_pending() {
        println!("              {by_hand:?}");
    }

    println!("Polled once, then dropped. Dropping cancels it: the milk is never ordered.");
    let mut dropped = Box::pin(breakfast());
    assert!(poll_once(dropped.as_mut()).is_pending());
    drop(dropped);

    // Still wrong: `Pending` does not say when to poll again, so we poll in a busy loop. A parcel that takes
    // days would keep a processor busy for days. We need a callback: that is rung 02.
    println!("Still wrong: nothing says when to poll again, so we poll in a busy loop. Rung 02 fixes it.");
}
