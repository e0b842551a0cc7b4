//! Waking across threads: a number goes to another thread, and a reply comes back.
//!
//! Measured: the round trip between `block_on`'s thread and a pool task, and between a plain thread and a pool
//! task. Most of it is the system's: a sleeping core takes tens of microseconds to wake, so the figure varies
//! with the machine. Left out: wakes within one thread (see `context_switch`).

mod common;

use common::on_one_thread;
use criterion::Criterion;
use executor::sync::mpsc::{self, Receiver, Sender};
use executor::task;

/// Starts a pool task that adds one to each number it receives. Returns the channels to it and from it.
fn adder() -> (Sender<u64>, Receiver<u64>) {
    let (ask, mut requests) = mpsc::channel(1);
    let (reply, replies) = mpsc::channel(1);
    drop(task::spawn(async move {
        while let Some(number) = requests.recv().await {
            if reply.send(number + 1).await.is_err() {
                break;
            }
        }
    }));
    (ask, replies)
}

fn wake_across_threads(c: &mut Criterion) {
    let mut group = c.benchmark_group("wake_across_threads");
    group.bench_function("block_on and a pool task", |b| {
        let (ask, replies) = adder();
        let replies = executor::sync::Mutex::new(replies);
        on_one_thread(b, async || {
            ask.send(1).await.unwrap();
            assert_eq!(replies.lock().await.recv().await, Some(2));
        });
    });
    group.bench_function("a plain thread and a pool task", |b| {
        let (ask, mut requests) = mpsc::channel(1);
        let (reply, replies) = std::sync::mpsc::sync_channel(1);
        drop(task::spawn(async move {
            while let Some(number) = requests.recv().await {
                if reply.send(number + 1).is_err() {
                    break;
                }
            }
        }));
        b.iter(|| {
            ask.try_send(1_u64).expect("the task has taken the last number");
            assert_eq!(replies.recv(), Ok(2));
        });
    });
    group.finish();
}

fn main() {
    common::run(
        "what a wake costs when the other thread sleeps, or spins for a moment before it does",
        "sleep.md",
        wake_across_threads,
    );
}
