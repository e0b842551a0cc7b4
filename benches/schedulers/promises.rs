//! What every policy must keep, whatever it decides: one list of tests for all.
//!
//! A fast scheduler that loses one task in a million is worth nothing, and a table does not show it. Each promise here
//! is checked a few hundred times in a row, since what loses a task is a race. The checks run with
//! `cargo bench --bench schedulers -- --test`.
//!
//! Each waits for a condition, with the deadline of `run`. Next: `main`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use crate::policies::{Entry, POLICIES};
use crate::run::{PATIENCE, Run};
use crate::signal::Signal;
use crate::task::yield_now;
use crate::waits;
use crate::workloads::work;

const ROUNDS: u64 = 300;

/// A promise in words, and what checks it.
type Promise = (&'static str, fn(&Arc<Run>));

const PROMISES: &[Promise] = &[
    ("each task that is spawned ends, outside and inside", each_task_ends),
    ("no wake from outside is lost while the workers fall asleep", no_wake_is_lost),
    ("no wake between workers is lost while they fall asleep", no_wake_between_workers_is_lost),
    ("no task of a burst is lost or run twice", bursts_are_whole),
    ("no task is polled by two workers at once", no_task_is_polled_twice_at_once),
    ("wakes during a poll lead to one poll more", wakes_during_a_poll_lead_to_one),
    ("a wake after the end does nothing", a_wake_after_the_end_does_nothing),
];

/// Checks all promises of all policies, on pools of several sizes. Panics at the first that is broken.
pub(crate) fn check() {
    waits::buckets_are_in_order();
    for policy in POLICIES {
        let begin = Instant::now();
        for workers in [1, 2, 5] {
            for &(promise, check) in PROMISES {
                let pool = (policy.open)(workers);
                let run = Run::new(pool.weak());
                let kept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&run)));
                assert!(kept.is_ok(), "{} on {workers} workers breaks: {promise}", policy.name);
                pool.end();
            }
            the_end_drops_what_is_left(policy, workers);
        }
        it_is_as_fair_as_it_says(policy);
        let (count, time) = (PROMISES.len() + 2, begin.elapsed().as_secs_f64());
        println!("{:16} keeps all {count} promises ({time:.1} s)", policy.name);
    }
}

/// A counter that tasks share.
fn counter() -> Arc<AtomicU64> {
    Arc::new(AtomicU64::new(0))
}

/// Adds one, and returns the sum before.
fn add(counter: &AtomicU64) -> u64 {
    // ORDERING[sched-count]: AcqRel; a thread that sees a count sees what was done before it was made.
    counter.fetch_add(1, Ordering::AcqRel)
}

fn read(counter: &AtomicU64) -> u64 {
    // ORDERING[sched-count]: Acquire; pairs with the AcqRel of `add`.
    counter.load(Ordering::Acquire)
}

/// Waits until a counter has reached this value.
fn wait_for(counter: &AtomicU64, value: u64) {
    let deadline = Instant::now() + PATIENCE;
    while read(counter) < value {
        assert!(Instant::now() < deadline, "{} of {value}", read(counter));
        thread::yield_now();
    }
}

fn each_task_ends(run: &Arc<Run>) {
    let polls = counter();
    for task in 0..ROUNDS {
        let (parent, polls) = (Arc::clone(run), Arc::clone(&polls));
        run.spawn("parent", async move {
            for _ in 0..task % 5 {
                yield_now().await;
            }
            parent.spawn("child", async move { _ = add(&polls) });
        });
    }
    run.end();
    assert_eq!(read(&polls), ROUNDS);
}

fn no_wake_is_lost(run: &Arc<Run>) {
    let (signal, replies) = (run.signal(), counter());
    let (waits, replied) = (Arc::clone(&signal), Arc::clone(&replies));
    run.spawn("replies", async move {
        while waits.wait().await {
            add(&replied);
        }
    });
    for round in 0..10 * ROUNDS {
        // So over all rounds the wakes come at every moment of a worker's way to sleep, which takes less than 1 µs.
        (0..round % 97).for_each(|_| std::hint::spin_loop());
        signal.send();
        wait_for(&replies, round + 1);
    }
    run.stop();
    run.end();
}

