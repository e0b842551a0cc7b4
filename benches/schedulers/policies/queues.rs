//! The queues of the policies that steal: an injector, and a deque for each worker. All are crossbeam's.
//!
//! They do what they are told. Which of them a worker looks at, and in which order, is the policy. Next: `steal_one`.

use std::cell::Cell;
use std::sync::Arc;

use crossbeam_deque::{Injector, Steal, Stealer, Worker as Deque};
use reactor::record::{Kind, note};

use crate::task::Task;

/// What the workers share.
pub(crate) struct Queues {
    injector: Injector<Arc<Task>>,
    stealers: Box<[Stealer<Arc<Task>>]>,
}

/// One worker's end of its deque.
pub(crate) struct Own {
    pub(crate) index: usize,
    deque: Deque<Arc<Task>>,
    /// The worker to steal from first. It advances by one each time.
    victim: Cell<usize>,
    /// Whether the last batch from the injector has left tasks in the deque.
    pub(crate) took_batch: Cell<bool>,
}

impl Queues {
    pub(crate) fn new(workers: usize) -> (Self, Vec<Own>) {
        let own = |index| Own {
            index,
            deque: Deque::new_fifo(),
            victim: Cell::new(index + 1),
            took_batch: Cell::new(false),
        };
        let owned: Vec<Own> = (0..workers).map(own).collect();
        let stealers = owned.iter().map(|own| own.deque.stealer()).collect();
        (Self { injector: Injector::new(), stealers }, owned)
    }

    /// Pushes to the back of the worker's deque, or, outside of the pool, to the injector.
    pub(crate) fn push(&self, own: Option<&Own>, task: Arc<Task>) {
        match own {
            Some(own) => own.deque.push(task),
            None => self.injector.push(task),
        }
    }

    /// Pops from the front of the worker's deque.
    pub(crate) fn pop(&self, own: &Own) -> Option<Arc<Task>> {
        own.deque.pop()
    }

    /// Takes one task from the injector.
    pub(crate) fn take_one(&self) -> Option<Arc<Task>> {
        until_decided(|| self.injector.steal())
    }

    /// Takes a batch from the injector: the first to run, the others into the worker's deque.
    pub(crate) fn take_batch(&self, own: &Own) -> Option<Arc<Task>> {
        let task = until_decided(|| self.injector.steal_batch_and_pop(&own.deque))?;
        own.took_batch.set(self.has_own(own));
        Some(task)
    }

    /// Steals one task from another worker.
    pub(crate) fn steal_one(&self, own: &Own) -> Option<Arc<Task>> {
        self.steal(own, |victim| victim.steal())
    }

    /// Steals half of another worker's deque: the first to run, the others into this worker's deque.
    pub(crate) fn steal_half(&self, own: &Own) -> Option<Arc<Task>> {
        self.steal(own, |victim| victim.steal_batch_and_pop(&own.deque))
    }

    /// Tries the other workers once each, beginning with a different one each time.
    fn steal(&self, own: &Own, steal: impl Fn(&Stealer<Arc<Task>>) -> Steal<Arc<Task>>) -> Option<Arc<Task>> {
        let workers = self.stealers.len();
        let begin = own.victim.replace(own.victim.get().wrapping_add(1));
        let others = (0..workers).map(|step| begin.wrapping_add(step) % workers);
        let mut others = others.filter(|&other| other != own.index);
        let (victim, stolen) =
            others.find_map(|other| Some((other, until_decided(|| steal(&self.stealers[other]))?)))?;
        note(Kind::Steal, 0, victim);
        Some(stolen)
    }

    /// Whether there is a task in the injector, or in any deque.
    pub(crate) fn has_work(&self) -> bool {
        !self.injector.is_empty() || self.stealers.iter().any(|stealer| !stealer.is_empty())
    }

    /// Whether there is a task in the worker's deque.
    pub(crate) fn has_own(&self, own: &Own) -> bool {
        !own.deque.is_empty()
    }
}

fn until_decided(steal: impl Fn() -> Steal<Arc<Task>>) -> Option<Arc<Task>> {
    loop {
        match steal() {
            Steal::Success(task) => return Some(task),
            Steal::Empty => return None,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}
