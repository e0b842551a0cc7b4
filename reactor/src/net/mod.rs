//! Sockets: TCP, UDP and Unix, and the addresses that they bind and connect to.
//!
//! Every future here can be dropped while it waits: no byte, no datagram and no accepted connection is lost.
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
