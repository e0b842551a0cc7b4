//! A thread sleeps many times for a millisecond and a half. The turns of the reactor are counted.
//!
//! Called by `exhibits`; the exhibit is `exhibits/rounded_down_to_nothing.md`.

use std::time::Duration;

use executor::task::block_on;
use reactor::time::sleep;

use super::Seen;

const SLEEPS: u64 = 100;

pub(super) fn show() -> Seen {
    let before = reactor::metrics().turns;
    block_on(async {
        for _ in 0..SLEEPS {
            sleep(Duration::from_micros(1500)).await;
        }
    });
    let turns = reactor::metrics().turns - before;
    let seen = format!("{SLEEPS} sleeps of 1.5 ms took {turns} turns of the reactor");
    // One or two turns are enough for a sleep. A wait that is no wait takes some hundred.
    if turns <= 10 * SLEEPS {
        return Ok(format!("{seen}: the thread slept"));
    }
    Err(format!(
        "{seen}: the last half millisecond of each was rounded down to no wait at all, and the thread asked the \
         system again and again until it had passed"
    ))
}
