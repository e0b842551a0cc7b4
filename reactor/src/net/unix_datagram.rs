//! Unix datagrams: messages between processes of one machine.
//!
//! A Unix datagram is between UDP and a stream: it arrives whole, as in UDP, but in order and without loss, as in a
//! stream. So when the receiver's queue is full the sender has to wait; and there Linux has a trap.
//!
//! ```text
//!   connected      queue full ─▶ EAGAIN, and an event when the peer has read
//!   not connected  queue full ─▶ EAGAIN, and an event at once, from the failed attempt itself
//! ```
//!
//! - D1  Without a connection an event says nothing about the receiver. The failed attempt has allocated its datagram
//!   and freed it, and that is what the event reports. A sender that waited for events would try again without a
//!   pause. So `send_to` waits for none: it tries again after a pause, which grows.
//! - D2  On macOS and the BSDs a full queue is the error ENOBUFS at once, also for sockets that block. It is handed
//!   on: there is nothing to wait for.
//!
//! As with a listener, the path of a socket stays when the socket is dropped.
//!
//! Called by programs. Next: `peer_cred`.

use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rustix::net::{AddressFamily, SocketType};

use super::new_socket::new_socket;
use super::unix::{not_empty, shown};
use super::unix_connect::{FIRST_PAUSE, LONGEST_PAUSE};
use super::unix_names::Shown;
use crate::async_io::Async;
use crate::budget;
use crate::explain::explain;
use crate::time::sleep;

/// A socket for datagrams on this machine. A clone costs no descriptor; dropping the last one closes the socket,
/// and leaves its path where it is.
///
/// Cancel-safe: a call whose future is dropped before it is ready has sent or received nothing.
///
/// ```
/// # executor::task::block_on(async {
/// use reactor::net::UnixDatagram;
///
/// let path = std::env::temp_dir().join(format!("unix-datagram-{}", std::process::id()));
/// let receiver = UnixDatagram::bind(&path)?;
/// let sender = UnixDatagram::unbound()?;
/// sender.send_to(b"ping", &path).await?;
/// std::fs::remove_file(&path)?;
///
/// let mut buffer = [0; 16];
/// let (length, from) = receiver.recv_from(&mut buffer).await?;
/// assert_eq!(&buffer[..length], b"ping");
/// assert!(from.is_unnamed(), "it has no path to reply to");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct UnixDatagram {
    pub(super) socket: Arc<Async<net::UnixDatagram>>,
}

