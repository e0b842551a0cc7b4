//! Rung 07: timers: any number of sleeping tasks on one thread.
//!
//!     cargo run --example 07_timers
//!
//! Up to rung 06 each nap had a thread that slept for it. But the executor's own thread sleeps anyway when no
//! task can run. It may as well sleep until the next deadline. So each sleep stores its deadline and its
//! waker in one sorted map.
//!
//! ```text
//!   ┌─▶ run all tasks in the queue ───▶ fire: wake all that is due ─▶ the queue is empty?
//!   │                                        │                          │ park until the
//!   └────────────────────────────────────────┴──────────────────────────┘ first deadline
//!
//!   timers:  (12:00:00.010, 3) ▶ waker    (12:00:00.020, 1) ▶ waker    ...
//! ```
//!
//! - T1  A pending sleep has an entry in the map. Firing removes it. A sleep that finds no entry is done.
//! - T2  Dropping a sleep removes its entry: a timeout that is no longer needed leaves nothing behind.
//! - T3  Timers fire in each turn of the loop, however many tasks there are to run.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::{pending, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

// ANCHOR: 07_timers
/// The deadline, and a number that tells sleeps with the same deadline apart.
type Key = (Instant, u64);

thread_local! {
    static TIMERS: RefCell<BTreeMap<Key, Waker>> = RefCell::default();
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// Wakes every sleep that is due, the earliest first. Returns the next deadline.
fn fire(now: Instant) -> Option<Instant> {
    let (due, next) = TIMERS.with_borrow_mut(|timers| {
        let later = timers.split_off(&(now, u64::MAX));
        let due = mem::replace(timers, later);
        (due, timers.keys().next().map(|key| key.0))
    });
    due.into_values().for_each(Waker::wake); // After the borrow has ended: a waker is arbitrary code.
    next
}
// ANCHOR_END: 07_timers

// ANCHOR: 07_sleep
struct Sleep(Key);

fn sleep_until(deadline: Instant) -> Sleep {
    let key = (deadline, COUNT.replace(COUNT.get() + 1));
    TIMERS.with_borrow_mut(|timers| timers.insert(key, Waker::noop().clone())); // Until its first poll.
    Sleep(key)
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        TIMERS.with_borrow_mut(|timers| match timers.get_mut(&self.0) {
            Some(waker) => {
                *waker = cx.waker().clone();
                Poll::Pending
            }
            None => Poll::Ready(()), // T1
        })
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        TIMERS.with_borrow_mut(|timers| timers.remove(&self.0)); // T2
    }
}
// ANCHOR_END: 07_sleep

// ANCHOR: 07_timeout
/// Returns the future's output, or `None` if it takes longer than `limit`. Then the future is dropped, which
/// cancels it.
async fn timeout<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut sleep = sleep_until(Instant::now() + limit);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| None),
    })
    .await
}
// ANCHOR_END: 07_timeout

type Task = Option<Pin<Box<dyn Future<Output = ()>>>>;

fn task(future: impl Future<Output = ()> + 'static) -> Task {
    Some(Box::pin(future))
}

type Queue = Arc<Mutex<VecDeque<usize>>>;

struct TaskWaker(usize, Queue, Thread);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push_back(self.0);
        self.2.unpark();
    }
}

// ANCHOR: 07_run_all
/// Runs until all tasks have completed.
fn run_all(mut tasks: Vec<Task>) {
    let queue = Queue::new(Mutex::new((0..tasks.len()).collect()));
    loop {
        let turn = mem::take(&mut *queue.lock().unwrap());
        for id in turn {
            let waker = Waker::from(Arc::new(TaskWaker(id, queue.clone(), thread::current())));
            let Some(task) = &mut tasks[id] else { continue };
            if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                tasks[id] = None;
            }
        }
        if tasks.iter().all(Option::is_none) {
            return;
        }
        let next = fire(Instant::now()); // T3
        if queue.lock().unwrap().is_empty() {
            let until = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
            thread::park_timeout(next.map_or(Duration::MAX, until));
        }
    }
}
// ANCHOR_END: 07_run_all

fn main() {
    let numbers = [31, 4, 15, 92, 65, 35, 8, 97];
    let begun = Instant::now();
    let woken = Rc::new(RefCell::new(Vec::new()));
    let sleepers = numbers.map(|number| {
        let woken = woken.clone();
        task(async move {
            sleep_until(begun + Duration::from_millis(number)).await;
            woken.borrow_mut().push(number);
        })
    });
    run_all(sleepers.into());
    println!("{numbers:?}, in the order of waking: {:?}.", woken.borrow());

    run_all(vec![task(async {
        let never = timeout(Duration::from_millis(20), pending::<()>()).await;
        println!("A reply that never comes, with a timeout of 20 ms: {never:?}.");
        let there = timeout(Duration::from_secs(3600), async { "yes" }).await;
        println!("A reply that is already there, with a timeout of an hour: {there:?}.");
    })]);

    let begun = Instant::now();
    let deadline = move |n: u64| begun + Duration::from_millis(100 + n % 10);
    run_all((0..10_000).map(|n| task(async move { sleep_until(deadline(n)).await })).collect());
    assert!(begun.elapsed() >= Duration::from_millis(109));
    println!("Ten thousand tasks slept at once, for 100 to 109 ms, on this one thread.");
    println!("Timers left in the map: {}.", TIMERS.with_borrow(BTreeMap::len));

    // Still wrong: we wait for the clock and for other threads, but not for sockets. To read from a socket a
    // thread must still block in `read`, one for each socket. The kernel can watch them all: rung 08.
    println!("Still wrong: to wait for a socket, a thread blocks in read. Rung 08 fixes it.");
}
