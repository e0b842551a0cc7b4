//! Six workloads. Each is there to show what some decision is good for, and what it costs.
//!
//! One workload would have one winner. Runtimes have been tuned for the ping-pong, and then somebody's server stood still:
//! the slot that makes the ping-pong fast is what starves the rings of `chain`.
//!
//! ```text
//!   ping-pong   a ⇄ b                          outside     a thread ──▶ 16 tasks, beside tasks that always yield
//!   fan-out     root ──▶ 64 leaves ──▶ root    uneven      a thread ──▶ 64 tasks, every 8th with ten times the work
//!   chain       12 rings of 8 tasks, a token in each      long poll   one task blocks its worker, 8 are woken before
//! ```
//!
//! Reactors are left out: `outside` wakes tasks from a thread as a reactor's events would. Next: `policies`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::run::Run;
use crate::signal::Signal;
use crate::task::yield_now;

/// What the tasks of a run do.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    /// What it does, and what one operation is.
    pub(crate) what: &'static str,
    /// Spawns the tasks. With a thread outside of the pool, runs until the run is told to stop.
    pub(crate) start: fn(&Arc<Run>, workers: usize),
}

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "ping-pong",
        what: "two tasks wake each other in turns; an operation is a wake and its poll",
        start: |run, _| rings(run, 1, 2),
    },
    Workload {
        name: "fan-out",
        what: "a task wakes 64 others, which take about 5 µs each, and waits for all; an operation is one of the 64",
        start: |run, _| fan_out(run),
    },
    Workload {
        name: "chain",
        what: "twelve rings of eight tasks, in each of which a token goes round; an operation is a wake and its poll",
        start: |run, _| rings(run, 12, 8),
    },
    Workload {
        name: "uneven",
        what: "a thread outside wakes 64 tasks, and waits for all; every eighth of them has ten polls of about 10 µs to \
               do, the others one; an operation is one of the 64",
        start: |run, _| uneven(run),
    },
    Workload {
        name: "long poll",
        what: "a task wakes 8 others, and then blocks its worker for about 1 ms, again and again; an operation is a poll of \
               one of the 8, and only their waits count",
        start: |run, _| long_poll(run),
    },
    Workload {
        name: "outside",
        what: "a thread outside wakes 16 tasks, as the events of a reactor would, and waits until all have replied; beside \
               them three tasks for each worker yield after polls of about 1 µs; an operation is a reply, and only the \
               waits of the 16 count",
        start: outside,
    },
];

