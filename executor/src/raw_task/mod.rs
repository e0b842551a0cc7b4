//! One task, from the word that holds its state to the handle that takes its outcome.
//!
//! The simple design is an `Arc` with the boxed future in a mutex, and a channel for the result. That is
//! three allocations for each task, and a lock for each poll. Here a task is one allocation and one atomic
//! word.
//!
//! ```text
//!   state         the word that says what state it is in
//!   header        what every task begins with, whatever its types
//!   waker         how it is woken
//!   cell          the one allocation that holds it
//!   run           polling it
//!   join_handle   waiting for its outcome; join_error: why there is none
//!   abort         ending it from elsewhere
//!   list          where its scheduler finds it, to cancel it
//! ```
//!
//! Used by `local`, `pool` and `spawn_blocking`. Next: `state`.

pub(crate) mod abort;
pub(crate) mod cell;
pub(crate) mod header;
pub(crate) mod join_error;
pub(crate) mod join_handle;
pub(crate) mod list;
#[cfg(all(test, loom))]
pub(crate) mod model;
pub(crate) mod run;
pub(crate) mod state;
pub(crate) mod waker;