impl UnixDatagram {
    /// Makes a socket at `path`, which must not exist yet.
    ///
    /// # Errors
    ///
    /// The system's (the path exists, or cannot be created), with the operation and the path. An empty path is
    /// `InvalidInput`.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let bound = not_empty(path).and_then(net::UnixDatagram::bind).and_then(Self::try_from);
        bound.map_err(|error| explain(format_args!("bind {}", shown(path)), error))
    }

    /// Makes a socket at an address of std: a path, or on Linux an abstract name, which ends with the socket.
    ///
    /// # Errors
    ///
    /// The system's (the address is in use), with the operation and the address.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # executor::task::block_on(async {
    /// use reactor::net::UnixDatagram;
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net::SocketAddr;
    ///
    /// let name = SocketAddr::from_abstract_name(format!("datagrams-{}", std::process::id()))?;
    /// let receiver = UnixDatagram::bind_addr(&name)?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.connect_addr(&name)?;
    /// sender.send(b"tea").await?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(receiver.recv(&mut buffer).await?, 3);
    ///
    /// drop(receiver);
    /// assert!(sender.connect_addr(&name).is_err(), "the name is gone");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        let bound = net::UnixDatagram::bind_addr(address).and_then(Self::try_from);
        bound.map_err(|error| explain(format_args!("bind {}", Shown(address)), error))
    }

    /// Sets the peer, as [`connect`](Self::connect) does, from an address of std.
    ///
    /// # Errors
    ///
    /// The system's (no socket has this address), with the operation and the address.
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        let connected = self.socket.get_ref().connect_addr(address);
        connected.map_err(|error| explain(format_args!("connect {}", Shown(address)), error))
    }

    /// Makes a socket without a path: it can send, but nobody can reply, unless it is connected.
    ///
    /// # Errors
    ///
    /// The system's: for example, too many open descriptors.
    pub fn unbound() -> io::Result<Self> {
        Self::try_from(net::UnixDatagram::from(new_socket(AddressFamily::UNIX, SocketType::DGRAM)?))
    }

    /// Returns two sockets that are connected to each other.
    ///
    /// # Errors
    ///
    /// The system's: for example, too many open descriptors.
    ///
    /// ```
    /// # executor::task::block_on(async {
    /// use reactor::net::UnixDatagram;
    /// use std::net::Shutdown;
    ///
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"first").await?;
    /// assert_eq!(one.try_send(b"second")?, 6);
    /// let mut buffer = [0; 16];
    /// assert_eq!(other.recv(&mut buffer).await?, 5);
    /// assert_eq!(other.try_recv(&mut buffer)?, 6);
    /// assert!(other.try_recv_from(&mut buffer).is_err(), "nothing is there now");
    /// one.shutdown(Shutdown::Write)?;
    /// assert!(one.send(b"third").await.is_err());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((Self::try_from(one)?, Self::try_from(other)?))
    }

    /// Sets the peer: [`send`](Self::send) sends to it, and only it can send to this socket. Nothing is sent.
    ///
    /// # Errors
    ///
    /// The system's (there is no such path, no socket is bound to it), with the operation and the path.
    ///
    /// ```
    /// # executor::task::block_on(async {
    /// use reactor::net::UnixDatagram;
    ///
    /// let path = std::env::temp_dir().join(format!("unix-connected-{}", std::process::id()));
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// assert_eq!(sender.try_send_to(b"!", &path)?, 1);
    /// sender.connect(&path)?;
    /// std::fs::remove_file(&path)?;
    /// assert_eq!(sender.peer_addr()?.as_pathname(), receiver.local_addr()?.as_pathname());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let connected = not_empty(path).and_then(|path| self.socket.get_ref().connect(path));
        connected.map_err(|error| explain(format_args!("connect {}", shown(path)), error))
    }

    /// Sends one datagram to the peer, and returns its length. On Linux it waits while the peer's queue is full; on
    /// other systems that is an error (`ENOBUFS`).
    ///
    /// # Errors
    ///
    /// The system's: not connected, too long, or that the peer is gone.
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.socket.write_with(|socket| socket.send(datagram)).await
    }

    /// Receives one datagram, and returns its length. Bytes that do not fit in the buffer are cut off. Zero is an empty
    /// datagram; on systems other than Linux also the end, after a [`shutdown`](Self::shutdown) of the reading half.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.read_with(|socket| socket.recv(buffer)).await
    }

    /// Sends one datagram to the socket at `path`, and returns its length. On Linux it tries again while that socket's
    /// queue is full, after pauses of 1 to 50 milliseconds; a sender that often finds it full should
    /// [`connect`](Self::connect): then an event says when there is room. On other systems a full queue is an error
    /// (`ENOBUFS`).
    ///
    /// # Errors
    ///
    /// The system's: there is no such path, no socket is bound to it, the datagram is too long.
    pub async fn send_to(&self, datagram: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        budget::take_one().await;
        let path = path.as_ref();
        let mut pause = FIRST_PAUSE;
        loop {
            match self.try_send_to(datagram, path) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(pause).await, // D1
                outcome => return outcome,
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Receives one datagram, and returns its length and the sender's address, which often has no path. Bytes
    /// that do not fit in the buffer are cut off. A length of zero is as for [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.read_with(|socket| socket.recv_from(buffer)).await
    }

    /// Sends one datagram to the peer, or returns `WouldBlock`; it never waits.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); `WouldBlock` if the queue is full.
    pub fn try_send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.socket.try_write_with(|socket| socket.send(datagram))
    }

    /// Receives a datagram that is there now, as [`recv`](Self::recv) does; it never waits.
    ///
    /// # Errors
    ///
    /// The system's; `WouldBlock` if none is there.
    pub fn try_recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.try_read_with(|socket| socket.recv(buffer))
    }

    /// Sends one datagram to the socket at `path`, or returns `WouldBlock`; it never waits.
    ///
    /// # Errors
    ///
    /// As for [`send_to`](Self::send_to); `WouldBlock` if the queue is full. [`writable`](Self::writable) does not
    /// wait for room in it, unless the socket is connected.
    pub fn try_send_to(&self, datagram: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        self.socket.try_write_with(|socket| socket.send_to(datagram, path.as_ref()))
    }

    /// Receives a datagram that is there now, as [`recv_from`](Self::recv_from) does; it never waits.
    ///
    /// # Errors
    ///
    /// The system's; `WouldBlock` if none is there.
    pub fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.try_read_with(|socket| socket.recv_from(buffer))
    }

    /// Shuts down one half of the socket, or both, for all clones. After `Write` a send is an error here, and after
    /// `Read` at the peer. On Linux a [`recv`](Self::recv) that finds nothing still waits: it does not see an end.
    ///
    /// # Errors
    ///
    /// The system's: for example, that it is not connected.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.get_ref().shutdown(how)
    }

    /// Returns the address of this socket, which may have no path.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }

    /// Returns the address of the peer.
    ///
    /// # Errors
    ///
    /// The system's, if it is not connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().peer_addr()
    }
}

impl AsFd for UnixDatagram {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}

/// Adopts a socket; it becomes non-blocking.
impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    fn try_from(socket: net::UnixDatagram) -> io::Result<Self> {
        Ok(Self { socket: Arc::new(Async::new(socket)?) })
    }
}
