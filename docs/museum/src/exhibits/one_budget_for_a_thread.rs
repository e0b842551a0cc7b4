//! A local task does many operations that are always ready. Its polls are counted.
//!
//! Called by `exhibits`; the exhibit is `exhibits/one_budget_for_a_thread.md`.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;

use executor::sync::Mutex;
use executor::task::{block_on, spawn_local};

use super::Seen;

static FREE: Mutex<()> = Mutex::new(());

pub(super) fn show() -> Seen {
    const OPERATIONS: u32 = 10_000;
    let polls = Rc::new(Cell::new(0_u64));
    let counted = Rc::clone(&polls);
    block_on(async {
        let task = spawn_local(async move {
            let mut work = pin!(async {
                for _ in 0..OPERATIONS {
                    drop(FREE.lock().await);
                }
            });
            let poll = |cx: &mut std::task::Context<'_>| {
                counted.set(counted.get() + 1);
                work.as_mut().poll(cx)
            };
            poll_fn(poll).await;
        });
        task.await;
    });
    let polls = polls.get();
    let seen = format!("a task did {OPERATIONS} operations that were always ready, in {polls} polls");
    if polls < 1000 {
        return Ok(format!("{seen}: some 128 in each poll"));
    }
    Err(format!(
        "{seen}: its thread opened one account for all that it polls, which was empty after 128 operations. From \
         then on the task was refused what was ready, and lived on the few operations that are granted by chance"
    ))
}
