//! Rung 06: yield_now, and a budget: tasks that give way.
//!
//!     cargo run --example 06_yield_now
//!
//! The tasks of rung 05 share a thread as long as each has to wait now and then. Nobody can take the thread
//! away from one that does not: scheduling is cooperative. So a long computation must yield by itself,
//! and the leaf futures must yield on behalf of the tasks that find them always ready.
//!
//! ```text
//!   yield_now:  first poll ──▶ wake myself ──▶ Pending     I am at the back of the queue now
//!               second poll ─▶ Ready
//!
//!   budget:     each poll of a task starts with 3. A leaf that is ready takes one.
//!               None left: wake myself, Pending, ready though I am.
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
/// Lets all tasks run that are in the queue now. It is no way to wait: a task that does nothing but give
/// way is always in the queue, and the thread never sleeps.
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
    /// How much the poll under way may still do.
    static BUDGET: Cell<u32> = const { Cell::new(PER_POLL) };
}

/// A leaf that is always ready, as a full channel is or a socket that is flooded; it keeps to the budget.
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
/// Rung 05's executor, with only what matters here: it runs until its queue is empty. Nobody in this file
/// wakes a task that has ended.
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

/// Where two tasks write, each its letter, nine times.
type Board = Rc<RefCell<String>>;

const TIMES: u32 = 9;

// ANCHOR: 06_writers
async fn computes(letter: char, board: Board) {
    for _ in 0..TIMES {
        board.borrow_mut().push(letter);
    }
}

async fn gives_way(letter: char, board: Board) {
    for _ in 0..TIMES {
        board.borrow_mut().push(letter);
        yield_now().await;
    }
}

async fn is_always_ready(letter: char, board: Board) {
    for _ in 0..TIMES {
        ready(()).await; // An await is a place where a task may stop, not one where it does.
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

/// Two tasks of a kind on one thread, and how their steps fell.
fn side_by_side<F: Future<Output = ()> + 'static>(kind: &str, writer: fn(char, Board) -> F) {
    let board = Board::default();
    run_all(vec![Box::pin(writer('a', board.clone())), Box::pin(writer('b', board.clone()))]);
    println!("{kind:<46} {}", board.borrow());
}

fn main() {
    println!("Two tasks share a thread. Each letter is a step of one of them.\n");
    side_by_side("They compute:", computes);
    side_by_side("They compute, and yield after each step:", gives_way);
    side_by_side("They await what is always ready:", is_always_ready);
    side_by_side("The same, but a leaf has a budget of three:", is_always_ready_within_budget);
    println!();

    // Still wrong: whoever has to wait for the time needs a thread for that, as the nap of rung 02 did. A
    // thousand sleepers are a thousand threads again, though all they wait for is one clock: rung 07.
    println!("Still wrong: each task that sleeps for a while needs a thread that does. Rung 07 mends it.");
}
