//! A channel holds twice as many values as one poll may receive, and the poll does not end before it has all.
//!
//! First a loop polls the receive beside a future that is always ready, then another crate's executor runs inside
//! the poll. Both give up in the end, since with the fault they would go on for ever.
//!
//! Called by `exhibits`; the exhibit is `exhibits/budget_that_nobody_renews.md`.

use std::cell::Cell;
use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::task::Poll;

use executor::sync::mpsc::{self, Receiver};
use executor::task::block_on;
use futures_lite::future::or;
use reactor::budget::PER_POLL;

use super::Seen;

const VALUES: usize = 2 * PER_POLL as usize;

/// Rounds before it gives up. Without the fault some 2,300 are enough.
const ROUNDS: usize = 100_000;

pub(super) fn show() -> Seen {
    let (in_a_loop, rounds) = block_on(async { beside_a_future_that_is_ready(full()).await });
    let (inside, polls) = block_on(async { inside_another_executor(full()) });
    if (in_a_loop, inside) == (VALUES, VALUES) {
        return Ok(format!(
            "a loop received all {VALUES} values in {rounds} rounds, and an executor inside a poll in {polls} polls"
        ));
    }
    Err(format!(
        "a channel held {VALUES} values. A loop that polls the receive beside a future that is always ready \
         received exactly {in_a_loop} of them, and in {rounds} rounds no more. An executor inside a poll received \
         {inside}, and in {polls} polls no more. The budget is renewed only when the outer poll ends, and that one \
         does not end"
    ))
}

/// A receiver of a channel that is full.
fn full() -> Receiver<usize> {
    let (sender, receiver) = mpsc::channel(VALUES);
    for value in 0..VALUES {
        sender.try_send(value).expect("there is room for all");
    }
    receiver
}

/// Returns how many values were received in how many rounds.
async fn beside_a_future_that_is_ready(mut receiver: Receiver<usize>) -> (usize, usize) {
    let (mut received, mut rounds) = (0, 0);
    while received < VALUES && rounds < ROUNDS {
        rounds += 1;
        // The first is polled first; if it is not ready, the second is.
        if or(receiver.recv(), ready(None)).await.is_some() {
            received += 1;
        }
    }
    (received, rounds)
}

/// Returns how many values were received in how many polls.
fn inside_another_executor(mut receiver: Receiver<usize>) -> (usize, usize) {
    let (received, mut polls) = (Cell::new(0), 0);
    let mut all = pin!(async {
        while received.get() < VALUES && receiver.recv().await.is_some() {
            received.set(received.get() + 1);
        }
    });
    futures_lite::future::block_on(poll_fn(|cx| {
        polls += 1;
        if polls == ROUNDS { Poll::Ready(()) } else { all.as_mut().poll(cx) }
    }));
    (received.get(), polls)
}
