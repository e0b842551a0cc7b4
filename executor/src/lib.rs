//! Runs futures: one thread's own, and a pool's that steal work from each other.
//!
//!   block_on ─┬─ polls its future                       spawn ──▶ pool: worker, worker, …
//!             ├─ local: this thread's tasks                         │ slot, deque, injector
//!             └─ park: waits, or drives the reactor ◀───────────────┘
//!
//! The reading order, from a future to a stealing pool: `context`, then one task in `raw` (`state`,
//! `cell`, `waker`, `list`, `runnable`, `join_handle`), then who runs it: `local`, `park`,
//! `block_on`, `yield_now`, `pool` (`queue`, `sleep`, `worker`). Side rooms: `spawn_blocking`,
//! `builder`, `metrics`, and [`sync`], which needs nothing of the rest.

mod block_on;
mod builder;
mod context;
mod local;
mod metrics;
mod park;
pub mod pool;
mod raw;
mod spawn_blocking;
pub mod sync;
mod yield_now;

pub use metrics::{Metrics, WorkerMetrics, metrics};

/// Tasks: spawning them, waiting for them, giving way.
pub mod task {
    pub use crate::block_on::block_on;
    pub use crate::builder::Builder;
    pub use crate::context::{TaskId, current};
    pub use crate::local::spawn_local;
    pub use crate::pool::spawn;
    pub use crate::raw::join_handle::{JoinError, JoinHandle};
    pub use crate::spawn_blocking::spawn_blocking;
    pub use crate::yield_now::yield_now;
}