fn no_wake_between_workers_is_lost(run: &Arc<Run>) {
    let rings = 3;
    let hops = counter();
    for _ in 0..rings {
        let signals: Vec<Arc<Signal>> = (0..4).map(|_| run.signal()).collect();
        for at in 0..4 {
            let (mine, next, hops) = (signals[at].clone(), signals[(at + 1) % 4].clone(), Arc::clone(&hops));
            run.spawn("link", async move {
                while mine.wait().await {
                    work(add(&hops) % 7);
                    next.send();
                }
            });
        }
        signals[0].send();
    }
    wait_for(&hops, ROUNDS * rings);
    run.stop();
    run.end();
}

fn bursts_are_whole(run: &Arc<Run>) {
    let tasks: u64 = 50;
    let (signals, polls) = ((0..tasks).map(|_| run.signal()).collect::<Vec<_>>(), counter());
    for mine in signals.clone() {
        let polls = Arc::clone(&polls);
        run.spawn("woken", async move {
            while mine.wait().await {
                add(&polls);
            }
        });
    }
    for round in 1..=ROUNDS {
        signals.iter().for_each(|signal| signal.send());
        wait_for(&polls, round * tasks);
    }
    run.stop();
    run.end();
    assert_eq!(read(&polls), ROUNDS * tasks);
}

fn no_task_is_polled_twice_at_once(run: &Arc<Run>) {
    let (twice, wakes) = (counter(), counter());
    let tasks: Vec<Arc<Signal>> = (0..8).map(|_| run.signal()).collect();
    for mine in &tasks {
        let (mine, others) = (Arc::clone(mine), tasks.clone());
        let (twice, wakes) = (Arc::clone(&twice), Arc::clone(&wakes));
        let mut waits = Box::pin(async move {
            while mine.wait().await {
                let next = add(&wakes);
                if next < ROUNDS {
                    others[next as usize % 8].send();
                }
            }
        });
        let is_polled = AtomicBool::new(false);
        run.spawn(
            "polled",
            std::future::poll_fn(move |cx| {
                // ORDERING: Relaxed; two polls at once would be a fault, and nothing is ordered by it.
                if is_polled.swap(true, Ordering::Relaxed) {
                    add(&twice);
                }
                cx.waker().wake_by_ref(); // While it is polled.
                let polled = waits.as_mut().poll(cx);
                is_polled.store(false, Ordering::Relaxed); // ORDERING: Relaxed; as above.
                polled
            }),
        );
    }
    let senders = tasks.chunks(4).map(|some| {
        let some = some.to_vec();
        thread::spawn(move || (0..ROUNDS).for_each(|_| some.iter().for_each(|task| task.send())))
    });
    senders.collect::<Vec<_>>().into_iter().for_each(|sender| sender.join().expect("it does not panic"));
    run.stop();
    run.end();
    assert_eq!(read(&twice), 0, "two polls at once");
}

fn wakes_during_a_poll_lead_to_one(run: &Arc<Run>) {
    let polls = counter();
    let polled = Arc::clone(&polls);
    run.spawn(
        "wakes itself",
        std::future::poll_fn(move |cx| {
            if add(&polled) == ROUNDS {
                return Poll::Ready(());
            }
            (0..3).for_each(|_| cx.waker().wake_by_ref());
            Poll::Pending
        }),
    );
    run.end();
    assert_eq!(read(&polls), ROUNDS + 1, "three wakes during one poll are one");
}

fn a_wake_after_the_end_does_nothing(run: &Arc<Run>) {
    let polls = counter();
    let (sender, receiver) = std::sync::mpsc::channel();
    let polled = Arc::clone(&polls);
    run.spawn(
        "ends",
        std::future::poll_fn(move |cx| {
            add(&polled);
            sender.send(cx.waker().clone()).expect("it is received");
            Poll::Ready(())
        }),
    );
    run.end();
    let waker = receiver.recv_timeout(PATIENCE).expect("it was sent");
    (0..ROUNDS).for_each(|_| waker.wake_by_ref());
    run.spawn("after it", async {});
    run.end();
    assert_eq!(read(&polls), 1);
}

