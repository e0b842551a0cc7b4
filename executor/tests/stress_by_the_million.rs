//! Tasks spawned and joined, and tasks woken from other threads, by the million. Each is counted: a lost one
//! stops the count, and the watchdog then prints the state and aborts. Afterwards no task is alive.
//!
//! `UNROLLED_COUNT` says how many of each; .ci/nightly takes a hundred million, in a release build. In a
//! process of its own: it counts all tasks.
#![cfg(not(loom))]

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::task::{JoinHandle, block_on, spawn_local};

/// How long the count may stand still. It grows by a million a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Each test counts all tasks, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn wanted() -> u64 {
    std::env::var("UNROLLED_COUNT").map_or(200_000, |text| text.parse().expect("a number"))
}

/// Monitors that a count grows.
struct Watchdog {
    count: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    watcher: thread::JoinHandle<()>,
    what: &'static str,
    start: Instant,
}

impl Watchdog {
    fn start(what: &'static str, wanted: u64) -> Self {
        let (count, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let watcher = {
            let (count, over) = (Arc::clone(&count), Arc::clone(&over));
            thread::spawn(move || {
                let (mut seen, mut since) = (0, Instant::now());
                // ORDERING: Relaxed; a count, and a sign to stop.
                while !over.load(Ordering::Relaxed) {
                    thread::park_timeout(Duration::from_secs(1));
                    let now = count.load(Ordering::Relaxed);
                    if now != seen {
                        (seen, since) = (now, Instant::now());
                    } else if since.elapsed() > PATIENCE {
                        dump(what, now, wanted);
                        std::process::abort();
                    }
                }
            })
        };
        Self { count, over, watcher, what, start: Instant::now() }
    }

    /// Ends the monitoring, and returns the count.
    fn end(self) -> u64 {
        // ORDERING: Relaxed; all counting threads have been joined.
        let count = self.count.load(Ordering::Relaxed);
        self.over.store(true, Ordering::Relaxed);
        self.watcher.thread().unpark();
        self.watcher.join().unwrap();
        let took = self.start.elapsed();
        println!("{count} {} in {took:.1?}: {} ns each", self.what, took.as_nanos() as u64 / count.max(1));
        count
    }
}

/// Prints the state: the counters, and what each thread waits for.
fn dump(what: &str, now: u64, wanted: u64) {
    eprintln!("no progress for {PATIENCE:?} at {now} of {wanted} {what}");
    eprintln!("{:#?}\n{:#?}", executor::metrics(), reactor::metrics());
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let read = |name| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
        let state = read("status").lines().nth(2).unwrap_or_default().to_string();
        eprintln!("{:?} {} {state} call {}", task.file_name(), read("comm").trim(), read("syscall").trim());
    }
}

#[track_caller]
fn no_task_is_alive() {
    let begin = Instant::now();
    while executor::metrics().alive != 0 {
        assert!(begin.elapsed() < PATIENCE, "{:#?}", executor::metrics());
        thread::sleep(Duration::from_millis(1));
    }
}

/// Spawns and joins `total` tasks, a thousand at a time and then one at a time.
async fn spawn_and_join(count: &AtomicU64, total: u64, spawn: impl Fn(u64) -> JoinHandle<u64>) {
    const MANY: u64 = 1000;
    let mut handles = Vec::new();
    let mut done = 0;
    while done < total {
        for size in [MANY, 1, 1, 1] {
            handles.extend((done..done + size).map(&spawn));
            for (handle, number) in handles.drain(..).zip(done..) {
                assert_eq!(handle.await, number);
            }
            done += size;
            // ORDERING: Relaxed; a count.
            count.fetch_add(size, Ordering::Relaxed);
        }
    }
}

#[test]
fn tasks_spawned_and_joined() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = wanted();
    let watchdog = Watchdog::start("tasks spawned and joined", wanted);
    let pool = Arc::new(Pool::new(2).unwrap());
    // From two tasks of the pool, from a thread beside it, and on one thread alone.
    let inside: Vec<_> = (0..2)
        .map(|_| {
            let (count, within) = (Arc::clone(&watchdog.count), Arc::clone(&pool));
            pool.spawn(async move {
                let spawn = |number| within.spawn(async move { number });
                spawn_and_join(&count, wanted / 4, spawn).await;
            })
        })
        .collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            let spawn = |number| pool.spawn(async move { number });
            block_on(spawn_and_join(&watchdog.count, wanted / 4, spawn));
        });
        scope.spawn(|| {
            let spawn = |number| spawn_local(async move { number });
            block_on(spawn_and_join(&watchdog.count, wanted / 4, spawn));
        });
    });
    block_on(async {
        for task in inside {
            task.await;
        }
    });
    drop(pool);
    assert!(watchdog.end() >= wanted);
    no_task_is_alive();
}

/// Where a task leaves its waker, and is notified.
#[derive(Default)]
struct Place(Mutex<Stand>);

