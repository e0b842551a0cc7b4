//! Rung 09: a pool of threads with one queue, and why tasks must be `Send`.
//!
//!     cargo run --example 09_thread_pool
//!
//! Up to rung 08 all tasks share one thread, and the other processors idle. Now some threads share one queue
//! of tasks, and each polls whatever comes next. The queue holds the tasks themselves: a waker is a task,
//! and to wake it is to push it.
//!
//! ```text
//!   wake ──▶ queue, one lock ──▶ worker 0 ── poll ──▶ Pending: what has the waker has the task
//!                            ├─▶ worker 1
//!                            └─▶ worker 2 ...
//! ```
//!
//! A task may be polled by one worker now and by another later. So what it keeps across an await changes
//! threads with it: the future must be `Send`. With `spawn_local` of rung 05 that was not so.

use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

const WORKERS: usize = 4;

// ANCHOR: 09_queue
struct Queue {
    tasks: Mutex<VecDeque<Arc<Task>>>,
    pushed: Condvar,
}

/// The pool is started at its first use.
static POOL: LazyLock<Queue> = LazyLock::new(|| {
    (0..WORKERS).for_each(|_| _ = thread::spawn(|| POOL.work()));
    Queue { tasks: Mutex::default(), pushed: Condvar::new() }
});

impl Queue {
    fn push(&self, task: Arc<Task>) {
        self.tasks.lock().unwrap().push_back(task);
        self.pushed.notify_one();
    }

    /// A worker's life.
    fn work(&self) {
        loop {
            let mut tasks = self.tasks.lock().unwrap();
            let task = loop {
                match tasks.pop_front() {
                    Some(task) => break task,
                    None => tasks = self.pushed.wait(tasks).unwrap(),
                }
            };
            drop(tasks);
            task.run();
        }
    }
}
// ANCHOR_END: 09_queue

// ANCHOR: 09_task
/// The future, until it has ended. The lock is for a task that is woken while it is polled: then a second
/// worker takes it from the queue, and has to wait for the first.
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
        POOL.push(self);
    }
}
// ANCHOR_END: 09_task

// ANCHOR: 09_spawn
/// Starts a task on the pool. Any worker may poll it: so `Send`. Nobody knows how long: so `'static`.
fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let slot = Slot::default();
    let handle = JoinHandle(slot.clone());
    let future = async move { fill(&slot, future.await) };
    POOL.push(Arc::new(Task(Mutex::new(Some(Box::pin(future))))));
    handle
}

/// Runs a future on the pool, while this thread blocks. What it runs is a task like the others.
fn block_on<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    spawn(async move { sender.send(future.await) });
    receiver.recv().expect("the task ends")
}
// ANCHOR_END: 09_spawn

/// As in rung 05.
type Slot<T> = Arc<Mutex<(Option<T>, Option<Waker>)>>;

struct JoinHandle<T>(Slot<T>);

fn fill<T>(slot: &Slot<T>, output: T) {
    let mut slot = slot.lock().unwrap();
    slot.0 = Some(output);
    let waker = slot.1.take();
    drop(slot);
    waker.inspect(Waker::wake_by_ref);
}

impl<T> Future for JoinHandle<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut slot = self.0.lock().unwrap();
        slot.1 = Some(cx.waker().clone());
        slot.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

// ANCHOR: 09_change_thread
/// Gives way until another worker has taken the task on.
async fn change_thread() {
    let before = thread::current().id();
    while thread::current().id() == before {
        spawn(async {}).await;
    }
}
// ANCHOR_END: 09_change_thread

fn main() {
    let barrier = Arc::new(Barrier::new(WORKERS));
    let meet = |barrier: Arc<Barrier>| spawn(async move { barrier.wait().is_leader() });
    let meeting: Vec<_> = (0..WORKERS).map(|_| meet(barrier.clone())).collect();
    block_on(async {
        for task in meeting {
            task.await;
        }
    });
    println!("{WORKERS} tasks met at a barrier that blocks: they ran at once, on {WORKERS} threads.");

    block_on(change_thread());
    println!("A task began on one thread and went on, after an await, on another.");

    // ANCHOR: 09_send
    // This does not compile, for the Rc would change threads with the task:
    //
    //     spawn(async {
    //         let shared = Rc::new(6);
    //         change_thread().await;
    //         *shared * 7
    //     });
    //
    //     error: future cannot be sent between threads safely
    //     note: future is not `Send` as this value is used across an await
    //             let shared = Rc::new(6);
    //                 ------ has type `Rc<i32>` which is not `Send`
    //             change_thread().await;
    //                             ^^^^^ await occurs here, with `shared` maybe used later
    //
    // Two cures: what can be sent, or to be done with it before the await.
    let sent = spawn(async {
        let shared = Arc::new(6);
        change_thread().await;
        *shared * 7
    });
    let done = spawn(async {
        let six = { *Rc::new(6) };
        change_thread().await;
        six * 7
    });
    println!("Kept in an Arc: {}. Taken out of the Rc before: {}.", block_on(sent), block_on(done));
    // ANCHOR_END: 09_send

    // Still wrong: one queue, one lock. The more threads, the more often each finds it taken, and with short
    // tasks they do little but wait for it. Each worker should have a queue of its own: rung 10.
    println!("Still wrong: all workers wait for the lock of the one queue. Rung 10 mends it.");
}
