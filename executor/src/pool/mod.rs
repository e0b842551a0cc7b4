//! The pool: a set of workers, what they share, and how it is closed.
//!
//! ```text
//!   spawn outside ──▶ injector ─┐        ┌── worker 0: slot, deque ──┐
//!   spawn inside  ──▶ own slot  ├──────▶ ├── worker 1: slot, deque ──┤ steal from each other
//!   wake by a socket ─▶ the slot┘        └── …                      ─┘
//! ```
//!
//! `queue` what a worker has, `sleep` who must be woken, `shared` what all see and how it ends, `worker`
//! the run loop, `task` how a task finds its way back, `end` when it is over, `joining` who may
//! wait for that, `global` the pool that `spawn` uses.
//!
//! Called by programs. Next: `queue`.

mod deque;
mod end;
pub(crate) mod global;
mod joining;
#[cfg(all(test, loom))]
mod model;
mod queue;
mod shared;
mod sleep;
mod task;
mod worker;

use std::future::Future;
use std::io;
use std::sync::Arc;

use reactor::explain::explain;
use reactor::shim::thread::{self, JoinHandle as Thread};

use crate::driver::rescue::{Rescue, register_pool};
use crate::raw_task::header::Runnable;
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::run::new_task;
use joining::PoolId;
use shared::Shared;
use task::PoolScheduler;

/// A pool of threads that run tasks, stealing work from each other.
///
/// Dropping it closes it: every task is cancelled, polls under way end, the futures are dropped, and
/// the threads are joined. The futures are dropped on the pool's threads, never by whoever wakes or aborts a
/// task; none is left when the drop returns. While one of the threads is in a long poll, the others
/// drop the rest.
///
/// Dropped from inside one of its own workers it does all but wait for that one. Dropped on a worker of another
/// pool, it waits for no thread if that would close a ring: if one of its workers waits for the other pool to
/// end, itself or by way of more pools. So pools whose tasks own each other end; the last threads of such a
/// ring end by themselves.
///
/// ```
/// use executor::{pool::Pool, task};
///
/// let pool = Pool::new(2)?;
/// let handle = pool.spawn(async { 6 * 7 });
/// assert_eq!(task::block_on(handle), 42);
/// # std::io::Result::Ok(())
/// ```
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<Thread<()>>,
    id: PoolId,
}

impl Pool {
    /// Starts a pool of so many threads.
    ///
    /// # Errors
    ///
    /// The system's error if a thread cannot be had; those that were started end again.
    ///
    /// # Panics
    ///
    /// If `threads` is zero.
    #[track_caller]
    pub fn new(threads: usize) -> io::Result<Self> {
        assert!(threads > 0, "Pool::new: `threads` is zero, and nobody would run the tasks");
        let (owned, remotes): (Vec<_>, Vec<_>) = (0..threads).map(|_| queue::queues()).unzip();
        let shared = Arc::new(Shared::new(remotes));
        let rescued: Arc<dyn Rescue> = Arc::clone(&shared) as _;
        register_pool(Arc::downgrade(&rescued));
        drop(rescued);
        let mut pool = Self { shared, threads: Vec::with_capacity(threads), id: joining::new_pool() };
        for (index, queues) in owned.into_iter().enumerate() {
            let (shared, id) = (Arc::clone(&pool.shared), pool.id);
            let worker = move || {
                joining::this_is_worker_of(id);
                worker::run_worker(shared, index, queues);
            };
            match thread::Builder::new().name(format!("worker-{index}")).spawn(worker) {
                Ok(thread) => pool.threads.push(thread),
                Err(error) => {
                    (index..threads).for_each(|_| _ = pool.shared.end_work());
                    return Err(explain("start a worker thread", error));
                }
            }
        }
        Ok(pool)
    }

    /// Spawns a future onto the pool. It starts at once; dropping the handle detaches it.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (task, handle) = new_task(future, PoolScheduler::new(&self.shared), ());
        self.start(task);
        JoinHandle::new(handle)
    }

    fn start(&self, task: Runnable) {
        if let Err(task) = worker::push_slot(Arc::as_ptr(&self.shared), task) {
            self.shared.inject(task);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let on_a_worker = joining::is_worker_of(self.id);
        self.shared.close(on_a_worker);
        joining::join(self.id, self.threads.drain(..));
        if on_a_worker {
            self.shared.end.begin_work();
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}
