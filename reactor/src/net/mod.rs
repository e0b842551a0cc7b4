//! Sockets: TCP, UDP and Unix, and the addresses that they bind and connect to.
//!
//! Every operation here is safe to cancel: dropping its future loses no byte, no datagram and no connection.
//!
//! Next: `tcp`.

mod addr;
mod byte_stream;
mod closing;
mod connect;
mod error;
mod hangup;
mod keepalive;
mod lookup;
mod new_socket;
mod tcp;
mod udp;
mod unix;

pub use addr::{Resolve, ToSocketAddrs};
pub use lookup::{Addresses, LOOKUP_LIMIT};
pub use tcp::{TcpListener, TcpStream};
pub use udp::UdpSocket;
pub use unix::{UnixIncoming, UnixListener, UnixStream};
