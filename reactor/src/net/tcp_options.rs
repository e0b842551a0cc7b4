//! Options of a TCP connection that few programs need. (Nagle's algorithm is in `tcp`, keepalive in `keepalive`.)
//!
//! They are the system's, with one difference: SO_LINGER. The system would make the close wait for the peer, and
//! a drop here never waits (see `closing`). So of the linger times only zero has an effect.
//!
//! Called by programs. Next: `keepalive`.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;

use super::tcp::{TcpListener, TcpStream};

impl TcpStream {
    /// Sets what happens to unsent bytes when the last clone is dropped. With a time of zero they are discarded,
    /// and the peer's next read fails with `ConnectionReset`. With `None`, the default, the system sends them
    /// after the drop. So it does with any other time: a drop never waits. (A socket from
    /// [`into_std`](Self::into_std) keeps the time.)
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// ```
    /// use reactor::io::AsyncReadExt;
    /// use reactor::net::{TcpListener, TcpStream};
    /// use std::{io::ErrorKind, time::Duration};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// executor::task::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let near = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (mut far, _) = listener.accept().await?;
    ///     near.set_linger(Some(Duration::ZERO))?;
    ///     assert_eq!(near.linger()?, Some(Duration::ZERO));
    ///     drop(near);
    ///     let error = far.read(&mut [0]).await.unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn set_linger(&self, time: Option<Duration>) -> io::Result<()> {
        Ok(sockopt::set_socket_linger(self, time)?)
    }

    /// Returns the linger time, in whole seconds.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        Ok(sockopt::socket_linger(self)?)
    }

    /// Sets through how many routers a packet may go (IPv4's time to live).
    ///
    /// # Errors
    ///
    /// The system's: for example, that the number is not between 1 and 255.
    ///
    /// ```
    /// use reactor::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// executor::task::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     listener.set_ttl(3)?;
    ///     let stream = TcpStream::connect(listener.local_addr()?).await?;
    ///     stream.set_ttl(2)?;
    ///     assert_eq!((listener.ttl()?, stream.ttl()?), (3, 2));
    ///     assert!(stream.set_ttl(0).is_err());
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.get_ref().set_ttl(ttl)
    }

    /// Returns through how many routers a packet may go.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.get_ref().ttl()
    }
}

impl TcpListener {
    /// Sets the time to live of the connections that it accepts from now on, as [`TcpStream::set_ttl`] does.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.get_ref().set_ttl(ttl)
    }

    /// Returns the time to live.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.get_ref().ttl()
    }
}
