//! Waits for the world.

pub mod budget;
pub mod shim;
