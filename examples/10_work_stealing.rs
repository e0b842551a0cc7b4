//! Rung 10: work stealing: a queue for each worker.
//!
//!     cargo run --example 10_work_stealing
//!
//! In rung 09 all workers wait for the lock of one queue. Now each has a deque of its own. What a task wakes
//! or spawns goes to the deque of the worker that runs it, so that most of the time a worker shares nothing.
//! One whose deque is empty takes half of another's.
//!
//! ```text
//!   woken on a worker ──▶ its deque ──▶ popped by itself
//!                             └───────▶ stolen by the others, half of it at once
//!   woken elsewhere ────▶ injector ───▶ taken by idle workers, a batch at once
//! ```
//!
//! The deque is crossbeam's: its owner pushes and pops without a lock, thieves steal without a lock. How that
//! works is a book of its own; here we need what it promises: each task comes out once.

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
/// What a worker needs of the others.
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
    /// The deque of the worker that this thread is, if it is one.
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
static THEFTS: AtomicUsize = AtomicUsize::new(0);
static IN_VAIN: AtomicUsize = AtomicUsize::new(0);

/// The next task for the worker with this deque. What a batch brings besides goes into the deque.
fn find(own: &Deque<Arc<Task>>) -> Option<Arc<Task>> {
    let injected = || take(|| POOL.injector.steal_batch_and_pop(own));
    let stolen = || POOL.stealers.iter().find_map(|other| take(|| other.steal_batch_and_pop(own)));
    own.pop().or_else(injected).or_else(|| stolen().inspect(|_| count(&THEFTS)))
}

/// Tries until it is decided. Of two who take at the same time one has to try again.
fn take(attempt: impl Fn() -> Steal<Arc<Task>>) -> Option<Arc<Task>> {
    repeat_with(attempt).find(|answer| !answer.is_retry())?.success()
}

/// A worker's life.
fn work(own: &Deque<Arc<Task>>) {
    loop {
        match find(own) {
            Some(task) => task.run(),
            None => {
                count(&IN_VAIN);
                thread::yield_now();
            }
        }
    }
}
// ANCHOR_END: 10_find

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed); // ORDERING: Relaxed; only counted.
}

fn read(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::Relaxed) // ORDERING: Relaxed; only counted.
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
    // A task spawns a hundred others into the deque of its worker, and then blocks that worker until all
    // of them have run: as bad as a task can be.
    let by_others = block_on(async {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..100 {
            let sender = sender.clone();
            spawn(async move { sender.send(thread::current().id()).expect("the parent waits") });
        }
        drop(sender);
        let busy = thread::current().id();
        receiver.iter().filter(|&id| id != busy).count()
    });
    println!("A busy worker had 100 tasks in its deque. The others stole and ran {by_others}.");
    println!("Each theft takes a batch: there were {}.", read(&THEFTS));
    // ANCHOR_END: 10_busy

    let before = read(&IN_VAIN);
    thread::sleep(Duration::from_millis(20));
    println!("In 20 ms without work the workers looked for work {} times.", read(&IN_VAIN) - before);

    // Still wrong: a worker that finds nothing looks again at once, and burns its processor. It should sleep,
    // and a push should wake it. That sounds easy, and is where runtimes hang: rung 11.
    println!("Still wrong: workers without work never sleep. Rung 11 mends it.");
}
