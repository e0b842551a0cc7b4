//! From std's sockets, and back to them.
//!
//! A socket may come from elsewhere: from a supervisor that has bound it, from a library that knows more options.
//! And it may have to leave, for code that blocks. To duplicate its descriptor would not do for that: both would
//! share one mode, and one that was made blocking again would stop the reactor's threads. So a socket leaves only
//! as a whole.
//!
//! Called by programs. Next: `addr`.

use std::io::{self, ErrorKind};
use std::net;
use std::os::fd::AsFd;
use std::os::unix::net as unix;
use std::sync::Arc;

use super::closing::Connection;
use super::tcp::{TcpListener, TcpStream};
use super::udp::UdpSocket;
use super::unix::{UnixListener, UnixStream};
use super::unix_datagram::UnixDatagram;
use crate::async_io::Async;

/// Implements both ways. `$into_std` takes the field `socket`.
macro_rules! std_socket {
    ($($socket:ident from $std:ty, by $into_std:expr;)*) => {$(
        impl $socket {
            /// Adopts a socket of std, as `TryFrom` does. It becomes non-blocking, and so do its duplicates.
            ///
            /// # Errors
            ///
            /// If the reactor cannot be created, or the system refuses to watch the socket, which is closed then.
            pub fn from_std(socket: $std) -> io::Result<Self> {
                Self::try_from(socket)
            }

            /// Returns the socket as std's. It stays non-blocking: call `set_nonblocking(false)` for calls that
            /// block.
            ///
            /// # Errors
            ///
            /// `ResourceBusy` if a clone of the socket is still in use, which keeps it then.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use reactor::net::UdpSocket;
            ///
            /// let socket = UdpSocket::from_std(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
            /// let address = socket.local_addr()?;
            /// let clone = socket.clone();
            /// assert_eq!(socket.into_std().unwrap_err().kind(), std::io::ErrorKind::ResourceBusy);
            /// let socket = clone.into_std()?;
            /// socket.set_nonblocking(false)?;
            /// assert_eq!(socket.local_addr()?, address);
            /// # Ok(())
            /// # }
            /// ```
            pub fn into_std(self) -> io::Result<$std> {
                $into_std(self.socket)
            }
        }
    )*};
}

std_socket! {
    TcpListener from net::TcpListener, by Async::into_inner;
    TcpStream from net::TcpStream, by connection;
    UdpSocket from net::UdpSocket, by shared;
    UnixListener from unix::UnixListener, by shared;
    UnixStream from unix::UnixStream, by shared;
    UnixDatagram from unix::UnixDatagram, by shared;
}

fn connection(socket: Arc<Connection>) -> io::Result<net::TcpStream> {
    alone(socket)?.into_std()
}

fn shared<T: AsFd>(socket: Arc<Async<T>>) -> io::Result<T> {
    alone(socket)?.into_inner()
}

/// What was shared, if this is the last reference to it.
fn alone<T>(socket: Arc<T>) -> io::Result<T> {
    let busy = || io::Error::new(ErrorKind::ResourceBusy, "a clone of the socket is still in use");
    Arc::into_inner(socket).ok_or_else(busy)
}
