//! One task, from the word that holds its state to the handle that takes its outcome.
//!
//! ```text
//!   state         the word that says what state it is in
//!   header        what every task begins with
//!   waker         how it is woken
//!   cell          the one allocation that holds it
//!   run           polling it
//!   join_handle   waiting for its outcome; join_error: why there is none
//!   list          where its scheduler finds it when it must end
//! ```
//!
//! Used by `local`, `pool` and `spawn_blocking`. Next: `state`.

pub(crate) mod cell;
pub(crate) mod header;
pub(crate) mod join_error;
pub(crate) mod join_handle;
pub(crate) mod list;
#[cfg(all(test, loom))]
mod model;
pub(crate) mod run;
pub(crate) mod state;
pub(crate) mod waker;
