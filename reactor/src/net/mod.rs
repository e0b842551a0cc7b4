//! Sockets.

mod addr;
mod stream;
mod tcp;

pub use addr::{Addresses, Resolve, ToSocketAddrs};
pub use tcp::{TcpListener, TcpStream};
