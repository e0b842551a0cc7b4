//! Runs futures: local tasks on their own thread, and tasks of a pool whose workers steal work from each other.
//!
//! ```text
//!   block_on ─┬─ polls its future                       spawn ──▶ pool: worker, worker, …
//!             ├─ local: this thread's tasks                         │ slot, deque, injector
//!             └─ driver: waits, or drives the reactor ◀─────────────┘
//! ```
//!
//! Programs use [`task`] to spawn futures and to wait for them, [`future`] to wait for several in one task, and
//! [`sync`] for locks and channels. [`pool`] makes pools besides the global one, [`metrics()`] returns counters, and
//! [`trace`] records what happens. Sockets and timers are in the crate `reactor`.
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
//! # Which trait do I need?
//!
//! Many methods are in traits, as std's `read` is in `std::io::Read`. They can be called where the trait is imported:
//!
//! | to call | on | import |
//! |---|---|---|
//! | `next`, `map`, `take`, `collect`, … | a stream: a channel's receiver, `incoming()`, `lines()`, `Signals`, `Interval` | `executor::stream::StreamExt` |
//! | `read`, `read_exact`, `read_to_end`, … | a socket, `Async`, `stdin()` | `reactor::io::AsyncReadExt` |
//! | `read_line`, `read_until`, `lines`, … | a `BufReader` around one of these | `reactor::io::AsyncBufReadExt` |
//! | `write_all`, `flush`, `close`, … | a socket, `Async`, a `BufWriter` | `reactor::io::AsyncWriteExt` |
//! | `boxed`, `catch_unwind`, … | any future | `executor::future::FutureExt` |
//! | `.await` | any future | nothing |
//!
//! `use reactor::io::prelude::*;` imports all that streams of bytes need, `next` on their lines included.
//!
//! They are the traits of futures-lite, futures-io and futures-core, and not copies of them: a library that is
//! written for these traits runs on this runtime. tokio's `AsyncRead` and `AsyncWrite` are different traits.
//!
//! ```
//! use executor::{stream::StreamExt, task};
//! use reactor::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//! use reactor::net::UnixStream;
//!
//! task::block_on(async {
//!     let (mut near, far) = UnixStream::pair()?;
//!     near.write_all(b"one\ntwo\n").await?; // AsyncWriteExt
//!     near.close().await?; // AsyncWriteExt
//!     let lines = BufReader::new(far).lines(); // AsyncBufReadExt
//!     let lines: Vec<String> = lines.try_collect().await?; // StreamExt
//!     assert_eq!(lines, ["one", "two"]);
//!     std::io::Result::Ok(())
//! })
//! # .unwrap();
//! ```
//!
//! # The source
//!
//! It is written to be read: from `context`, which says what a thread is polling, to `pool`, whose workers steal work
//! from each other. The head of each file names the next to read, and `docs/map.md` lists all files of the project.

// The reading order of the source, from a future to a work-stealing pool: `context`, then one task in
// `raw_task` (`state`, `header`, `waker`, `cell`, `run`, `join_handle`), then the threads that run it:
// `parker`, `roster`, `driver`, `local`, `block_on`, `yield_now`, `pool` (`queue`, `sleep`, `shared`, `worker`,
// `task`). The rest: `task_id`, `driver::rescue`, `local::inbox`, `local::owner_state`, `raw_task::list`,
// `raw_task::abort`, `raw_task::join_error`, `raw_task::state::look`, `pool::look`, `pool::deque`, `pool::pace`, `pool::end`,
// `pool::joining`, `pool::global`, `spawn_blocking`, `future`, `builder`, `join_set`, `metrics`, `trace` (`format`,
// `encode`, `json`, `html`, `chrome`, `environment`; `dump` with `live`, `seen`, `model`, `parts`, `ids`, `stuck`,
// `strangers`, `ends`, `cycles`, `verdicts`, `report`, `phrases`, `words`; `watch`), and `sync`, which uses no other file
// of this crate (`mutex`, `oneshot` with `recv_error`, `mpsc` with `state`, `room`, `sender`, `permit`, `receiver`,
// `unbounded`, `broadcast` with `ring`, `receiver`, `sender`; `closed`, `semaphore` with `error`, `permit`, `rwlock`,
// `notify`, `watch` with `state`, `sender`, `receiver`; `barrier`, `once_cell`, `send_error`). For tests: `cancel`.

mod block_on;
mod builder;
pub mod cancel;
mod context;
mod driver;
pub mod future;
mod join_set;
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

/// Streams: values that come one after the other, as those of an iterator, but with waiting in between.
///
/// Receivers of channels are streams, and so are `incoming()`, `lines()`, `Signals` and `Interval` in the crate
/// `reactor`. The traits and tools are those of futures-lite.
///
/// ```
/// use executor::stream::{StreamExt, iter};
/// use executor::task;
///
/// let mut numbers = iter(1..=3).map(|number| 10 * number);
/// assert_eq!(task::block_on(numbers.next()), Some(10));
/// assert_eq!(task::block_on(numbers.collect::<Vec<_>>()), [20, 30]);
/// ```
pub mod stream {
    pub use futures_lite::stream::{
        Boxed, BoxedLocal, Stream, StreamExt, empty, iter, once, once_future, pending, poll_fn, race, repeat,
        repeat_with, try_unfold, unfold,
    };
}

/// Tasks: spawning them, waiting for them, yielding.
pub mod task {
    pub use crate::block_on::block_on;
    pub use crate::builder::Builder;
    pub use crate::context::current;
    pub use crate::join_set::JoinSet;
    pub use crate::local::spawn_local;
    pub use crate::pool::global::spawn;
    pub use crate::raw_task::abort::{AbortHandle, AbortOnDrop};
    pub use crate::raw_task::join_error::JoinError;
    pub use crate::raw_task::join_handle::JoinHandle;
    pub use crate::spawn_blocking::spawn_blocking;
    pub use crate::task_id::TaskId;
    pub use crate::yield_now::yield_now;
}

/// The README's example, as a doc test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
