//! The run loop of a worker: run a task, or steal one, or sleep.
//!
//! A loop that only runs what is in its own queues would never look at the reactor or the injector while
//! it has work, and one that sleeps as soon as it has none would miss what other workers have. The order
//! of the steps here is what makes the pool fair.
//!
//! ```text
//!   ┌─▶ a task: slot, else deque, else injector ─▶ some local tasks    now and then: injector and reactor first
//!   │     nothing: search the others' deques
//!   └──── nothing: listed as idle, a last look, wait in `driver`
//! ```
//!
//! - V1  A task that is woken on a worker is pushed to that worker's queues. That makes a system call only if
//!   another worker sleeps and could take it.
//! - V2  Now and then the injector comes first, and the reactor is polled: a worker that always has work starves
//!   neither. `pace` says when [few-rounds], [own-tasks-too].
//! - [closed-drops]  A closed pool's worker drops the tasks that it finds instead of polling them, those in the others'
//!   deques and slots too, and then its local tasks. It ends when the pool is over [pool-is-over]. Until then it waits
//!   like an idle worker.
//! - V3  While polls are long, a task that is displaced from the slot goes into the injector, where each worker
//!   looks before its next poll. In the deque it would wait for all the polls that are queued there.
//!
//! Started by `mod`. Next: `task`.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;
use std::task::Waker;

use reactor::record::{Kind, record, this_is_worker};
use reactor::shim::{fault, now, thread_local};

use super::pace::Pace;
use super::queue::{Owned, SLOT_RUNS};
use super::shared::Shared;
use crate::driver::{Participant, Role};
use crate::local;
use crate::raw_task::header::Runnable;

/// The most local tasks that run between two tasks of the pool.
const LOCAL_BATCH: usize = 8;

thread_local! {
    /// The worker that this thread is.
    static WORKER: OnceCell<Worker> = const { OnceCell::new() };
}

/// One worker, on its own thread.
pub(super) struct Worker {
    shared: Arc<Shared>,
    index: usize,
    queues: Owned,
    /// How many times in a row the task came from the slot [slot-first].
    slot_runs: Cell<u32>,
    pace: Pace,
    /// Whether the counts include this worker as a searcher.
    searching: Cell<bool>,
    /// The worker to steal from first. It advances by one each time.
    victim: Cell<usize>,
}

/// The body of a worker's thread.
pub(super) fn run_worker(shared: Arc<Shared>, index: usize, queues: Owned) {
    this_is_worker(Arc::as_ptr(&shared).addr(), index);
    let participant = Participant::enter(Role::Worker);
    shared.set_parker(index, &participant.parker);
    WORKER.with(|worker| {
        let worker = worker.get_or_init(|| Worker {
            shared,
            index,
            queues,
            slot_runs: Cell::new(0),
            pace: Pace::new(now()),
            searching: Cell::new(false),
            victim: Cell::new(index + 1),
        });
        worker.run(&participant);
    });
}

/// Pushes a task that was woken on this thread, if this thread is a worker of that pool.
#[inline]
pub(super) fn push_slot(shared: *const Shared, task: Runnable) -> Result<(), Runnable> {
    with_worker(shared, task, |worker, task| {
        if let Some(displaced) = worker.shared.remotes[worker.index].put_next(task) {
            match worker.pace.polls_are_long() {
                true => worker.shared.injector.push(displaced), // V3
                false => _ = worker.queues.push(displaced),
            }
            worker.shared.wake_one();
        }
    })
}

/// Pushes a task that has yielded to the back of this worker's deque, if this thread is a worker of that
/// pool.
#[inline]
pub(super) fn push_back(shared: *const Shared, task: Runnable) -> Result<(), Runnable> {
    with_worker(shared, task, |worker, task| {
        // Alone in the deque it needs no other worker: this one is about to look there [deque-push-notifies].
        if worker.queues.push(task) {
            worker.shared.wake_one();
        }
    })
}

#[inline]
fn with_worker(
    shared: *const Shared,
    task: Runnable,
    push: impl FnOnce(&Worker, Runnable),
) -> Result<(), Runnable> {
    let mut task = Some(task);
    let _ = WORKER.try_with(|worker| {
        if let Some(worker) = worker.get().filter(|worker| worker.belongs_to(shared)) {
            push(worker, task.take().expect("it was put there above"));
        }
    });
    task.map_or(Ok(()), Err)
}

impl Worker {
    /// Whether it works for that pool.
    #[inline]
    fn belongs_to(&self, shared: *const Shared) -> bool {
        std::ptr::eq(&raw const *self.shared, shared)
    }

