//! Unix addresses that are not paths: the abstract names of Linux.
//!
//! The file of a path outlives the service that made it, so the next one finds its address taken. Linux has names
//! of another kind, which are in no directory: they vanish with their socket. The price is that no permissions guard
//! them: every process of the network namespace may connect. `peer_cred` says who did.
//!
//! std expresses both kinds by its `SocketAddr`, so the functions here take that.
//!
//! Called by programs. Next: `unix_datagram`.

use std::fmt;
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::sync::Arc;

use rustix::net::SocketAddrUnix;

use super::unix::{UnixListener, UnixStream};
use super::unix_connect::connect;
use crate::budget;
use crate::explain::explain;

impl UnixListener {
    /// Listens at an address of std: a path, or on Linux an abstract name.
    ///
    /// # Errors
    ///
    /// The system's (the address is in use), with the operation and the address.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # executor::task::block_on(async {
    /// use reactor::net::{UnixListener, UnixStream};
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net::SocketAddr;
    ///
    /// let name = format!("names-example-{}", std::process::id());
    /// let address = SocketAddr::from_abstract_name(&name)?;
    /// let listener = UnixListener::bind_addr(&address)?;
    /// let near = UnixStream::connect_addr(&address).await?;
    /// listener.accept().await?;
    /// assert_eq!(near.peer_addr()?.as_abstract_name(), Some(name.as_bytes()));
    ///
    /// // The name goes with its listener: no file is left.
    /// drop(listener);
    /// let error = UnixStream::connect_addr(&address).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        let bound = net::UnixListener::bind_addr(address).and_then(Self::try_from);
        bound.map_err(|error| explain(format_args!("bind {}", Shown(address)), error))
    }
}

impl UnixStream {
    /// Connects to the listener at an address of std, as [`connect`](Self::connect) does.
    /// Cancel-safe: dropping the future closes its socket.
    ///
    /// # Errors
    ///
    /// The system's, with the operation and the address. An address without a name is `InvalidInput`.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<Self> {
        budget::take_one().await;
        let connecting = async { Ok(Self { socket: Arc::new(connect(&for_system(address)?).await?) }) };
        let connected: io::Result<Self> = connecting.await;
        connected.map_err(|error| explain(format_args!("connect {}", Shown(address)), error))
    }
}

/// The address as the system's calls take it.
fn for_system(address: &SocketAddr) -> io::Result<SocketAddrUnix> {
    if let Some(path) = address.as_pathname() {
        return Ok(SocketAddrUnix::new(path)?);
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = abstract_name(address) {
        return Ok(SocketAddrUnix::new_abstract_name(name)?);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "the address has no name"))
}

#[cfg(target_os = "linux")]
fn abstract_name(address: &SocketAddr) -> Option<&[u8]> {
    std::os::linux::net::SocketAddrExt::as_abstract_name(address)
}

#[cfg(target_os = "android")]
fn abstract_name(address: &SocketAddr) -> Option<&[u8]> {
    std::os::android::net::SocketAddrExt::as_abstract_name(address)
}

/// An address as an error shows it: a path as it is, an abstract name with an `@`, as `ss` shows it.
pub(super) struct Shown<'a>(pub(super) &'a SocketAddr);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.0.as_pathname() {
            return path.display().fmt(f);
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(name) = abstract_name(self.0) {
            return write!(f, "@{}", name.escape_ascii());
        }
        f.write_str("an address without a name")
    }
}