/// Counts when it is dropped.
struct Dropped(Arc<AtomicU64>);

impl Drop for Dropped {
    fn drop(&mut self) {
        add(&self.0);
    }
}

/// A pool that ends drops the futures in its queues.
fn the_end_drops_what_is_left(policy: &Entry, workers: usize) {
    let pool = (policy.open)(workers);
    let run = Run::new(pool.weak());
    let (started, dropped) = (counter(), counter());
    let tasks = 20;
    for _ in 0..tasks {
        let (future, started) = (Dropped(Arc::clone(&dropped)), Arc::clone(&started));
        run.spawn("never ends", async move {
            let _future = future;
            add(&started);
            loop {
                yield_now().await;
            }
        });
    }
    wait_for(&started, 1);
    pool.end();
    assert_eq!(read(&dropped), tasks, "{} on {workers} workers: tasks are left", policy.name);
}

/// On one worker, where the order is certain: what a policy starves, and what it does not.
fn it_is_as_fair_as_it_says(policy: &Entry) {
    let to_the_queue = polls_before_the_queue(policy);
    assert_eq!(to_the_queue < ROUNDS, policy.is_fair.to_the_queue, "{}: {to_the_queue} polls", policy.name);
    let to_the_outside = polls_before_the_outside(policy);
    assert_eq!(
        to_the_outside < ROUNDS,
        policy.is_fair.to_the_outside,
        "{}: {to_the_outside} polls",
        policy.name
    );
}

/// A task is queued, and then two others wake each other. Returns how many of their polls come before its own.
fn polls_before_the_queue(policy: &Entry) -> u64 {
    let pool = (policy.open)(1);
    let run = Run::new(pool.weak());
    let (polls, before) = (counter(), counter());
    let [bystander, ping, pong] = [(); 3].map(|()| run.signal());
    let (waits, seen, before_it) = (Arc::clone(&bystander), Arc::clone(&polls), Arc::clone(&before));
    let waiting = counter();
    let is_waiting = Arc::clone(&waiting);
    run.spawn("bystander", async move {
        add(&is_waiting);
        waits.wait().await;
        // ORDERING: Relaxed; read when all tasks have ended.
        before_it.store(read(&seen), Ordering::Relaxed);
    });
    for (mine, next) in [(Arc::clone(&ping), Arc::clone(&pong)), (pong, Arc::clone(&ping))] {
        let (polls, is_waiting) = (Arc::clone(&polls), Arc::clone(&waiting));
        run.spawn("of the pair", async move {
            add(&is_waiting);
            while mine.wait().await && add(&polls) < 2 * ROUNDS {
                next.send();
            }
            next.close();
        });
    }
    wait_for(&waiting, 3);
    run.spawn("starts them", async move {
        bystander.send();
        ping.send();
    });
    run.end();
    pool.end();
    read(&before)
}

/// A task goes on and on, and a thread outside wakes another. Returns how many polls of the first one come before that
/// of the second.
fn polls_before_the_outside(policy: &Entry) -> u64 {
    let pool = (policy.open)(1);
    let run = Run::new(pool.weak());
    let (polls, before, waiting) = (counter(), counter(), counter());
    let outside = run.signal();
    let (waits, seen, before_it) = (Arc::clone(&outside), Arc::clone(&polls), Arc::clone(&before));
    let is_waiting = Arc::clone(&waiting);
    run.spawn("woken outside", async move {
        add(&is_waiting);
        waits.wait().await;
        // ORDERING: Relaxed; read when all tasks have ended.
        before_it.store(read(&seen), Ordering::Relaxed);
    });
    wait_for(&waiting, 1);
    run.spawn("goes on", async move {
        yield_now().await; // From here on it is in the queues of the worker.
        thread::spawn(move || outside.send()).join().expect("it does not panic");
        for _ in 0..2 * ROUNDS {
            add(&polls);
            yield_now().await;
        }
    });
    run.end();
    pool.end();
    read(&before)
}

/// How long a cell that is only checked runs.
pub(crate) const SHORT: Duration = Duration::from_millis(10);