#[derive(Default)]
struct Stand {
    waker: Option<Waker>,
    notified: bool,
    over: bool,
}

impl Place {
    fn stand(&self) -> std::sync::MutexGuard<'_, Stand> {
        self.0.lock().unwrap()
    }

    /// Wakes the task that waits here, by the waker that it left.
    fn wake(&self, over: bool) {
        let waker = {
            let mut stand = self.stand();
            stand.notified = true;
            stand.over = over;
            stand.waker.take()
        };
        waker.expect("it waits").wake();
    }
}

/// The count of tasks still to run in a round, and the thread that the last one unparks.
struct Round {
    left: AtomicUsize,
    waker: Thread,
}

/// A task: leaves its waker, and counts each notification. Returns how many there were.
async fn sleeper(place: Arc<Place>, round: Arc<Round>) -> u64 {
    let mut notified = 0;
    poll_fn(|cx| {
        let replaced = {
            let mut stand = place.stand();
            if stand.over {
                return Poll::Ready(());
            }
            if !std::mem::take(&mut stand.notified) && stand.waker.is_some() {
                // Each waker notifies it first.
                panic!("woken for nothing");
            }
            stand.waker.replace(cx.waker().clone())
        };
        drop(replaced);
        notified += 1;
        // ORDERING[round]: AcqRel; pairs with the Acquire of the thread that waits for zero: all tasks have
        // left their wakers before it.
        if round.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            round.waker.unpark();
        }
        Poll::Pending
    })
    .await;
    notified
}

const SLEEPERS: usize = 500;

/// Spawns tasks with `spawn`, and wakes them round after round, sometimes all and sometimes a few. Then it
/// ends them. Between two rounds every thread may go to sleep.
fn wake_sleepers(count: &AtomicU64, total: u64, spawn: impl Fn(Arc<Place>, Arc<Round>)) {
    let places: Vec<_> = (0..SLEEPERS).map(|_| Arc::new(Place::default())).collect();
    let round = Arc::new(Round { left: AtomicUsize::new(SLEEPERS), waker: thread::current() });
    for place in &places {
        spawn(Arc::clone(place), Arc::clone(&round));
    }
    let all_wait = || {
        // ORDERING[round]: Acquire; pairs with the AcqRel of the tasks.
        while round.left.load(Ordering::Acquire) != 0 {
            thread::park();
        }
    };
    all_wait();
    let mut done = 0;
    let mut sizes = [SLEEPERS, SLEEPERS, 100, SLEEPERS, 10, 1].into_iter().cycle();
    while done < total {
        let size = sizes.next().expect("endless");
        // ORDERING: Relaxed; the tasks see it by their places' locks.
        round.left.store(size, Ordering::Relaxed);
        for place in &places[..size] {
            place.wake(false);
        }
        all_wait();
        done += size as u64;
        // ORDERING: Relaxed; a count.
        count.fetch_add(size as u64, Ordering::Relaxed);
    }
    places.iter().for_each(|place| place.wake(true));
}

/// A thread in `block_on` with local tasks, until all have ended; others spawn them through a channel.
fn local_thread() -> (impl Fn(Arc<Place>, Arc<Round>), thread::JoinHandle<u64>) {
    let (sender, mut receiver) = executor::sync::mpsc::channel::<(Arc<Place>, Arc<Round>)>(SLEEPERS);
    let owner = thread::spawn(move || {
        block_on(async move {
            let mut handles = Vec::new();
            while let Some((place, round)) = receiver.recv().await {
                handles.push(spawn_local(sleeper(place, round)));
            }
            let mut notified = 0;
            for handle in handles {
                notified += handle.await;
            }
            notified
        })
    });
    (move |place, round| sender.try_send((place, round)).unwrap(), owner)
}

#[test]
fn tasks_woken_from_other_threads() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = wanted();
    let watchdog = Watchdog::start("wakes from other threads", wanted);
    let pool = Pool::new(2).unwrap();
    let handles = Mutex::new(Vec::new());
    // Two threads wake tasks of a pool; one wakes local tasks of a thread that waits in `block_on`.
    let notified: u64 = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                wake_sleepers(&watchdog.count, wanted / 3, |place, round| {
                    handles.lock().unwrap().push(pool.spawn(sleeper(place, round)));
                });
            });
        }
        let (spawn, owner) = local_thread();
        wake_sleepers(&watchdog.count, wanted.div_ceil(3), spawn);
        owner.join().unwrap()
    });
    let in_the_pool = block_on(async {
        let mut notified = 0;
        for handle in handles.into_inner().unwrap() {
            notified += handle.await;
        }
        notified
    });
    drop(pool);
    let woken = watchdog.end();
    assert!(woken >= wanted / 3 * 3);
    // Each task has counted once at its first poll, and then once for each wake.
    assert_eq!(notified + in_the_pool, woken + 3 * SLEEPERS as u64);
    no_task_is_alive();
}
