//! A new socket that does not block.
//!
//! std makes a socket only together with its connection or its address, and such a `connect` blocks. So the socket is
//! made here, with the two flags that every socket needs. Where the system can, one call makes the socket and sets
//! them. Between two calls another thread could start a program, which would inherit the descriptor.
//!
//! Called by all that make a socket before its connection. Next: `error`.

use std::io;
use std::net::SocketAddr;
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

/// Returns a TCP socket of the address's family.
pub(super) fn new_tcp_socket(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    new_socket(family, SocketType::STREAM)
}
