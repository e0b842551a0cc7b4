//! Rung 10: work stealing: a queue for each worker.
//!
//!     cargo run --example 10_work_stealing
//!
//! In rung 09 all workers contend for the lock of one queue. Now each has a deque of its own. A task that is
//! woken or spawned by another task goes to the deque of the worker that runs that task. So most of the time
//! a worker shares nothing. A worker whose deque is empty steals half of another's.
//!
//! ```text
//!   woken on a worker ──▶ its deque ──▶ popped by that worker
//!                             └───────▶ stolen by the others, half of it at once
//!   woken elsewhere ────▶ injector ───▶ taken by idle workers, a batch at once
//! ```
//!
//! The deque is crossbeam's. Its owner pushes and pops without a lock, and other threads steal without a
//! lock. How it works is outside this ladder. We rely on its guarantee: each task comes out exactly once.

use std::cell::OnceCell;
use std::iter::repeat_with;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use crossbeam_deque::{Injector, Steal, Stealer, Worker as Deque};

const WORKERS: usize = 4;

// ANCHOR: 10_pool
/// What the workers share: the injector, and a stealer for each worker's deque.
struct Pool {
    injector: Injector<Arc<Task>>,
    stealers: Vec<Stealer<Arc<Task>>>,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let deques: Vec<_> = (0..WORKERS).map(|_| Deque::new_fifo()).collect();
    let stealers = deques.iter().map(Deque::stealer).collect();
    for deque in deques {
        thread::spawn(move || DEQUE.with(|own| work(own.get_or_init(|| deque))));
    }
    Pool { injector: Injector::new(), stealers }
});

thread_local! {
    /// This worker's deque. Empty on a thread that is not a worker.
    static DEQUE: OnceCell<Deque<Arc<Task>>> = const { OnceCell::new() };
}

fn push(task: Arc<Task>) {
    DEQUE.with(|deque| match deque.get() {
        Some(own) => own.push(task),
        None => POOL.injector.push(task),
    });
}
// ANCHOR_END: 10_pool

// ANCHOR: 10_find
static STEALS: AtomicUsize = AtomicUsize::new(0);
static FAILED_SEARCHES: AtomicUsize = AtomicUsize::new(0);

/// Finds the next task for the worker that owns this deque. The rest of a stolen batch goes into the deque.
fn find(own: &Deque<Arc<Task>>) -> Option<Arc<Task>> {
    let injected = || take(|| POOL.injector.steal_batch_and_pop(own));
    let stolen = || POOL.stealers.iter().find_map(|other| take(|| other.steal_batch_and_pop(own)));
    own.pop().or_else(injected).or_else(|| stolen().inspect(|_| count(&STEALS)))
}

/// Repeats the attempt while it returns `Retry`: when two workers take at the same time, one has to retry.
fn take(attempt: impl Fn() -> Steal<Arc<Task>>) -> Option<Arc<Task>> {
    repeat_with(attempt).find(|result| !result.is_retry())?.success()
}

/// The loop of a worker.
fn work(own: &Deque<Arc<Task>>) {
    loop {
        match find(own) {
            Some(task) => task.run(),
            None => {
                count(&FAILED_SEARCHES);
                thread::yield_now();
            }
        }
    }
}
// ANCHOR_END: 10_find

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed); // ORDERING: Relaxed; a counter, it publishes nothing.
}

fn read(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::Relaxed) // ORDERING: Relaxed; a counter, it publishes nothing.
}

/// As in rung 09.
struct Task(Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>);

impl Task {
    fn run(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut future = self.0.lock().unwrap();
        if let Some(running) = &mut *future
            && running.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
        {
            *future = None;
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        push(self);
    }
}

/// Starts a task, detached.
fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    push(Arc::new(Task(Mutex::new(Some(Box::pin(future))))));
}

fn block_on<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    spawn(async move { sender.send(future.await).expect("block_on waits for it") });
    receiver.recv().expect("the task ends")
}

fn main() {
    // ANCHOR: 10_busy
    // A task spawns a hundred others into its worker's deque, and then blocks the worker until all of them
    // have run. No task should ever do this.
    let by_others = block_on(async {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..100 {
            let sender = sender.clone();
            spawn(async move { sender.send(thread::current().id()).expect("the parent waits") });
        }
        drop(sender);
        let blocked = thread::current().id();
        receiver.iter().filter(|&id| id != blocked).count()
    });
    println!("A blocked worker had 100 tasks in its deque. The others stole and ran {by_others}.");
    println!("A steal takes a batch of tasks. Number of steals: {}.", read(&STEALS));
    // ANCHOR_END: 10_busy

    let before = read(&FAILED_SEARCHES);
    thread::sleep(Duration::from_millis(20));
    println!("In 20 ms without work the workers searched {} times.", read(&FAILED_SEARCHES) - before);

    // Still wrong: a worker that finds nothing searches again at once, and keeps its processor busy. It
    // should sleep, and a push should wake it. That sounds easy, but it is where runtimes hang: rung 11.
    println!("Still wrong: workers without work never sleep. Rung 11 fixes it.");
}
