//! The global pool: started on first use, so that a program can `spawn` without making a pool first.
//!
//! Without it each library that spawns would need a pool from its caller, or threads of its own.
//!
//! Its threads are never joined: it lives as long as the process. Next: `spawn_blocking`.

use std::future::Future;
use std::panic::Location;
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use reactor::notes;
use reactor::shim::lock_static;

use super::Pool;
use super::task::PoolScheduler;
use crate::raw_task::header::Runnable;
use crate::raw_task::join_handle::JoinHandle;
use crate::raw_task::run::new_task;

/// Spawns a future onto the global pool, and returns the task's handle.
///
/// The pool is started on first use. The environment variable `UNROLLED_THREADS` sets the number of its
/// threads; the default is the machine's available parallelism.
///
/// The task starts at once, without being awaited and without a `block_on`. Dropping the handle detaches
/// it. If no thread can be started at all, the task is cancelled, and the next spawn tries again.
///
/// ```
/// use executor::task;
///
/// let double = task::spawn(async { 21 * 2 });
/// assert_eq!(task::block_on(double), 42);
/// ```
#[inline]
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (pool, scheduler) = begin();
    let (task, handle) = new_task(future, scheduler, (), Location::caller());
    start(pool, task);
    JoinHandle::new(handle)
}

/// The global pool, if it can be started, and the scheduler of its tasks.
pub(crate) fn begin() -> (Option<&'static Pool>, PoolScheduler) {
    let pool = global();
    (pool, pool.map_or_else(PoolScheduler::nowhere, |pool| PoolScheduler::new(&pool.shared)))
}

/// Queues a new task.
pub(crate) fn start(pool: Option<&'static Pool>, task: Runnable) {
    match pool {
        Some(pool) => pool.start(task),
        None => drop(task),
    }
}

/// The global pool. Starts it, if it has not been started.
fn global() -> Option<&'static Pool> {
    static GLOBAL: OnceLock<Pool> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(pool) = GLOBAL.get() {
        return Some(pool);
    }
    let _one_at_a_time = lock_static(&STARTING);
    if let Some(pool) = GLOBAL.get() {
        return Some(pool);
    }
    let pool = Pool::new(default_threads()).or_else(|_| Pool::new(1)).ok()?;
    Some(GLOBAL.get_or_init(|| pool))
}

fn default_threads() -> usize {
    let available = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let Some(wanted) = std::env::var_os("UNROLLED_THREADS") else {
        return available;
    };
    match wanted.to_str().and_then(|text| text.trim().parse().ok()) {
        Some(threads @ 1..=MAX_THREADS) => threads,
        _ => {
            notes::stderr().tell(format_args!(
                "UNROLLED_THREADS is {wanted:?}, not a number from 1 to {MAX_THREADS}: using {available} threads"
            ));
            // The program may end at once, so this waits until the line is written: for REPORT_TIME at most, once.
            notes::stderr().flush(REPORT_TIME);
            available
        }
    }
}

/// More than enough, and far less than the two counts of `sleep` can hold.
const MAX_THREADS: usize = 4096;

/// How long the start of the pool waits until a bad `UNROLLED_THREADS` is reported.
const REPORT_TIME: Duration = Duration::from_millis(100);
