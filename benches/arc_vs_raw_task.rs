//! What the unsafe task cell saves, compared with a safe one.
//!
//! ```text
//!   safe    Arc<Task> ─▶ Mutex<Option<Pin<Box<dyn Future>>>>     the output and its waiter:
//!                        Wake: push the Arc on a Mutex<VecDeque>   one more Arc<Mutex<..>>
//!   raw     one allocation, one state word, a RawWakerVTable of our own
//! ```
//!
//! Measured: 1000 ready tasks spawned and awaited, and 1000 tasks that yield, on one thread: on the safe
//! executor below, by `spawn_local` (where a task's own thread pays no atomic read-modify-write), and on
//! the pool (whose task is as thread-safe as the safe one). Left out: memory per task. The queues differ too,
//! so not all of the difference is due to the cell.

mod common;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use common::{on_one_thread, on_pool};
use criterion::{Criterion, Throughput};
use executor::task;

const TASKS: usize = 1000;
const YIELDS: usize = 10;

type Queue = Arc<Mutex<VecDeque<Arc<SafeTask>>>>;

/// A task in safe Rust. Its future is gone once it has ended.
struct SafeTask {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    queue: Queue,
}

impl Wake for SafeTask {
    fn wake(self: Arc<Self>) {
        let queue = self.queue.clone();
        queue.lock().unwrap().push_back(self);
    }
}

impl SafeTask {
    fn run(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut future = self.future.lock().unwrap();
        if let Some(running) = future.as_mut()
            && running.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
        {
            *future = None;
        }
    }
}

/// The output, and the waker of the task that awaits it.
struct Slot<T> {
    output: Option<T>,
    waiter: Option<Waker>,
}

/// An executor of one thread, in safe Rust.
#[derive(Default)]
struct SafeExecutor {
    queue: Queue,
}

impl SafeExecutor {
    fn spawn<F>(&self, future: F) -> impl Future<Output = F::Output> + use<F>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let slot = Arc::new(Mutex::new(Slot { output: None, waiter: None }));
        let filled = slot.clone();
        let future = async move {
            let output = future.await;
            let mut slot = filled.lock().unwrap();
            slot.output = Some(output);
            let waiter = slot.waiter.take();
            drop(slot);
            waiter.inspect(Waker::wake_by_ref);
        };
        let task = SafeTask { future: Mutex::new(Some(Box::pin(future))), queue: self.queue.clone() };
        self.queue.lock().unwrap().push_back(Arc::new(task));
        poll_fn(move |cx| {
            let mut slot = slot.lock().unwrap();
            match slot.output.take() {
                Some(output) => Poll::Ready(output),
                None => {
                    slot.waiter = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
    }

    /// Runs until the future has ended. Nothing outside wakes a task here, so until then one is always queued.
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            // Run all tasks that are queued now, so that the future is not polled once per task.
            let queued = self.queue.lock().unwrap().len();
            for _ in 0..queued {
                let task = self.queue.lock().unwrap().pop_front();
                task.expect("only this thread takes from the queue").run();
            }
        }
    }
}

/// Awaits all, and checks that each returns its own number.
async fn all<H: Future<Output = usize>>(spawn: impl Fn(usize) -> H) {
    let handles: Vec<_> = (0..TASKS).map(spawn).collect();
    for (i, handle) in handles.into_iter().enumerate() {
        assert_eq!(handle.await, i);
    }
}

async fn ready(i: usize) -> usize {
    i
}

async fn yielding(i: usize) -> usize {
    for _ in 0..YIELDS {
        task::yield_now().await;
    }
    i
}

fn arc_vs_raw_task(c: &mut Criterion) {
    macro_rules! compare {
        ($name:literal, $operations:expr, $future:ident) => {
            let mut group = c.benchmark_group(concat!("arc_vs_raw_task/", $name));
            group.throughput(Throughput::Elements($operations as u64));
            group.bench_function("safe: Arc, Mutex, Wake", |b| {
                let executor = SafeExecutor::default();
                b.iter(|| executor.block_on(all(|i| executor.spawn($future(i)))));
            });
            group.bench_function("raw, local", |b| {
                on_one_thread(b, || all(|i| task::spawn_local($future(i))));
            });
            group.bench_function("raw, pool", |b| on_pool(b, || all(|i| task::spawn($future(i)))));
            group.finish();
        };
    }
    compare!("spawn", TASKS, ready);
    compare!("yield", TASKS * YIELDS, yielding);
}

fn main() {
    common::run(
        "what the unsafe code of a task buys: the same workloads on a task in safe Rust",
        "task.md",
        arc_vs_raw_task,
    );
}
