//! Tasks wait for messages and are cancelled. Their senders stay.
//!
//! The verdict rests on a count of references. The memory is shown beside it; systems that do not say how much is
//! resident show nothing.
//!
//! Called by `exhibits`; the exhibit is `exhibits/dead_channel_keeps_memory.md`.

use std::hint::black_box;
use std::pin::Pin;
use std::task::Context;

use executor::sync::mpsc;
use executor::task::{block_on, spawn_local, yield_now};
use futures_lite::{Stream, StreamExt};

use super::{Flag, Seen};

const TASKS: usize = 1_000;
const SIZE: usize = 16 * 1024;

pub(super) fn show() -> Seen {
    let kept = wakers_kept()?;
    let before = resident();
    let senders = block_on(cancelled_tasks());
    let grown = resident().saturating_sub(before);
    drop(senders);
    let grew = format!("the process grew by {grown} KiB");
    if kept == 0 {
        return Ok(format!(
            "{TASKS} tasks of 16 KiB were cancelled while they waited, their senders stayed, and {grew}"
        ));
    }
    Err(format!(
        "a channel without a receiver still holds its waker. {TASKS} tasks of 16 KiB were cancelled and have \
         ended, their senders stayed, and {grew}: each sender keeps the memory of a task"
    ))
}

/// How many wakers of a receiver that is gone a channel still holds.
fn wakers_kept() -> Result<usize, String> {
    let task = Flag::new();
    let (sender, mut receiver) = mpsc::channel::<()>(1);
    if Pin::new(&mut receiver).poll_next(&mut Context::from_waker(&task.waker())).is_ready() {
        return Err("an empty channel had a value".to_owned());
    }
    drop(receiver);
    let kept = task.wakers();
    drop(sender);
    Ok(kept)
}

/// The senders of tasks that were cancelled while they waited, each with a buffer.
async fn cancelled_tasks() -> Vec<mpsc::Sender<()>> {
    let mut senders = Vec::new();
    for _ in 0..TASKS {
        let (sender, mut receiver) = mpsc::channel::<()>(1);
        let task = spawn_local(async move {
            let buffer = [1_u8; SIZE];
            receiver.next().await;
            black_box(&buffer);
        });
        yield_now().await; // Now it waits.
        task.cancel().await;
        senders.push(sender);
    }
    senders
}

/// The process's resident memory in KiB, if the system says it.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).map_or(0, |pages: usize| 4 * pages)
}
