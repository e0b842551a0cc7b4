//! Policy 3: a queue for each worker, and no stealing.
//!
//! A task that is woken on a worker goes to that worker's queue: nothing moves between the cores, and nobody is woken.
//! Tasks from outside go to the workers in turns. Nothing is ever balanced again: a worker may have a hundred tasks
//! while another sleeps.
//!
//! Hurt by `fan-out`, whose tasks are all woken on one worker, and by `uneven`. Next: `queues`, then `steal_one`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_deque::{Injector, Steal};

use crate::policy::{Policy, Pushed};
use crate::task::Task;

pub(crate) struct OwnQueues {
    queues: Box<[Injector<Arc<Task>>]>,
    /// The worker for the next task from outside.
    turn: AtomicUsize,
}

impl Policy for OwnQueues {
    type Own = usize;

    fn new(workers: usize) -> (Self, Vec<usize>) {
        let queues = (0..workers).map(|_| Injector::new()).collect();
        (Self { queues, turn: AtomicUsize::new(0) }, (0..workers).collect())
    }

    fn push(&self, own: Option<&usize>, task: Arc<Task>) -> Pushed {
        if let Some(&own) = own {
            self.queues[own].push(task);
            return Pushed::Here;
        }
        // ORDERING: Relaxed; only a number. The queue publishes the task.
        let worker = self.turn.fetch_add(1, Ordering::Relaxed) % self.queues.len();
        self.queues[worker].push(task);
        Pushed::For(worker)
    }

    fn next(&self, own: &usize) -> Option<Arc<Task>> {
        loop {
            match self.queues[*own].steal() {
                Steal::Success(task) => return Some(task),
                Steal::Empty => return None,
                Steal::Retry => std::hint::spin_loop(),
            }
        }
    }

    fn has_work(&self, own: &usize) -> bool {
        !self.queues[*own].is_empty()
    }
}
