//! One task, from the word that holds its state to the handle that takes its outcome.
//!
//! `state` the word, `cell` the allocation, `waker` who wakes it, `runnable` who polls it,
//! `join_handle` who waits for it, `list` where its scheduler finds it when it must end.

pub(crate) mod cell;
pub(crate) mod join_handle;
pub(crate) mod list;
pub(crate) mod runnable;
pub(crate) mod state;
pub(crate) mod waker;
