//! Runs futures.
