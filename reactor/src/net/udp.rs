//! UDP: datagrams.
//!
//! A [`UdpSocket`] is a counted reference to one descriptor. Clones share it, and each may send and receive
//! at the same time as the others. Two cases that std leaves to its caller are handled here: an address of
//! the wrong family in a list, and datagrams that were queued before the socket was connected.
//!
//! Called by programs. Next: `unix_connect`.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use crate::async_io::Async;
use crate::net::addr::{ToSocketAddrs, first_that_works};
use crate::net::error::no_address;
use crate::net::lookup::Addresses;

/// A UDP socket. A clone costs no descriptor; dropping the last one closes the socket.
///
/// A datagram goes to one receiver, whole or cut to its buffer.
///
/// Cancel-safe: a call whose future is dropped before it is ready has sent or received nothing.
///
/// ```
/// # executor::task::block_on(async {
/// use reactor::net::UdpSocket;
///
/// let receiver = UdpSocket::bind("127.0.0.1:0").await?;
/// let sender = UdpSocket::bind("127.0.0.1:0").await?;
/// sender.send_to(b"ping", receiver.local_addr()?).await?;
///
/// let mut buffer = [0; 16];
/// let (length, from) = receiver.recv_from(&mut buffer).await?;
/// assert_eq!((&buffer[..length], from), (&b"ping"[..], sender.local_addr()?));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct UdpSocket {
    pub(super) socket: Arc<Async<std::net::UdpSocket>>,
}

