//! A local task yields: it wakes itself during its poll.
//!
//! Called by `exhibits`; the exhibit is `exhibits/wake_while_the_queue_is_borrowed.md`.

use std::thread;

use executor::task::{block_on, spawn_local, yield_now};

use super::{Seen, text};

pub(super) fn show() -> Seen {
    let polls = thread::Builder::new().name("polls".to_owned());
    let polls = polls.spawn(|| block_on(async { spawn_local(yield_now()).await }));
    let Err(panic) = polls.map_err(text)?.join() else {
        return Ok("a local task woke itself during its poll, and was polled again".to_owned());
    };
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    Err(format!(
        "a local task woke itself during its poll, and that panicked in the scheduler: \"{said}\". The queue was \
         still borrowed by the loop that runs its tasks"
    ))
}
