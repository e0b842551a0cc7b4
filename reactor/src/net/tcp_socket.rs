//! A TCP socket before it is connected, or listens.
//!
//! Some options work only if they are set before the handshake: a receive buffer decides how large a window it
//! offers, and the address of this end can be chosen only once. `TcpStream::connect` and `TcpListener::bind` make
//! the socket themselves, so no option can be set in time. Here the program makes the socket, and then turns it into
//! a stream or a listener.
//!
//! ```text
//!   new_v4, new_v6 ──▶ options, bind ──┬─ connect ──▶ TcpStream
//!                                      └─ listen ───▶ TcpListener
//! ```
//!
//! It takes one numeric address: a program that has chosen the family has chosen among the addresses of a name.
//!
//! Called by programs. Next: `closing`.

use std::io;
use std::net::{self, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::sockopt;
use rustix::net::{AddressFamily, SocketType};

use super::connect::connect_to;
use super::new_socket::new_socket;
use super::tcp::{TcpListener, TcpStream};
use crate::explain::explain;

/// A TCP socket that is neither connected nor listens yet. Dropping it closes it.
///
/// ```
/// use reactor::net::TcpSocket;
///
/// # fn main() -> std::io::Result<()> {
/// executor::task::block_on(async {
///     let socket = TcpSocket::new_v4()?;
///     socket.set_reuseaddr(true)?;
///     socket.bind("127.0.0.1:0".parse().unwrap())?;
///     let listener = socket.listen(16)?;
///
///     let socket = TcpSocket::new_v4()?;
///     socket.set_recv_buffer_size(64 * 1024)?;
///     socket.bind("127.0.0.1:0".parse().unwrap())?;
///     let chosen = socket.local_addr()?;
///     let stream = socket.connect(listener.local_addr()?).await?;
///     assert_eq!(stream.local_addr()?, chosen);
///     assert_eq!(listener.accept().await?.1, chosen);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct TcpSocket {
    socket: OwnedFd,
}

impl TcpSocket {
    /// Makes a socket for IPv4.
    ///
    /// # Errors
    ///
    /// The system's: for example, too many open descriptors.
    pub fn new_v4() -> io::Result<Self> {
        Ok(Self { socket: new_socket(AddressFamily::INET, SocketType::STREAM)? })
    }

    /// Makes a socket for IPv6.
    ///
    /// # Errors
    ///
    /// The system's: for example, that it has no IPv6.
    ///
    /// ```
    /// use reactor::net::TcpSocket;
    ///
    /// // A machine may have no IPv6.
    /// if let Ok(socket) = TcpSocket::new_v6() {
    ///     let error = socket.bind("127.0.0.1:0".parse().unwrap()).unwrap_err();
    ///     assert!(error.to_string().starts_with("bind 127.0.0.1:0: "));
    /// }
    /// ```
    pub fn new_v6() -> io::Result<Self> {
        Ok(Self { socket: new_socket(AddressFamily::INET6, SocketType::STREAM)? })
    }

    /// Allows binding an address that old connections still use (`SO_REUSEADDR`): a server that is started again
    /// need not wait until they are forgotten. [`TcpListener::bind`] always sets it.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_reuseaddr(&self, reuse: bool) -> io::Result<()> {
        Ok(sockopt::set_socket_reuseaddr(&self.socket, reuse)?)
    }

    /// Returns whether the address may be in use by old connections.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// ```
    /// let socket = reactor::net::TcpSocket::new_v4()?;
    /// assert!(!socket.reuseaddr()? && !socket.reuseport()?);
    /// socket.set_reuseaddr(true)?;
    /// socket.set_reuseport(true)?;
    /// assert!(socket.reuseaddr()? && socket.reuseport()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn reuseaddr(&self) -> io::Result<bool> {
        Ok(sockopt::socket_reuseaddr(&self.socket)?)
    }

    /// Allows several sockets of one user to listen on the same address, if each of them allows it
    /// (`SO_REUSEPORT`). Linux distributes the connections over them.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_reuseport(&self, reuse: bool) -> io::Result<()> {
        Ok(sockopt::set_socket_reuseport(&self.socket, reuse)?)
    }

    /// Returns whether other sockets may listen on the same address.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn reuseport(&self) -> io::Result<bool> {
        Ok(sockopt::socket_reuseport(&self.socket)?)
    }

    /// Asks for a send buffer of this size, in bytes (`SO_SNDBUF`). Linux doubles the number, for its own needs, and
    /// has a limit (`net.core.wmem_max`); without this call it adjusts the size itself.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        Ok(sockopt::set_socket_send_buffer_size(&self.socket, bytes)?)
    }

    /// Returns the size of the send buffer, as the system counts it.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// ```
    /// let socket = reactor::net::TcpSocket::new_v4()?;
    /// socket.set_send_buffer_size(40_000)?;
    /// socket.set_recv_buffer_size(50_000)?;
    /// assert!(socket.send_buffer_size()? >= 40_000 && socket.recv_buffer_size()? >= 50_000);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn send_buffer_size(&self) -> io::Result<usize> {
        Ok(sockopt::socket_send_buffer_size(&self.socket)?)
    }

    /// Asks for a receive buffer of this size, in bytes (`SO_RCVBUF`), as for
    /// [`set_send_buffer_size`](Self::set_send_buffer_size). A listener passes its size on to the connections
    /// that it accepts.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_recv_buffer_size(&self, bytes: usize) -> io::Result<()> {
        Ok(sockopt::set_socket_recv_buffer_size(&self.socket, bytes)?)
    }

    /// Returns the size of the receive buffer, as the system counts it.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn recv_buffer_size(&self) -> io::Result<usize> {
        Ok(sockopt::socket_recv_buffer_size(&self.socket)?)
    }

    /// Chooses the address of this end; with port 0 the system chooses the port.
    ///
    /// # Errors
    ///
    /// The system's (in use, not of this machine, of the other family), with the operation and the address.
    pub fn bind(&self, address: SocketAddr) -> io::Result<()> {
        rustix::net::bind(&self.socket, &address)
            .map_err(|error| explain(format_args!("bind {address}"), error.into()))
    }

    /// Returns the address of this end. Before it is bound, that is the unspecified address, with port 0.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(rustix::net::getsockname(&self.socket)?.try_into()?)
    }

    /// Connects. As for [`TcpStream::connect`], a socket that was connected to itself counts as refused.
    ///
    /// Cancel-safe: dropping the future closes the socket.
    ///
    /// # Errors
    ///
    /// The system's (refused, unreachable), with the operation and the address.
    pub async fn connect(self, address: SocketAddr) -> io::Result<TcpStream> {
        let connected = connect_to(self.socket, address).await;
        let connected = connected.map_err(|error| explain(format_args!("connect {address}"), error))?;
        Ok(TcpStream::new(connected))
    }

    /// Listens; up to `backlog` connections can wait to be accepted, or as many as the system allows. A socket
    /// that is not bound gets a port that the system chooses.
    ///
    /// # Errors
    ///
    /// The system's (another socket listens on the address), with the operation and the address.
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        let address = self.local_addr()?;
        rustix::net::listen(&self.socket, i32::try_from(backlog).unwrap_or(i32::MAX))
            .map_err(|error| explain(format_args!("listen {address}"), error.into()))?;
        TcpListener::try_from(net::TcpListener::from(self.socket))
    }
}

impl AsFd for TcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
