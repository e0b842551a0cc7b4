//! Waits for the world: sockets, timers, signals, blocking calls.
//!
//! ```text
//!   net, Async, signal         time              io::stdin, blocking
//!        │                      │                        │
//!     source ◀── events      timers                   threads
//!        └───────┐              │
//!              reactor: one turn waits for all of them, and collects the wakers
//!                │
//!              poller: epoll, kqueue
//! ```
//!
//! Programs use [`net`] for sockets, [`time`] for timers, [`io`] for standard input and the traits to read
//! and write with, [`signal`], and [`Async`] for any other descriptor:
//!
//! ```
//! use reactor::io::prelude::*;
//! use reactor::net::{TcpListener, TcpStream};
//!
//! executor::task::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let mut client = TcpStream::connect(listener.local_addr()?).await?;
//!     let (mut server, _address) = listener.accept().await?;
//!
//!     client.write_all(b"tea").await?;
//!     let mut said = [0; 3];
//!     server.read_exact(&mut said).await?;
//!     assert_eq!(&said, b"tea");
//!     std::io::Result::Ok(())
//! })
//! # .unwrap();
//! ```
//!
//! This crate wakes tasks through `std::task::Waker`, and runs none. (It records the events of both crates, so `record`
//! has names for what an executor does.) An executor calls [`turn`], and then [`wake_all`]; the
//! crate `executor` does, in `block_on` and in its pool. If only another executor runs, no thread calls
//! [`turn`]: no socket becomes ready, and no timer fires.
//!
//! After `fork` the child must not use what it has inherited: it shares the poller with its parent.
//!
//! # The source
//!
//! It is written to be read: from `poller`, which asks the system what is ready, to `net`. The head of each file names
//! the next to read, and `docs/map.md` lists all files of the project.

// The core path, in reading order: `poller`, `event`, `epoll`, `source`, `timers`, `clock`, `reactor`, `async_io`, then
// `net` (`tcp`). The rest of the source: `time`, `ticks`, `async_traits`, `try_io`, `net::byte_stream`, `net::split`,
// `net::udp`, `net::unix_connect`, `net::unix`, `net::unix_names`, `net::unix_datagram`, `net::peer_cred`,
// `net::readiness`, `net::std_sockets`, `net::addr`, `net::lookup`, `net::new_socket`, `net::error`, `net::connect`,
// `net::tcp_socket`, `net::closing`, `net::tcp_options`, `net::keepalive`, `net::hangup`, `heap`, `poll_wakers`,
// `threads`, `threads::queue`, `blocking`, `user_code`, `buf_reader`, `stdin`, `notes`, `signal`, `no_poller`, `malloc`,
// `kqueue`, `metrics`. Last come the files that the crate `executor` needs too: `shim`, `record` (`kind`, `ring`,
// `stamp`, `recording`, `reader`), `inspect`, `budget`, `trim`, `lazy_waker`, `wait_list`, `spin`, `explain`.

#![cfg_attr(loom, allow(dead_code, reason = "a model has a poller of its own"))]

mod async_io;
mod async_traits;
pub mod blocking;
pub mod budget;
mod buf_reader;
mod clock;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod epoll;
mod event;
#[doc(hidden)] // For the crates of this project.
pub mod explain;
mod heap;
#[doc(hidden)] // For the crates of this project.
pub mod inspect;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod kqueue;
mod lazy_waker;
mod malloc;
mod metrics;
pub mod net;
mod no_poller;
pub mod notes;
mod poll_wakers;
mod poller;
mod reactor;
#[doc(hidden)] // For the crates of this project.
pub mod record;
#[doc(hidden)] // For the crates of this project.
pub mod shim;
pub mod signal;
mod source;
#[doc(hidden)] // For the crates of this project.
pub mod spin;
mod stdin;
mod threads;
pub mod time;
mod timers;
#[doc(hidden)] // For the crates of this project.
pub mod trim;
mod try_io;
mod user_code;
pub mod wait_list;

pub use async_io::Async;
pub use async_traits::IoSafe;
pub use malloc::return_free_memory;
pub use metrics::{Metrics, metrics};
pub use reactor::{notify, turn};
pub use try_io::Interest;
pub use user_code::{contain_panic, wake_all};

/// Bytes in and out: standard input, and the traits and tools of futures-io.
pub mod io {
    pub use crate::buf_reader::BufReader;
    pub use crate::stdin::{Stdin, stdin};
    pub use futures_lite::io::{
        AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite,
        AsyncWriteExt, BufWriter, Cursor, Lines, copy, split,
    };
    pub use std::io::{Error, ErrorKind, Result};

    /// The traits, for `use reactor::io::prelude::*`. `StreamExt` is among them, for `lines().next()` and
    /// `incoming().next()`.
    pub mod prelude {
        pub use futures_lite::StreamExt as _;
        pub use futures_lite::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
        pub use futures_lite::io::{
            AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _,
        };
    }
}

/// The README's example, as a doc test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
