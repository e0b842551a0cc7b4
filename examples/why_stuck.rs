//! Why is it stuck? Three programs that hang, and what a dump says of them.
//!
//!     cargo run --release --example why_stuck
//!
//! A dump polls nothing, so it can be taken of a program that hangs. If a recording is on, the dump also says who holds
//! each lock, and gives a verdict where no task could ever go on. The chat server prints a dump on SIGUSR1, and
//! `executor::trace::within` prints one when the time limit of a test has elapsed.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use executor::future::or;
use executor::sync::{Mutex, oneshot};
use executor::task::{self, Builder, JoinHandle};
use executor::trace;
use reactor::time::sleep;

/// How many of its last events each thread keeps.
const EVENTS: usize = 10_000;

/// Far longer than a verdict takes.
const PATIENCE: Duration = Duration::from_secs(60);

type Hang = fn() -> Vec<JoinHandle<()>>;

fn main() {
    trace::start(EVENTS).expect("no recording is on");
    let hangs: [(&str, Hang); 3] = [
        ("1. Two tasks take two locks in opposite order.", opposite_order),
        ("2. A task waits for a lock or for a timer, and keeps the future of the lock.", futurelock),
        ("3. A future that was written by hand forgets its waker.", forgotten_waker),
    ];
    for (title, hang) in hangs {
        println!("{title}\n");
        let tasks = hang();
        let dump = until_stuck();
        for verdict in dump.verdicts() {
            println!("   {}: {}\n", verdict.kind, verdict.text);
        }
        task::block_on(async {
            for task in tasks {
                task.cancel().await;
            }
        });
    }
    println!(
        "A whole dump also says what each task waits for, and since when: println!(\"{{}}\", executor::dump())."
    );
}

/// A verdict comes when nothing can change any more.
fn until_stuck() -> executor::Dump {
    let begun = Instant::now();
    loop {
        let dump = executor::dump();
        if !dump.verdicts().is_empty() {
            return dump;
        }
        assert!(begun.elapsed() < PATIENCE, "no verdict has come:\n{dump}");
        std::thread::yield_now();
    }
}

fn opposite_order() -> Vec<JoinHandle<()>> {
    let locks = [Arc::new(Mutex::new(())), Arc::new(Mutex::new(()))];
    let take = |name: &str, first: usize| {
        let (first, second) = (Arc::clone(&locks[first]), Arc::clone(&locks[1 - first]));
        Builder::new().name(name).spawn(async move {
            let _first = first.lock().await;
            // The other task gets its own first lock meanwhile.
            while second.try_lock().is_some() {
                sleep(Duration::from_millis(1)).await;
            }
            let _second = second.lock().await;
        })
    };
    vec![take("left", 0), take("right", 1)]
}

/// The lock is handed to the first future, which nobody polls: the task waits for a second one.
fn futurelock() -> Vec<JoinHandle<()>> {
    let lock = Arc::new(Mutex::new(()));
    let (held, wanted) = (Arc::clone(&lock), lock);
    let (locked, is_locked) = oneshot::channel();
    let (release, released) = oneshot::channel();
    let holder = Builder::new().name("holder").spawn(async move {
        let _guard = held.lock().await;
        _ = locked.send(());
        _ = released.await;
    });
    let waiter = Builder::new().name("waiter").spawn(async move {
        _ = is_locked.await;
        let mut first = pin!(wanted.lock());
        let timeout = async {
            sleep(Duration::from_millis(1)).await;
            None
        };
        if or(async { Some(first.as_mut().await) }, timeout).await.is_none() {
            _ = release.send(()); // The holder unlocks.
            let _second = wanted.lock().await;
        }
    });
    vec![holder, waiter]
}

/// It returns `Pending`, and has not stored the waker: nothing can wake its task.
fn forgotten_waker() -> Vec<JoinHandle<()>> {
    let forgetful: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(poll_fn(|_| Poll::Pending));
    vec![Builder::new().name("forgetful").spawn(forgetful)]
}
