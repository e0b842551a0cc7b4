//! The pool: a set of workers, what they share, and how it is closed.
//!
//! With one shared queue all workers would contend for its lock, and a task would seldom run on the thread
//! whose cache has its data. With one queue for each worker and no stealing, a worker could be idle while
//! tasks wait at another. So each worker has its own queue, and steals when it is empty.
//!
//! ```text
//!   spawn outside ──▶ injector ─┐        ┌── worker 0: slot, deque ──┐
//!   spawn inside  ──▶ own slot  ├──────▶ ├── worker 1: slot, deque ──┤ steal from each other
//!   wake by a socket ─▶ the slot┘        └── …                      ─┘
//! ```
//!
//! The files: `queue` has a worker's queues, `sleep` decides which worker is woken, `shared` is what the
//! workers share and how the pool is closed, `worker` is the run loop, `pace` says how often it looks
//! elsewhere, `task` takes a woken task back to its pool, `end` says when the pool is over, `joining` which
//! worker may wait for that, and `global` is the pool of `spawn`.
//!
//! Called by programs. Next: `queue`.

mod deque;
mod end;
pub(crate) mod global;
mod joining;
mod look;
#[cfg(all(test, loom))]
mod model;
mod pace;
mod queue;
mod shared;
mod sleep;
mod task;
mod worker;

use std::future::Future;
use std::io;
use std::panic::Location;
use std::sync::Arc;

use reactor::explain::explain;
use reactor::record::{Kind, note, record_value};
use reactor::shim::thread::{self, JoinHandle as Thread};

use crate::driver::rescue::{Rescue, register_pool};
use crate::raw_task::header::Runnable;
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::run::new_task;
use crate::trace;
use joining::PoolId;
use shared::Shared;
use task::PoolScheduler;

/// A pool of threads that run tasks, stealing work from each other.
///
/// Dropping it closes it: every task is cancelled, the drop waits for the polls that are running, the futures
/// are dropped, and the threads are joined. The futures are dropped on the pool's threads, never on the
/// thread that wakes or aborts a task. No future is left when the drop returns, except as said below. While
/// one of the threads is in a long poll, the others drop the rest.
///
/// If it is dropped on one of its own workers, it waits for all the others. If it is dropped on a worker
/// of another pool, it does not wait if that would be a deadlock: if a worker of the dropped pool waits,
/// directly or through further pools, for the other pool to end. So pools whose tasks own each other end
/// too. The threads that are not joined end by themselves.
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
    /// Starts a pool with this number of threads.
    ///
    /// # Errors
    ///
    /// The system's error if a thread cannot be started. The threads that were already started are stopped and joined.
    ///
    /// # Panics
    ///
    /// If `threads` is zero.
    #[track_caller]
    pub fn new(threads: usize) -> io::Result<Self> {
        assert!(threads > 0, "Pool::new: `threads` is zero, and no thread would run the tasks");
        trace::record_if_asked();
        let (owned, remotes): (Vec<_>, Vec<_>) = (0..threads).map(|_| queue::queues()).unzip();
        let shared = Arc::new(Shared::new(remotes));
        let rescued: Arc<dyn Rescue> = Arc::clone(&shared) as _;
        register_pool(Arc::downgrade(&rescued));
        drop(rescued);
        record_value(Kind::PoolOpened, 0, Arc::as_ptr(&shared).addr(), threads as u64);
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

    /// Spawns a future onto the pool, and returns its handle. The task starts without being awaited.
    /// Dropping the handle detaches it.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (task, handle) = new_task(future, PoolScheduler::new(&self.shared), (), Location::caller());
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
        note(Kind::PoolClosed, 0, Arc::as_ptr(&self.shared).addr());
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
