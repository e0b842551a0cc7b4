//! Runs every example, and checks what it prints.
//!
//! An example checks its own results. These tests demand that it ends by itself, successfully, and prints
//! what the README promises. `cargo test` builds the examples first. Next: `programs`, with one test for
//! each.

mod programs;
mod run;
