//! Rung 05: a run queue: spawn_local, and a JoinHandle.
//!
//!     cargo run --example 05_run_queue
//!
//! Up to rung 04 a thread ran one future. Now it runs many. Each is a task, and the tasks that are worth
//! polling are in a queue. To wake a task is to push it onto that queue. While one task waits, others run.
//!
//! A waker may be called on any thread, but these futures stay on their own thread: they may hold an `Rc`.
//! So the waker does not hold the future. It holds the task's number, and the queue is a queue of numbers.
//!
//! ```text
//!   wake, from anywhere ──▶ queue: 2 0 1 ──▶ block_on takes a number ──▶ tasks: 0 ▶ future
//!                                                     │                         1 ▶ future
//!                                                     └── none: park            2 ▶ future
//! ```
//!
//! A task that completes stores its output in the slot of rung 04.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

// ANCHOR: 05_queue
/// The numbers of the tasks to poll. This is the only part of the executor that other threads can reach.
struct RunQueue {
    ids: Mutex<VecDeque<usize>>,
    thread: Thread,
}

struct TaskWaker {
    id: usize,
    queue: Arc<RunQueue>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.queue.ids.lock().unwrap().push_back(self.id);
        self.queue.thread.unpark();
    }
}
// ANCHOR_END: 05_queue

// ANCHOR: 05_tasks
type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static QUEUE: Arc<RunQueue> =
        Arc::new(RunQueue { ids: Mutex::default(), thread: thread::current() });
    /// Indexed by number. A task that has completed leaves `None`.
    static TASKS: RefCell<Vec<Option<LocalFuture>>> = RefCell::default();
}

/// The root is not in the table: it lives on the stack of `block_on`.
const ROOT: usize = usize::MAX;

fn waker(id: usize) -> Waker {
    Waker::from(Arc::new(TaskWaker { id, queue: QUEUE.with(Arc::clone) }))
}

/// Polls a task. Meanwhile it is out of the table, because it may spawn others.
fn run_task(id: usize) {
    let Some(mut future) = TASKS.with_borrow_mut(|tasks| tasks[id].take()) else {
        return; // It has completed, and this wake came late.
    };
    if future.as_mut().poll(&mut Context::from_waker(&waker(id))).is_pending() {
        TASKS.with_borrow_mut(|tasks| tasks[id] = Some(future));
    }
}
// ANCHOR_END: 05_tasks

/// Runs a future to completion, and this thread's tasks meanwhile.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = waker(ROOT);
    waker.wake_by_ref();
    loop {
        let next = QUEUE.with(|queue| queue.ids.lock().unwrap().pop_front());
        match next {
            Some(ROOT) => {
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return output;
                }
            }
            Some(id) => run_task(id),
            // A wake that comes just now leaves its token. The queue is checked before each sleep.
            None => thread::park(),
        }
    }
}

// ANCHOR: 05_spawn_local
/// Starts a task on this thread. It is first polled when its turn in the queue comes, not now.
fn spawn_local<T: 'static>(future: impl Future<Output = T> + 'static) -> JoinHandle<T> {
    let slot = Slot::default();
    let handle = JoinHandle(slot.clone());
    let id = TASKS.with_borrow_mut(|tasks| {
        tasks.push(Some(Box::pin(async move { fill(&slot, future.await) })));
        tasks.len() - 1
    });
    waker(id).wake();
    handle
}
// ANCHOR_END: 05_spawn_local

// ANCHOR: 05_join_handle
/// As in rung 04: the output, and the waker of the task that waits for it.
type Slot<T> = Arc<Mutex<(Option<T>, Option<Waker>)>>;

/// The future of a task's output. Dropping it does not cancel the task, which continues, detached.
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
// ANCHOR_END: 05_join_handle

fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let slot = Slot::default();
    let handle = JoinHandle(slot.clone());
    thread::spawn(move || fill(&slot, work()));
    handle
}

async fn ada(mailbox: Receiver<&'static str>) -> &'static str {
    println!("Ada leaves a thread at the mailbox and waits.");
    let letter = spawn_blocking(move || mailbox.recv().unwrap()).await;
    println!("Ada has a letter.");
    letter
}

async fn ben(ada: JoinHandle<&'static str>) {
    println!("Ben waits for Ada.");
    println!("Ben reads Ada's letter: {:?}", ada.await);
}

async fn cleo(mailbox: Sender<&'static str>) {
    println!("Cleo waits for no one. She posts a letter.");
    mailbox.send("Tea at five?").unwrap();
}

fn main() {
    let (sender, receiver) = mpsc::channel();
    block_on(async {
        let ada = spawn_local(ada(receiver));
        let ben = spawn_local(ben(ada));
        spawn_local(cleo(sender));
        println!("The root has spawned three tasks. None has run yet. It waits for Ben.");
        ben.await;
        println!("The root ends.");
    });

    // Still wrong: a task gives up the thread only where it has to wait. One that computes, or whose awaits
    // are always ready, keeps all the others from running: rung 06.
    println!("Still wrong: a task that never has to wait stops all the others. Rung 06 fixes it.");
}