/// Uses the processor for about this many microseconds: always the same number of instructions.
pub(crate) fn work(microseconds: u64) {
    let mut value = microseconds;
    for _ in 0..microseconds * 1300 {
        value = std::hint::black_box(value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

/// In each ring a token goes round: each task that gets it wakes the next. One task sends all tokens.
fn rings(run: &Arc<Run>, rings: usize, tasks: usize) {
    let first: Vec<Arc<Signal>> = (0..rings).map(|_| ring(run, tasks)).collect();
    run.wait_for_first_polls();
    run.spawn_aside("starts them", async move { first.iter().for_each(|task| task.send()) });
}

/// Returns the signal of its first task.
fn ring(run: &Arc<Run>, tasks: usize) -> Arc<Signal> {
    let signals: Vec<Arc<Signal>> = (0..tasks).map(|_| run.signal()).collect();
    for at in 0..tasks {
        let (mine, next) = (Arc::clone(&signals[at]), Arc::clone(&signals[(at + 1) % tasks]));
        let shared = Arc::clone(run);
        run.spawn("link", async move {
            let mut hops = 0;
            while !shared.is_over() && mine.wait().await {
                hops += 1;
                next.send();
            }
            shared.count(hops);
        });
    }
    Arc::clone(&signals[0])
}

/// Tasks that do their parts of a round: the last one says so.
struct Round {
    left: AtomicUsize,
    size: usize,
    /// How many rounds are over.
    over: AtomicUsize,
}

impl Round {
    fn new(size: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(size), size, over: AtomicUsize::new(0) })
    }

    /// One has done its part. Returns whether it was the last: then the next round may begin.
    fn is_last(&self) -> bool {
        // ORDERING[sched-round]: Release publishes this part to the last one; Acquire: the last one has seen all.
        let is_last = self.left.fetch_sub(1, Ordering::AcqRel) == 1;
        if is_last {
            self.left.store(self.size, Ordering::Relaxed); // ORDERING: Relaxed; the next store publishes it.
            // ORDERING[sched-round]: Release; pairs with the Acquire in `drive`. One task at a time is the last.
            self.over.fetch_add(1, Ordering::Release);
        }
        is_last
    }
}

fn fan_out(run: &Arc<Run>) {
    const LEAVES: usize = 64;
    let (round, all_done) = (Round::new(LEAVES), run.signal());
    let leaves: Vec<Arc<Signal>> = (0..LEAVES).map(|_| run.signal()).collect();
    for leaf in &leaves {
        let mine = Arc::clone(leaf);
        let (shared, round, all_done) = (Arc::clone(run), Arc::clone(&round), Arc::clone(&all_done));
        run.spawn("leaf", async move {
            let mut done = 0;
            while mine.wait().await {
                work(5);
                done += 1;
                if round.is_last() {
                    all_done.send();
                }
            }
            shared.count(done);
        });
    }
    run.wait_for_first_polls();
    let shared = Arc::clone(run);
    run.spawn("root", async move {
        while !shared.is_over() {
            leaves.iter().for_each(|leaf| leaf.send());
            if !all_done.wait().await {
                break;
            }
        }
    });
}

/// Wakes all of them from this thread, waits until the round is over, and begins the next.
fn drive(run: &Run, round: &Round, tasks: &[Arc<Signal>]) {
    for rounds in 0.. {
        tasks.iter().for_each(|task| task.send());
        // ORDERING[sched-round]: Acquire; pairs with the Release of the last one.
        while round.over.load(Ordering::Acquire) == rounds {
            if run.is_over() {
                return;
            }
            thread::park();
        }
    }
}

/// Spawns tasks that a thread outside wakes round by round. `beside` is called when they are ready, before it begins.
fn from_outside<F, R>(run: &Arc<Run>, tasks: usize, job: F, beside: impl FnOnce())
where
    F: Fn(usize) -> R + Copy + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let (round, driver) = (Round::new(tasks), Arc::new(OnceLock::<Thread>::new()));
    let signals: Vec<Arc<Signal>> = (0..tasks).map(|_| run.signal()).collect();
    for (task, mine) in signals.iter().cloned().enumerate() {
        let (shared, round, driver) = (Arc::clone(run), Arc::clone(&round), Arc::clone(&driver));
        let unpark = move || driver.get().into_iter().for_each(Thread::unpark);
        run.spawn("woken outside", async move {
            let mut done = 0;
            while mine.wait().await {
                job(task).await;
                done += 1;
                if round.is_last() {
                    unpark();
                }
            }
            shared.count(done);
            unpark(); // The run is over.
        });
    }
    run.wait_for_first_polls();
    beside();
    let shared = Arc::clone(run);
    let drives = move || {
        driver.get_or_init(thread::current);
        drive(&shared, &round, &signals);
    };
    thread::Builder::new().name("outside".into()).spawn(drives).expect("a thread can be started");
}

fn uneven(run: &Arc<Run>) {
    let job = |task| async move {
        for _ in 1..if task % 8 == 0 { 10 } else { 1 } {
            work(10);
            yield_now().await;
        }
        work(10);
    };
    from_outside(run, 64, job, || ());
}

fn outside(run: &Arc<Run>, workers: usize) {
    let yields = |run: Arc<Run>| async move {
        while !run.is_over() {
            work(1);
            yield_now().await;
        }
    };
    let beside = || {
        let parent = Arc::clone(run);
        run.spawn_aside("starts them", async move {
            (0..3 * workers).for_each(|_| parent.spawn_aside("yields", yields(Arc::clone(&parent))));
        });
        run.wait_for_first_polls();
    };
    from_outside(run, 16, |_| async {}, beside);
}

fn long_poll(run: &Arc<Run>) {
    let short: Vec<Arc<Signal>> = (0..8).map(|_| run.signal()).collect();
    for task in &short {
        let mine = Arc::clone(task);
        let shared = Arc::clone(run);
        run.spawn("short", async move {
            let mut polls = 0;
            while mine.wait().await {
                polls += 1;
            }
            shared.count(polls);
        });
    }
    run.wait_for_first_polls();
    let shared = Arc::clone(run);
    run.spawn_aside("long", async move {
        while !shared.is_over() {
            short.iter().for_each(|short| short.send());
            work(1000);
            yield_now().await;
        }
    });
}

/// The time of one run of a table.
pub(crate) const TIME: Duration = Duration::from_millis(100);
