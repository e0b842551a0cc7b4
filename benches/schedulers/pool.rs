//! The workers: one run loop for all policies.
//!
//! The loop of `executor::pool::worker` also drives a reactor, runs local tasks, and ends in order. All that would stand
//! between a reader and the decision that a policy is about. This loop only asks the policy, and counts.
//!
//! ```text
//!   ┌──▶ next ─▶ steal ──a task──▶ stop_searching ─▶ poll ──┐
//!   │        nothing: go_idle ─▶ has_work? ──no──▶ park     │
//!   └───────────────────────────────────────────────────────┘
//! ```
//!
//! - E1  A worker that was notified looks at the queues before it parks again.
//! - E2  A pool that ends drops the tasks in its queues unpolled. Measurements and tests wait for their tasks first.
//!
//! Next: `waits`.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use reactor::record;

use crate::policy::{Policy, Pushed};
use crate::sleepers::Sleepers;
use crate::task::{self, Push, Task, WeakPool};
use crate::waits::Waits;

/// What a pool has counted.
#[derive(Default)]
pub(crate) struct Counts {
    /// How long tasks waited from their wakes to their polls.
    pub(crate) waits: Waits,
    pub(crate) steals: u64,
    /// System calls: of workers that parked, and of those that unparked them.
    pub(crate) futex_calls: u64,
}

/// A pool of any policy.
pub(crate) trait AnyPool {
    /// The pool as its tasks know it.
    fn weak(&self) -> WeakPool;
    /// Ends its threads, and returns what they have counted.
    fn end(self: Box<Self>) -> Counts;
}

/// What the workers share.
struct Shared<P> {
    policy: P,
    sleepers: Sleepers,
    is_closed: AtomicBool,
}

/// One worker, on its own thread.
struct Worker<P: Policy> {
    shared: Arc<Shared<P>>,
    index: usize,
    own: P::Own,
}

struct Pool<P> {
    shared: Arc<Shared<P>>,
    threads: Vec<JoinHandle<Counts>>,
}

/// Starts a pool.
pub(crate) fn open<P: Policy>(workers: usize) -> Box<dyn AnyPool> {
    let (policy, owned) = P::new(workers);
    let shared =
        Arc::new(Shared { policy, sleepers: Sleepers::new(workers), is_closed: AtomicBool::new(false) });
    let start = |(index, own)| {
        let shared = Arc::clone(&shared);
        let work = move || {
            record::this_is_worker(Arc::as_ptr(&shared).addr(), index);
            let pool = weak(&shared);
            let worker = Rc::new(Worker { shared, index, own });
            task::this_is_worker(&pool, Rc::clone(&worker) as _);
            worker.run()
        };
        thread::Builder::new().name(format!("worker-{index}")).spawn(work).expect("a thread can be started")
    };
    let threads = owned.into_iter().enumerate().map(start).collect();
    Box::new(Pool { shared, threads })
}

fn weak<P: Policy>(shared: &Arc<Shared<P>>) -> WeakPool {
    let pool: Arc<dyn Push + Send + Sync> = Arc::clone(shared) as _;
    Arc::downgrade(&pool)
}

impl<P: Policy> AnyPool for Pool<P> {
    fn weak(&self) -> WeakPool {
        weak(&self.shared)
    }

    fn end(self: Box<Self>) -> Counts {
        let Self { shared, threads } = *self;
        let unparks = shared.sleepers.unparks();
        // ORDERING[sched-end]: Release; pairs with the Acquire in `is_closed`.
        shared.is_closed.store(true, Ordering::Release);
        (0..threads.len()).for_each(|worker| shared.sleepers.wake(worker));
        let mut all = Counts::default();
        for thread in threads {
            let counts = thread.join().expect("no worker panics");
            all.waits.add_all(&counts.waits);
            all.steals += counts.steals;
            all.futex_calls += counts.futex_calls;
        }
        all.futex_calls += unparks;
        all
    }
}

impl<P: Policy> Shared<P> {
    /// Wakes the workers that have to know of a push, as `policy` says.
    #[inline]
    fn pushed(&self, pushed: Pushed) {
        match pushed {
            Pushed::Here => {}
            Pushed::ForAny => self.policy.wake(&self.sleepers),
            Pushed::For(worker) => self.sleepers.wake(worker),
        }
    }

    fn is_closed(&self) -> bool {
        // ORDERING[sched-end]: Acquire; pairs with the Release in `end`.
        self.is_closed.load(Ordering::Acquire)
    }
}

impl<P: Policy> Push for Shared<P> {
    fn push(&self, task: Arc<Task>, _yielded: bool) {
        self.pushed(self.policy.push(None, task));
    }
}

impl<P: Policy> Push for Worker<P> {
    fn push(&self, task: Arc<Task>, yielded: bool) {
        let policy = &self.shared.policy;
        self.shared.pushed(match yielded {
            true => policy.push_back(&self.own, task),
            false => policy.push(Some(&self.own), task),
        });
    }
}

impl<P: Policy> Worker<P> {
    fn run(&self) -> Counts {
        let (policy, sleepers) = (&self.shared.policy, &self.shared.sleepers);
        let mut counts = Counts::default();
        while !self.shared.is_closed() {
            let mut task = policy.next(&self.own);
            if task.is_none() {
                task = policy.steal(&self.own);
                counts.steals += u64::from(task.is_some());
            }
            match task {
                Some(task) => {
                    policy.stop_searching(&self.own, sleepers);
                    if let Some(waited) = task.run() {
                        counts.waits.add(waited);
                    }
                }
                None => counts.futex_calls += u64::from(self.sleep()),
            }
        }
        counts
    }

    /// Parks, unless there is work after all. Returns whether it has made a system call.
    fn sleep(&self) -> bool {
        let sleepers = &self.shared.sleepers;
        sleepers.go_idle(self.index);
        let finds = self.shared.policy.has_work(&self.own) || self.shared.is_closed();
        let parked = !finds && sleepers.parker(self.index).park();
        sleepers.come_back(self.index);
        parked
    }
}
