//! Waits for the world.

pub mod budget;
pub mod shim;
pub mod wait_list;
