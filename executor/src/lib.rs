//! Runs futures.

pub mod sync;
