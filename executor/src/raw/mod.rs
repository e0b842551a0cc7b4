//! One task, from the word that holds its state to the handle that takes its outcome.
//!
//! `state` the word, `header` what every task has, `waker` who wakes it, `list` where its scheduler
//! finds it when it must end, `cell` the allocation, `run` who polls it, `join_handle` who waits for it.

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
