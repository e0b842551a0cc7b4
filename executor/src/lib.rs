//! Runs futures: local tasks on their own thread, and tasks of a pool whose workers steal work from each other.
//!
//! ```text
//!   block_on ─┬─ polls its future                       spawn ──▶ pool: worker, worker, …
//!             ├─ local: this thread's tasks                         │ slot, deque, injector
//!             └─ driver: waits, or drives the reactor ◀─────────────┘
//! ```
//!
//! Programs use [`task`] to spawn futures and to wait for them, and [`sync`] for locks and channels. [`pool`]
//! makes pools besides the global one, [`metrics()`] returns counters, and [`trace`] records what happens. Sockets and timers are in the
//! crate `reactor`.
//!
//! ```
//! use executor::task;
//!
//! let sum = task::block_on(async {
//!     let here = task::spawn_local(async { 40 }); // stays on this thread
//!     let there = task::spawn(async { 2 }); // on any worker of the pool
//!     here.await + there.await
//! });
//! assert_eq!(sum, 42);
//! ```
//!
//! The reading order of the source, from a future to a work-stealing pool: `context`, then one task in
//! `raw_task` (`state`, `header`, `waker`, `cell`, `run`, `join_handle`), then the threads that run it:
//! `parker`, `roster`, `driver`, `local`, `block_on`, `yield_now`, `pool` (`queue`, `sleep`, `shared`, `worker`,
//! `task`). The rest: `task_id`, `driver::rescue`, `local::inbox`, `local::owner_state`, `raw_task::list`,
//! `raw_task::join_error`, `pool::end`, `pool::joining`, `pool::global`, `spawn_blocking`, `builder`, `metrics`,
//! [`trace`] (`format`, `encode`, `json`, `html`, `chrome`, `environment`; [`dump()`](dump()) with `live`, `seen`, `model`,
//! `parts`, `ids`, `stuck`, `strangers`, `ends`, `cycles`, `verdicts`, `report`, `phrases`, `words`; `watch`), `look` in `state` and in `pool`,
//! and [`sync`] (`mutex`, `oneshot`, `mpsc`, `broadcast`, `semaphore`, `rwlock`, `notify`, `watch`, `barrier`, `once_cell`,
//! `send_error`), which uses no other file of this crate.

mod block_on;
mod builder;
mod context;
mod driver;
mod local;
mod metrics;
#[cfg(all(test, loom))]
mod model;
pub mod pool;
mod raw_task;
mod spawn_blocking;
pub mod sync;
mod task_id;
pub mod trace;
mod yield_now;

pub use metrics::{Metrics, WorkerMetrics, metrics};
pub use trace::dump::{Dump, dump};

/// Tasks: spawning them, waiting for them, yielding.
pub mod task {
    pub use crate::block_on::block_on;
    pub use crate::builder::Builder;
    pub use crate::context::current;
    pub use crate::local::spawn_local;
    pub use crate::pool::global::spawn;
    pub use crate::raw_task::join_error::JoinError;
    pub use crate::raw_task::join_handle::JoinHandle;
    pub use crate::spawn_blocking::spawn_blocking;
    pub use crate::task_id::TaskId;
    pub use crate::yield_now::yield_now;
}
