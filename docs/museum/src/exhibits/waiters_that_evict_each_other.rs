//! More tasks wait for one socket than it stores wakers of at first. The socket is silent. Polls are counted.
//!
//! Called by `exhibits`; the exhibit is `exhibits/waiters_that_evict_each_other.md`.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;

use executor::task::{block_on, spawn_local, yield_now};
use reactor::io::AsyncRead;
use reactor::net::UnixStream;

use super::{Seen, text};

/// One direction of a socket stores 64 wakers at first.
const TASKS: usize = 100;

pub(super) fn show() -> Seen {
    block_on(async {
        let (near, far) = UnixStream::pair().map_err(text)?;
        let polls = Rc::new(Cell::new(0_u64));
        let reads = |_| {
            let (mut near, polls) = (near.clone(), Rc::clone(&polls));
            spawn_local(poll_fn(move |cx| {
                polls.set(polls.get() + 1);
                Pin::new(&mut near).poll_read(cx, &mut [0]).map(drop)
            }))
        };
        let tasks: Vec<_> = (0..TASKS).map(reads).collect();
        turns().await; // All have polled, and those that lost their place have come back.
        let before = polls.get();
        turns().await;
        let more = polls.get() - before;
        drop((tasks, far));
        if more == 0 {
            return Ok(format!("{TASKS} tasks wait for a socket that is silent. After {before} polls all are still"));
        }
        Err(format!(
            "{TASKS} tasks wait for a socket that is silent, and were polled {more} times more: there are places \
             for fewer, so those that come back drive the others out"
        ))
    })
}

async fn turns() {
    for _ in 0..1_000 {
        yield_now().await;
    }
}
