//! Waking across threads: a token goes to another thread and comes back.
//!
//! Measured: there and back between `block_on`'s thread and a pool task, and between a plain thread
//! and a pool task. Most of it is the system's: a sleeping core takes tens of microseconds to wake, so
//! this swings with the machine. Left out: wakes within one thread (see `context_switch`).

mod common;

use common::on_one_thread;
use criterion::Criterion;
use executor::sync::mpsc::{self, Receiver, Sender};
use executor::task;

/// A pool task that adds one to what it gets.
fn adder() -> (Sender<u64>, Receiver<u64>) {
    let (ask, mut asked) = mpsc::channel(1);
    let (answer, answered) = mpsc::channel(1);
    drop(task::spawn(async move {
        while let Some(number) = asked.recv().await {
            if answer.send(number + 1).await.is_err() {
                break;
            }
        }
    }));
    (ask, answered)
}

fn wake_across_threads(c: &mut Criterion) {
    let mut group = c.benchmark_group("wake_across_threads");
    group.bench_function("block_on and a pool task", |b| {
        let (ask, answered) = adder();
        let answered = executor::sync::Mutex::new(answered);
        on_one_thread(b, async || {
            ask.send(1).await.unwrap();
            assert_eq!(answered.lock().await.recv().await, Some(2));
        });
    });
    group.bench_function("a plain thread and a pool task", |b| {
        let (ask, mut asked) = mpsc::channel(1);
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        drop(task::spawn(async move {
            while let Some(number) = asked.recv().await {
                if answer.send(number + 1).is_err() {
                    break;
                }
            }
        }));
        b.iter(|| {
            ask.try_send(1_u64).expect("the last one has been taken");
            assert_eq!(answered.recv(), Ok(2));
        });
    });
    group.finish();
}

fn main() {
    common::run(wake_across_threads);
}
