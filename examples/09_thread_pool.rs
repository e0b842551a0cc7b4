//! Rung 09: a pool of threads with one queue, and why tasks must be `Send`.
//!
//!     cargo run --example 09_thread_pool
//!
//! Up to rung 08 all tasks share one thread, and the other processors idle. Now several threads share one
//! queue of tasks, and each polls the next one. The queue holds the tasks themselves. A waker is a pointer to
//! its task, and waking pushes that task onto the queue.
//!
//! ```text
//!   wake ──▶ queue, one lock ──▶ worker 0 ── poll ──▶ Pending: now only the wakers hold the task
//!                            ├─▶ worker 1
//!                            └─▶ worker 2 ...
//! ```
//!
//! A task may be polled by one worker now and by another later. So the values that it keeps across an await
//! move between threads with it: the future must be `Send`. `spawn_local` of rung 05 did not require that.

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

/// The pool starts on first use.
static POOL: LazyLock<Queue> = LazyLock::new(|| {
    (0..WORKERS).for_each(|_| _ = thread::spawn(|| POOL.work()));
    Queue { tasks: Mutex::default(), pushed: Condvar::new() }
});

impl Queue {
    fn push(&self, task: Arc<Task>) {
        self.tasks.lock().unwrap().push_back(task);
        self.pushed.notify_one();
    }

    /// The loop of a worker.
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
/// The future, until it has completed. The lock is for a task that is woken while it is being polled: a
/// second worker may take it from the queue then, and must wait for the first.
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

/// Starts a task on the pool. Any worker may poll it, so it must be `Send`. It may run for any length of
/// time, so it must be `'static`.
fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let slot = Slot::default();
    let handle = JoinHandle(slot.clone());
    let future = async move { fill(&slot, future.await) };
    POOL.push(Arc::new(Task(Mutex::new(Some(Box::pin(future))))));
    handle
}

// ANCHOR: 09_block_on
/// Runs a future on the pool as an ordinary task, while this thread blocks.
fn block_on<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    spawn(async move { sender.send(future.await) });
    receiver.recv().expect("the task ends")
}
// ANCHOR_END: 09_block_on

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
/// Awaits small tasks until another worker polls this one.
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
    println!("{WORKERS} tasks met at a blocking barrier: they ran at the same time, on {WORKERS} threads.");

    block_on(change_thread());
    println!("A task began on one thread and, after an await, continued on another.");

    // ANCHOR: 09_send
    // This does not compile, because the Rc would move between threads with the task:
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
    // Two fixes: use a type that is Send, or drop the value before the await.
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
    println!("With an Arc: {}. With an Rc dropped before the await: {}.", block_on(sent), block_on(done));
    // ANCHOR_END: 09_send

    // Still wrong: one queue with one lock. The more threads, the more often each finds the lock taken. With
    // short tasks they do little but wait for it. Each worker should have a queue of its own: rung 10.
    println!("Still wrong: all workers contend for the lock of one queue. Rung 10 fixes it.");
}
