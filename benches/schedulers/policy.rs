//! What a scheduler decides: where a task goes, which one is next, what is stolen, and who is woken.
//!
//! A runtime's table of figures says how fast all its decisions are together. Here each is a type that implements one
//! trait, and differs from the one before it in one decision. Everything else is the same for all: the task, the parker,
//! the run loop.
//!
//! ```text
//!   a task is woken ──▶ push ──▶ wake: which of the sleepers?
//!   a worker        ──▶ next ──nothing──▶ steal ──nothing──▶ go_idle, has_work, park
//!                         └──────────────────┴──a task──▶ stop_searching, and its poll
//! ```
//!
//! - C1  Each task that was passed to `push` is returned by one `next` or `steal`, once.
//! - C2  `has_work` is true for each task that `next` or `steal` of this worker would return.
//! - C3  `push` says who may take the task. If that is not only the pushing worker, a sleeper is woken for it, or
//!   another worker is known to look.
//!
//! Implemented in `policies`, called by `pool`. Next: `pool`.

use std::sync::Arc;

use crate::sleepers::Sleepers;
use crate::task::Task;

/// Who may take the task that was pushed.
pub(crate) enum Pushed {
    /// Only the worker that has pushed it, or another only by chance: nobody is woken.
    Here,
    /// Any worker: `wake` decides who is woken.
    ForAny,
    /// This worker: it is woken if it sleeps.
    For(usize),
}

/// The decisions of a scheduler. `own` is what one worker has for itself.
pub(crate) trait Policy: Send + Sync + Sized + 'static {
    /// What one worker has for itself.
    type Own: Send + 'static;

    /// Makes the queues for this number of workers: those that they share, and what each has.
    fn new(workers: usize) -> (Self, Vec<Self::Own>);

    /// A task was woken: on the worker that has `own`, or outside of the pool.
    fn push(&self, own: Option<&Self::Own>, task: Arc<Task>) -> Pushed;

    /// A task has yielded.
    fn push_back(&self, own: &Self::Own, task: Arc<Task>) -> Pushed {
        self.push(Some(own), task)
    }

    /// The task that the worker runs next, of its own or of all.
    fn next(&self, own: &Self::Own) -> Option<Arc<Task>>;

    /// A task of another worker. Here there is none.
    fn steal(&self, _own: &Self::Own) -> Option<Arc<Task>> {
        None
    }

    /// Whether there is a task that the worker could take. Looked at before it parks.
    fn has_work(&self, own: &Self::Own) -> bool;

    /// A task was pushed for any worker: wakes those that are needed. Here, one for each push.
    #[inline]
    fn wake(&self, sleepers: &Sleepers) {
        if sleepers.any() {
            sleepers.wake_one(|_| true);
        }
    }

    /// The worker has a task, and is about to poll it.
    #[inline]
    fn stop_searching(&self, _own: &Self::Own, _sleepers: &Sleepers) {}
}