    fn run(&self, participant: &Participant) {
        let mut woken = Vec::new();
        loop {
            let round = self.shared.remotes[self.index].count_round();
            let looks = self.pace.looks(round);
            if looks && self.pace.reactor_is_due(round, now()) {
                participant.poll_reactor(&mut woken);
            }
            let closed = self.shared.is_closed();
            let task = self.next(looks).or_else(|| closed.then(|| self.take_remaining()).flatten());
            match task {
                Some(task) if closed => {
                    self.stop_searching();
                    drop(task); // [closed-drops]
                }
                None if closed => {
                    self.stop_searching(); // It may be long until this worker looks again.
                    local::drop_all();
                    if self.shared.end_work() {
                        return;
                    }
                    self.sleep(participant, &mut woken, closed, round);
                    self.shared.end.begin_work();
                }
                None if !local::has_work() => self.search_or_sleep(participant, &mut woken, round),
                task => {
                    self.stop_searching();
                    if let Some(task) = task {
                        task.run();
                    }
                    local::run(LOCAL_BATCH);
                }
            }
        }
    }

    /// The next task from its own queues or the injector. `looks`: it looks at the injector first.
    #[inline]
    fn next(&self, looks: bool) -> Option<Runnable> {
        let first = self.pace.injected_first(looks, || self.take_injected()); // V2
        if first.is_some() {
            return first;
        }
        let remote = &self.shared.remotes[self.index];
        let slot_runs = self.slot_runs.get();
        if (slot_runs < SLOT_RUNS || fault("slot_without_limit"))
            && let Some(task) = remote.take_next()
        {
            self.slot_runs.set(slot_runs + 1);
            return Some(task);
        }
        self.slot_runs.set(0);
        self.queues.pop().or_else(|| remote.take_next()).or_else(|| self.take_injected())
    }

    /// Takes a batch from the injector. During the move no other worker could see the batch. One that looked
    /// meanwhile, and went to sleep, is woken for the rest [deque-push-notifies].
    fn take_injected(&self) -> Option<Runnable> {
        let task = self.queues.take_from(&self.shared.injector);
        if task.is_some() && self.queues.has_work() && !fault("batch_not_announced") {
            self.shared.wake_one();
        }
        task
    }

    /// It has no task of its own: steals one, or waits.
    fn search_or_sleep(&self, participant: &Participant, woken: &mut Vec<Waker>, round: u32) {
        if !self.searching.get() {
            self.searching.set(self.shared.sleep.start_search());
        }
        if self.searching.get()
            && let Some(task) = self.steal()
        {
            // It goes through the slot, which is empty: `next` finds it there.
            let displaced = self.shared.remotes[self.index].put_next(task);
            debug_assert!(displaced.is_none(), "a worker that searches has no task of its own");
            return;
        }
        self.sleep(participant, woken, false, round);
    }

    /// Waits until there may be work, or the pool is closed.
    fn sleep(&self, participant: &Participant, woken: &mut Vec<Waker>, closed: bool, round: u32) {
        self.shared.sleep.go_idle(self.index, self.searching.replace(false));
        let missed = self.shared.has_work(closed) || self.shared.is_closed() != closed || local::has_work(); // [idle-then-look]
        if !missed || fault("no_last_look") {
            participant.wait(woken);
            self.pace.waited(round, now());
        }
        self.shared.sleep.come_back(self.index);
        self.searching.set(true); // [counted-for-it]
    }

    /// Stops searching, since there is work, stolen or its own [searcher-finds].
    #[inline]
    fn stop_searching(&self) {
        if self.searching.replace(false)
            && self.shared.sleep.stop_search()
            && (self.shared.has_work(false) || self.queues.has_work())
        {
            self.shared.wake_one();
        }
    }

    /// Takes a task from any worker's deque or slot: its worker may be in a long poll [closed-drops].
    fn take_remaining(&self) -> Option<Runnable> {
        let slots = || self.shared.remotes.iter().find_map(|remote| remote.take_next());
        self.steal().or_else(|| if fault("the_slots_are_left") { None } else { slots() })
    }

    /// Tries the other workers once each, beginning with a different one each time.
    fn steal(&self) -> Option<Runnable> {
        let workers = self.shared.remotes.len();
        let begin = self.victim.replace(self.victim.get().wrapping_add(1));
        let mut others =
            (0..workers).map(|step| (begin + step) % workers).filter(|&other| other != self.index);
        let from = |other: usize| Some((other, self.queues.steal_from(&self.shared.remotes[other])?));
        let (victim, stolen) = others.find_map(from)?;
        record(Kind::Steal, victim);
        Some(stolen)
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
