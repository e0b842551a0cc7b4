//! Runs every example, and reads what it prints.
//!
//! An example checks its own results. Here it must end by itself, successfully, and say what the README
//! promises. `cargo test` builds the examples first; next are `programs`, one test each.

mod programs;
mod run;
