//! Waits for the world.

pub mod blocking;
pub mod budget;
pub mod net;
pub mod shim;
mod unblock;
pub mod wait_list;
