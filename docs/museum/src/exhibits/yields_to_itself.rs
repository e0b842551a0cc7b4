//! A task yields until another one has run, which was queued before it came back.
//!
//! Called by `exhibits`; the exhibit is `exhibits/yields_to_itself.md`.

use std::cell::Cell;
use std::rc::Rc;

use executor::task::{block_on, spawn_local, yield_now};

use super::Seen;

/// The number of turns after which the task gives up.
const ENOUGH: u32 = 100_000;

pub(super) fn show() -> Seen {
    let turns = block_on(async {
        let done = Rc::new(Cell::new(false));
        let seen = Rc::clone(&done);
        let yielding = spawn_local(async move {
            let mut turns = 0;
            while !seen.get() && turns < ENOUGH {
                turns += 1;
                yield_now().await;
            }
            turns
        });
        drop(spawn_local(async move { done.set(true) }));
        yielding.await
    });
    if turns < ENOUGH {
        return Ok(format!("a task yielded, and the task behind it had run after {turns} turn"));
    }
    Err(format!(
        "a task yielded {turns} times, and was itself the next to run each time. The task that it waits for was \
         queued before it came back, and did not run"
    ))
}
