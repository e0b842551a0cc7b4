//! A new socket that does not block.
//!
//! std makes a socket only together with its connection or its address, and such a `connect` blocks. So the socket is
//! made here, with the two flags that every socket needs. Where the system can, one call makes the socket and sets
//! them. Between two calls another thread could start a program, which would inherit the descriptor. The same holds
//! for `accept`: std's makes a socket that blocks, and a second system call would have to change that.
//!
//! Called by all that make a socket before its connection, and by `tcp`. Next: `error`.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType};

/// Returns a socket that is closed on exec and does not block.
pub(super) fn new_socket(family: AddressFamily, kind: SocketType) -> io::Result<OwnedFd> {
    #[cfg(not(target_vendor = "apple"))]
    {
        use rustix::net::SocketFlags;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        Ok(rustix::net::socket_with(family, kind, flags, None)?)
    }
    #[cfg(target_vendor = "apple")]
    {
        let socket = rustix::net::socket(family, kind, None)?;
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        rustix::net::sockopt::set_socket_nosigpipe(&socket, true)?;
        Ok(socket)
    }
}

/// Accepts a connection, as a socket with the same flags, and the peer's address.
pub(super) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    #[cfg(not(target_vendor = "apple"))]
    {
        use rustix::net::SocketFlags;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (socket, from) = rustix::net::acceptfrom_with(listener, flags)?;
        let from = from.and_then(|from| SocketAddr::try_from(from).ok());
        let from = from.ok_or(io::ErrorKind::ConnectionAborted)?; // Some systems: the peer is gone already.
        Ok((TcpStream::from(socket), from))
    }
    #[cfg(target_vendor = "apple")]
    {
        let (socket, from) = listener.accept()?;
        socket.set_nonblocking(true)?;
        Ok((socket, from))
    }
}

/// Returns a TCP socket of the address's family.
pub(super) fn new_tcp_socket(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    new_socket(family, SocketType::STREAM)
}
