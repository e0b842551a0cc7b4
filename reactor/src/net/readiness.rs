//! Waiting for a socket without a transfer, and transferring without a wait: `try_io` for the sockets.
//!
//! Every socket is an `Async` around one of std's. `Async` has these operations as methods that take closures. But the
//! sockets do not show their `Async`, so that no program depends on it. So the operations are here again, as methods:
//! the waits in one macro for all sockets, the `try_` operations of the streams in another. Those of the datagram
//! sockets are with them.
//!
//! Called by programs. Next: `std_sockets`.

use std::io::{self, Read, Write};
use std::net::{self, SocketAddr};
use std::os::unix::net as unix;

use super::tcp::{TcpListener, TcpStream};
use super::udp::UdpSocket;
use super::unix::{UnixListener, UnixStream};
use super::unix_datagram::UnixDatagram;
use crate::try_io::Interest;

/// The waits. The socket has a field `socket` that dereferences to an `Async<..>`.
macro_rules! waits {
    ($($socket:ident),*) => {$(
        impl $socket {
            /// Waits until there is something to receive, or an end, or an error. The next `try_` operation may
            /// still return `WouldBlock`, if another task was faster.
            ///
            /// Cancel-safe: a future that is dropped leaves nothing behind.
            ///
            /// # Errors
            ///
            /// The socket's pending error, or the system's.
            pub async fn readable(&self) -> io::Result<()> {
                self.socket.readable().await
            }

            /// Waits until something can be sent, as [`readable`](Self::readable) does for receiving.
            ///
            /// # Errors
            ///
            /// As for [`readable`](Self::readable).
            pub async fn writable(&self) -> io::Result<()> {
                self.socket.writable().await
            }

            /// Waits until the socket is ready in one of the ways of `interest`, and returns in which, as
            /// [`Async::ready`](crate::Async::ready) does. Cancel-safe as [`readable`](Self::readable).
            ///
            /// # Errors
            ///
            /// As for [`readable`](Self::readable).
            pub async fn ready(&self, interest: Interest) -> io::Result<Interest> {
                self.socket.ready(interest).await
            }
        }
    )*};
}

waits!(TcpStream, UdpSocket, UnixStream, UnixDatagram);

/// The `try_` operations of a stream.
macro_rules! try_operations {
    ($($stream:ident),*) => {$(
        impl $stream {
            /// Reads what is there now, and returns how many bytes; it never waits. Zero means the end, or an
            /// empty buffer. It asks the system each time, and is not charged to the budget.
            ///
            /// # Errors
            ///
            /// The system's: `WouldBlock` if there is nothing to read now.
            ///
            /// ```
            /// # executor::task::block_on(async {
            /// use reactor::net::UnixStream;
            /// use std::io::ErrorKind;
            ///
            /// let (near, far) = UnixStream::pair()?;
            /// near.try_write(b"four")?;
            /// far.readable().await?;
            /// let mut bytes = [0; 8];
            /// assert_eq!(far.try_read(&mut bytes)?, 4);
            /// assert_eq!(far.try_read(&mut bytes).unwrap_err().kind(), ErrorKind::WouldBlock);
            /// # std::io::Result::Ok(())
            /// # }).unwrap();
            /// ```
            pub fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
                self.socket.try_read_with(|mut socket| socket.read(into))
            }

            /// Writes as many bytes as there is room for now, and returns their number; it never waits.
            ///
            /// # Errors
            ///
            /// The system's: `WouldBlock` if there is no room now.
            pub fn try_write(&self, from: &[u8]) -> io::Result<usize> {
                self.socket.try_write_with(|mut socket| socket.write(from))
            }
        }
    )*};
}

try_operations!(TcpStream, UnixStream);

impl TcpListener {
    /// Returns the next connection that waits to be accepted, with the peer's address; it never waits.
    ///
    /// # Errors
    ///
    /// The system's: `WouldBlock` if no connection waits.
    ///
    /// ```
    /// use reactor::net::TcpListener;
    /// use std::io::ErrorKind;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// executor::task::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     assert_eq!(listener.try_accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    ///     let near = std::net::TcpStream::connect(listener.local_addr()?)?;
    ///     assert_eq!(listener.try_accept()?.1, near.local_addr()?);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn try_accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (socket, from) = self.socket.try_read_with(net::TcpListener::accept)?;
        Ok((TcpStream::try_from(socket)?, from))
    }
}

impl UnixListener {
    /// Returns the next stream that waits to be accepted, as [`TcpListener::try_accept`] does.
    ///
    /// # Errors
    ///
    /// The system's: `WouldBlock` if no stream waits.
    pub fn try_accept(&self) -> io::Result<(UnixStream, unix::SocketAddr)> {
        let (stream, from) = self.socket.try_read_with(unix::UnixListener::accept)?;
        Ok((UnixStream::try_from(stream)?, from))
    }
}
