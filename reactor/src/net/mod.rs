//! Sockets: TCP, UDP and Unix, and the addresses that they bind and connect to.
//!
//! std's sockets block their thread, and look up names on it. These wait as futures. Every future here is cancel-safe: if
//! it is dropped while it waits, no byte, no datagram and no accepted connection is lost.
//!
//! ```text
//!   the sockets                     tcp, udp, unix, unix_datagram
//!   what several of them do         byte_stream, split, readiness
//!   finding an address that works   addr, lookup, connect, error
//!   options, and ends               tcp_socket, tcp_options, keepalive, hangup, closing, peer_cred
//!   making them                     new_socket, std_sockets, unix_connect, unix_names
//! ```
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
mod peer_cred;
mod readiness;
mod split;
mod std_sockets;
mod tcp;
mod tcp_options;
mod tcp_socket;
mod udp;
mod unix;
mod unix_connect;
mod unix_datagram;
mod unix_names;

pub use addr::{Resolve, ToSocketAddrs, lookup_host};
pub use lookup::{Addresses, LOOKUP_LIMIT};
pub use peer_cred::UCred;
pub use split::{Halves, ReadHalf, WriteHalf};
pub use tcp::{TcpListener, TcpStream};
pub use tcp_socket::TcpSocket;
pub use udp::UdpSocket;
pub use unix::{UnixIncoming, UnixListener, UnixStream};
pub use unix_datagram::UnixDatagram;
