//! Sockets.

mod addr;

pub use addr::{Addresses, Resolve, ToSocketAddrs};
