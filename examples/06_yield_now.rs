//! Rung 06: yield_now, and a budget: tasks that yield.
//!
//!     cargo run --example 06_yield_now
//!
//! The tasks of rung 05 share a thread only if each has to wait now and then. The executor cannot take the
//! thread away from one that does not: scheduling is cooperative. So a long computation must yield by itself.
//! And a leaf future that is always ready must yield on behalf of the task that awaits it.
//!
//! ```text
//!   yield_now:  first poll ──▶ wake the task ──▶ Pending     the task is now at the back of the queue
//!               second poll ─▶ Ready
//!
//!   budget:     each poll of a task starts with 3. A leaf that is ready takes one.
//!               None left: wake the task and return Pending, although the leaf is ready.
//! ```

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{poll_fn, ready};
use std::mem::replace;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

// ANCHOR: 06_yield_now
/// Lets every task that is in the queue now run. It is not a way to wait: a task that only yields is always
/// in the queue, so the thread never sleeps.
struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if replace(&mut self.yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}
// ANCHOR_END: 06_yield_now

// ANCHOR: 06_budget
const PER_POLL: u32 = 3;

thread_local! {
    /// How many more leaves the current poll may find ready.
    static BUDGET: Cell<u32> = const { Cell::new(PER_POLL) };
}

/// A leaf that is always ready, like a full channel or a flooded socket. It respects the budget.
fn ready_within_budget() -> impl Future<Output = ()> {
    poll_fn(|cx| match BUDGET.get() {
        0 => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        left => {
            BUDGET.set(left - 1);
            Poll::Ready(())
        }
    })
}
// ANCHOR_END: 06_budget

type Queue = Arc<Mutex<VecDeque<usize>>>;

struct TaskWaker(usize, Queue);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push_back(self.0);
    }
}

// ANCHOR: 06_run_all
/// Rung 05's executor, reduced to what matters here: it runs until its queue is empty. No code in this file
/// wakes a task that has completed.
fn run_all(mut tasks: Vec<Pin<Box<dyn Future<Output = ()>>>>) {
    let queue = Queue::new(Mutex::new((0..tasks.len()).collect()));
    let next = || queue.lock().unwrap().pop_front();
    while let Some(id) = next() {
        BUDGET.set(PER_POLL);
        let waker = Waker::from(Arc::new(TaskWaker(id, queue.clone())));
        let _ = tasks[id].as_mut().poll(&mut Context::from_waker(&waker));
    }
}
// ANCHOR_END: 06_run_all

/// Two tasks write here, each its own letter, nine times.
type Board = Rc<RefCell<String>>;

const TIMES: u32 = 9;

// ANCHOR: 06_writers
async fn computes(letter: char, board: Board) {
    for _ in 0..TIMES {
        board.borrow_mut().push(letter);
    }
}

async fn yields(letter: char, board: Board) {
    for _ in 0..TIMES {
        board.borrow_mut().push(letter);
        yield_now().await;
    }
}

async fn is_always_ready(letter: char, board: Board) {
    for _ in 0..TIMES {
        ready(()).await; // At an await a task may give up the thread. It need not.
        board.borrow_mut().push(letter);
    }
}

async fn is_always_ready_within_budget(letter: char, board: Board) {
    for _ in 0..TIMES {
        ready_within_budget().await;
        board.borrow_mut().push(letter);
    }
}
// ANCHOR_END: 06_writers

/// Runs two tasks of one kind on one thread, and prints the order of their steps.
fn side_by_side<F: Future<Output = ()> + 'static>(kind: &str, writer: fn(char, Board) -> F) {
    let board = Board::default();
    run_all(vec![Box::pin(writer('a', board.clone())), Box::pin(writer('b', board.clone()))]);
    println!("{kind:<46} {}", board.borrow());
}

fn main() {
    println!("Two tasks share a thread. Each letter is one step of one task.\n");
    side_by_side("They compute:", computes);
    side_by_side("They compute, and yield after each step:", yields);
    side_by_side("They await a leaf that is always ready:", is_always_ready);
    side_by_side("The same, with a budget of three per poll:", is_always_ready_within_budget);
    println!();

    // Still wrong: each wait for the clock needs a thread that sleeps, as the nap of rung 02 did. A thousand
    // sleeping tasks are a thousand threads again, although all of them wait for one clock: rung 07.
    println!("Still wrong: each sleeping task needs a thread that sleeps for it. Rung 07 fixes it.");
}
