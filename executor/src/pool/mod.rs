//! The pool: a set of workers, what they share, and how it is closed.
//!
//! ```text
//!   spawn outside ──▶ injector ─┐        ┌── worker 0: slot, deque ──┐
//!   spawn inside  ──▶ own slot  ├──────▶ ├── worker 1: slot, deque ──┤ steal from each other
//!   wake by a socket ─▶ the slot┘        └── …                      ─┘
//! ```
//!
//! `queue` what a worker has, `sleep` who must be woken, `shared` what all see and how it ends, `worker`
//! the run loop, `task` how a task finds its way back, `global` the pool that `spawn` uses.
//!
//! Called by programs. Next: `queue`.

mod deque;
pub(crate) mod global;
mod queue;
mod shared;
mod sleep;
mod task;
mod worker;

use std::future::Future;
use std::io;
use std::sync::Arc;

use reactor::shim::thread::{self, JoinHandle as Thread};

use crate::raw::cell::Name;
use crate::raw::join_handle::JoinHandle;
use crate::raw::run::new_task;
use crate::seat::{self, Watched};
use shared::Shared;
use task::Pooled;

/// A pool of threads that run tasks, stealing work from each other.
///
/// Dropping it closes it: every task is cancelled, polls under way end, the futures are dropped, and
/// the threads are joined. Dropped from inside one of its own workers it does all but wait for that
/// one. A spawn on a closed pool answers a cancelled handle. What another thread is just waking, or taking
/// from behind a long poll, is dropped on that thread, perhaps a moment later.
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
    pub fn new(threads: usize) -> io::Result<Self> {
        assert!(threads > 0, "Pool::new: `threads` is zero, and nobody would run the tasks");
        let (owned, remotes): (Vec<_>, Vec<_>) = (0..threads).map(|_| queue::queues()).unzip();
        let shared = Arc::new(Shared::new(remotes));
        let watched: Arc<dyn Watched> = Arc::clone(&shared) as _;
        seat::watch_over(Arc::downgrade(&watched));
        drop(watched);
        let mut pool = Self { shared, threads: Vec::with_capacity(threads) };
        for (index, queues) in owned.into_iter().enumerate() {
            let shared = Arc::clone(&pool.shared);
            let worker = move || worker::main(shared, index, queues);
            match thread::Builder::new().name(format!("worker-{index}")).spawn(worker) {
                Ok(thread) => pool.threads.push(thread),
                Err(error) => {
                    (index..threads).for_each(|_| pool.shared.worker_ended());
                    return Err(io::Error::new(error.kind(), format!("start a worker thread: {error}")));
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
        self.spawn_named(future, ())
    }

    fn spawn_named<F, N>(&self, future: F, name: N) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
        N: Name,
    {
        let (task, handle) = new_task(future, Pooled::new(&self.shared), name);
        if let Err(task) = worker::push_here(Arc::as_ptr(&self.shared), task) {
            self.shared.inject(task);
        }
        JoinHandle::new(handle)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.close();
        for thread in self.threads.drain(..) {
            // A worker cannot wait for itself: it ends when it comes back to its loop.
            if thread.thread().id() != thread::current().id() {
                // A worker does not panic; if it did, there is nobody to tell here.
                let _ = thread.join();
            }
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}