impl UdpSocket {
    /// Binds a socket to the first of these addresses that this machine has. An address that is in use ends the
    /// search, as for [`TcpListener::bind`](crate::net::TcpListener::bind).
    ///
    /// # Errors
    ///
    /// The error of the lookup; or one error that lists those of all addresses tried, and names the operation.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        let socket = first_that_works("bind", address, |address| {
            std::net::UdpSocket::bind(address).and_then(Async::new)
        });
        Ok(Self { socket: Arc::new(socket.await?) })
    }

    /// Sets the peer: [`send`](Self::send) sends to it, and [`recv`](Self::recv) receives only from it. The peer
    /// is the first of these addresses that the system accepts. Nothing is sent.
    ///
    /// Datagrams that others sent before the call may still be queued: `recv` drops them, and
    /// [`recv_from`](Self::recv_from) returns them with their sender.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind).
    ///
    /// ```
    /// # executor::task::block_on(async {
    /// use reactor::net::UdpSocket;
    ///
    /// let one = UdpSocket::bind("127.0.0.1:0").await?;
    /// let other = UdpSocket::bind("127.0.0.1:0").await?;
    /// one.connect(other.local_addr()?).await?;
    /// other.connect(one.local_addr()?).await?;
    /// assert_eq!(one.peer_addr()?, other.local_addr()?);
    ///
    /// one.send(b"ping").await?;
    /// let mut buffer = [0; 16];
    /// let length = other.recv(&mut buffer).await?;
    /// assert_eq!(&buffer[..length], b"ping");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub async fn connect(&self, address: impl ToSocketAddrs) -> io::Result<()> {
        first_that_works("connect", address, |address| self.socket.get_ref().connect(address)).await
    }

    /// Sends one datagram to the connected address, and returns its length.
    ///
    /// # Errors
    ///
    /// The system's: not connected, too long, or that the peer's machine refused an earlier datagram.
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.socket.write_with(|socket| socket.send(datagram)).await
    }

    /// Receives one datagram from the connected address, and returns its length. Bytes that do not fit in the
    /// buffer are cut off.
    ///
    /// # Errors
    ///
    /// The system's: for example, that the peer's machine refused an earlier datagram. A socket that is not
    /// connected gives no error: it receives from any sender.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.read_with(|socket| recv_from_peer(socket, buffer)).await
    }

    /// Sends one datagram to the first of these addresses that has this socket's family, and returns the
    /// datagram's length.
    ///
    /// # Errors
    ///
    /// The system's (too long, unreachable), or the error of the lookup.
    pub async fn send_to(&self, datagram: &[u8], address: impl ToSocketAddrs) -> io::Result<usize> {
        let address = match address.to_socket_addrs().await? {
            Addresses::One(address) => address,
            Addresses::Many(addresses) => {
                let is_v4 = self.local_addr()?.is_ipv4();
                // If none has this family, the system's error for the first says so.
                let first = addresses.as_slice().first().copied();
                addresses.into_iter().find(|address| address.is_ipv4() == is_v4).or(first)
            }
        };
        let address = address.ok_or_else(no_address)?;
        self.socket.write_with(|socket| socket.send_to(datagram, address)).await
    }

    /// Receives one datagram, and returns its length and its sender. Bytes that do not fit in the buffer are cut
    /// off.
    ///
    /// # Errors
    ///
    /// The system's: for example, that the machine of a connected peer refused an earlier datagram.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.read_with(|socket| socket.recv_from(buffer)).await
    }

    /// Receives a datagram as [`recv_from`](Self::recv_from) does, and leaves it in the queue: the next call gets
    /// it again.
    ///
    /// # Errors
    ///
    /// As for [`recv_from`](Self::recv_from).
    pub async fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.read_with(|socket| socket.peek_from(buffer)).await
    }

    /// Sends one datagram to the connected address, or returns `WouldBlock`; it never waits, and is not charged
    /// to the budget.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); `WouldBlock` if the system's buffer is full.
    ///
    /// ```
    /// # executor::task::block_on(async {
    /// use reactor::net::UdpSocket;
    ///
    /// let one = UdpSocket::bind("127.0.0.1:0").await?;
    /// let other = UdpSocket::bind("127.0.0.1:0").await?;
    /// one.connect(other.local_addr()?).await?;
    /// other.connect(one.local_addr()?).await?;
    /// one.try_send(b"ping")?;
    /// other.try_send_to(b"pong!", one.local_addr()?)?;
    ///
    /// let mut buffer = [0; 16];
    /// other.readable().await?;
    /// assert_eq!(other.try_recv(&mut buffer)?, 4);
    /// assert_eq!(one.peek_from(&mut buffer).await?, (5, other.local_addr()?));
    /// assert_eq!(one.try_recv_from(&mut buffer)?, (5, other.local_addr()?));
    /// assert!(one.try_recv(&mut buffer).is_err(), "nothing is there now");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn try_send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.socket.try_write_with(|socket| socket.send(datagram))
    }

    /// Receives a datagram that is there now, as [`recv`](Self::recv) does; it never waits.
    ///
    /// # Errors
    ///
    /// As for [`recv`](Self::recv); `WouldBlock` if none is there.
    pub fn try_recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.try_read_with(|socket| recv_from_peer(socket, buffer))
    }

    /// Sends one datagram to a numeric address, or returns `WouldBlock`; it never waits.
    ///
    /// # Errors
    ///
    /// As for [`send_to`](Self::send_to); `WouldBlock` if the system's buffer is full.
    pub fn try_send_to(&self, datagram: &[u8], address: SocketAddr) -> io::Result<usize> {
        self.socket.try_write_with(|socket| socket.send_to(datagram, address))
    }

    /// Receives a datagram that is there now, as [`recv_from`](Self::recv_from) does; it never waits.
    ///
    /// # Errors
    ///
    /// As for [`recv_from`](Self::recv_from); `WouldBlock` if none is there.
    pub fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.try_read_with(|socket| socket.recv_from(buffer))
    }

    /// Permits datagrams to the broadcast address (`SO_BROADCAST`). For multicast set the options on std's socket
    /// before it is adopted.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// ```
    /// # executor::task::block_on(async {
    /// let socket = reactor::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_broadcast(true)?;
    /// socket.set_ttl(2)?;
    /// assert!(socket.broadcast()? && socket.ttl()? == 2);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn set_broadcast(&self, permit: bool) -> io::Result<()> {
        self.socket.get_ref().set_broadcast(permit)
    }

    /// Returns whether datagrams to the broadcast address are permitted.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.socket.get_ref().broadcast()
    }

    /// Sets through how many routers a datagram may go (IPv4's time to live).
    ///
    /// # Errors
    ///
    /// The system's: for example, that the number is not between 1 and 255.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.get_ref().set_ttl(ttl)
    }

    /// Returns through how many routers a datagram may go.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.get_ref().ttl()
    }

    /// Returns the address to which this socket is bound, with the port that the system chose.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }

    /// Returns the address to which this socket is connected.
    ///
    /// # Errors
    ///
    /// The system's, if it is not connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().peer_addr()
    }
}

/// The system drops datagrams of other senders, except those queued before the connect.
fn recv_from_peer(socket: &std::net::UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        let (length, from) = socket.recv_from(buffer)?;
        match socket.peer_addr() {
            Ok(peer) if (peer.ip(), peer.port()) != (from.ip(), from.port()) => {}
            _ => return Ok(length),
        }
    }
}

impl AsFd for UdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

/// Adopts a socket, with all the options that std can set; it becomes non-blocking.
impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    fn try_from(socket: std::net::UdpSocket) -> io::Result<Self> {
        Ok(Self { socket: Arc::new(Async::new(socket)?) })
    }
}
