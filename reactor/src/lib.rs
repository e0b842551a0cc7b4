//! Waits for the world.

pub mod blocking;
pub mod budget;
pub mod net;
pub mod shim;
mod stdin;
mod threads;

/// Standard input.
pub mod io {
    pub use crate::stdin::{Stdin, stdin};
}
