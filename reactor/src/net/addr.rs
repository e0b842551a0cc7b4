//! Addresses: what `bind` and `connect` take, and how a name becomes numbers.
//!
//! Programs name a server by a text as often as by an address. std's trait calls `getaddrinfo` for a text,
//! which can block the thread, and every task on it, for many seconds. A call on another thread for each text
//! would be safe, but slow for the common case of a numeric address. So a numeric address is parsed at once,
//! and only a name goes to a thread (`lookup`).
//!
//! - A1  A numeric address starts no thread.
//! - A2  A [`Resolve`] borrows nothing: it may outlive the name that it was made from.
//! - A3  A list of addresses that this crate returns is never empty.
//!
//! Called by `tcp` and `udp`. Next: `lookup`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::lookup::{self, Addresses};
use crate::blocking::Unblock;
use crate::budget;
use crate::explain::explain;
use crate::net::error::Failures;

/// A value that can be turned into socket addresses, like std's trait of the same name; but looking up a name
/// does not block the calling thread.
///
/// A numeric address needs no thread, and waits for nothing. The system looks up names, up to
/// [`LOOKUP_LIMIT`](super::LOOKUP_LIMIT) at a time, on threads that do nothing else. While that many lookups
/// wait for name servers that do not reply, the next name waits until the system gives one of them up. A name
/// that the hosts file lists, such as `localhost`, does not wait for them.
///
/// ```
/// # use futures_lite::future::block_on;
/// use reactor::net::ToSocketAddrs;
///
/// let addresses: Vec<_> = block_on("127.0.0.1:80".to_socket_addrs()).unwrap().collect();
/// assert_eq!(addresses, ["127.0.0.1:80".parse().unwrap()]);
///
/// let error = block_on("localhost".to_socket_addrs()).unwrap_err();
/// assert_eq!(error.to_string(), "address localhost: missing port, as in localhost:80");
/// ```
pub trait ToSocketAddrs {
    /// Starts to resolve the addresses. Every error is returned by the future, also one that is known at once.
    fn to_socket_addrs(&self) -> Resolve;
}

/// Implements the trait for types that are a single address.
macro_rules! one_address {
    ($($form:ty),*) => {$(
        impl ToSocketAddrs for $form {
            fn to_socket_addrs(&self) -> Resolve {
                Resolve::one(SocketAddr::from(*self))
            }
        }
    )*};
}

one_address!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

impl ToSocketAddrs for [SocketAddr] {
    fn to_socket_addrs(&self) -> Resolve {
        if self.is_empty() {
            return Resolve::invalid("address", "[]", "the list is empty");
        }
        Resolve::Ready(Some(Ok(Addresses::Many(Vec::from(self).into_iter()))))
    }
}

impl ToSocketAddrs for str {
    fn to_socket_addrs(&self) -> Resolve {
        if let Ok(address) = self.parse() {
            return Resolve::one(address);
        }
        let Some((host, port)) = self.rsplit_once(':') else {
            return Resolve::invalid("address", self, "missing port, as in localhost:80");
        };
        let Ok(port) = port.parse() else {
            return Resolve::invalid("address", self, &format!("{port:?} is not a port number"));
        };
        if !host.contains(['[', ']']) {
            return resolve(host, port);
        }
        // An address in brackets that names no interface was parsed above.
        match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).and_then(scoped) {
            Some((ip, interface)) => resolve_scoped(ip, interface, port),
            None => Resolve::invalid("address", self, "only an IPv6 address may be in brackets"),
        }
    }
}

impl ToSocketAddrs for String {
    fn to_socket_addrs(&self) -> Resolve {
        self.as_str().to_socket_addrs()
    }
}

impl ToSocketAddrs for (&str, u16) {
    fn to_socket_addrs(&self) -> Resolve {
        resolve(self.0, self.1)
    }
}

impl ToSocketAddrs for (String, u16) {
    fn to_socket_addrs(&self) -> Resolve {
        resolve(&self.0, self.1)
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    fn to_socket_addrs(&self) -> Resolve {
        (**self).to_socket_addrs()
    }
}

/// The future of [`ToSocketAddrs::to_socket_addrs`].
///
/// Dropping it cancels a lookup that has not started. One that has started runs to its end on its own thread,
/// and its result is dropped.
///
/// ```
/// use reactor::net::{Resolve, ToSocketAddrs};
///
/// let resolve: Resolve = ("127.0.0.1", 80).to_socket_addrs();
/// assert!(matches!(resolve, Resolve::Ready(_)), "a number needs no lookup");
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub enum Resolve {
    /// Known without a lookup; `None` once it has been returned.
    Ready(Option<io::Result<Addresses>>),
    /// A name, being looked up.
    Lookup {
        /// The call of `getaddrinfo`, on another thread.
        call: Unblock<Addresses>,
        /// Named in the error.
        name: String,
    },
}

impl Resolve {
    fn one(address: SocketAddr) -> Self {
        Self::Ready(Some(Ok(Addresses::One(Some(address)))))
    }

    fn invalid(operation: &'static str, subject: &str, why: &str) -> Self {
        let error = io::Error::new(io::ErrorKind::InvalidInput, why);
        Self::Ready(Some(Err(explain(format_args!("{operation} {subject}"), error))))
    }
}

impl Future for Resolve {
    type Output = io::Result<Addresses>;

    /// # Panics
    ///
    /// If it is polled again after it has returned `Ready`.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(outcome) => {
                ready!(budget::poll_take_one(cx));
                Poll::Ready(outcome.take().expect("Resolve polled after it was ready"))
            }
            Self::Lookup { call, name } => {
                let found = ready!(Pin::new(call).poll(cx));
                Poll::Ready(found.map_err(|error| explain(format_args!("lookup {name}"), error)))
            }
        }
    }
}

/// Looks up the addresses of a name with its port, as [`ToSocketAddrs::to_socket_addrs`] does. A numeric address
/// needs no thread, and waits for nothing. Cancel-safe: dropping the future cancels a lookup that has not started.
///
/// ```
/// use reactor::net::lookup_host;
///
/// # fn main() -> std::io::Result<()> {
/// let mut found = executor::task::block_on(lookup_host("localhost:80"))?;
/// assert!(found.all(|address| address.ip().is_loopback() && address.port() == 80));
/// # Ok(())
/// # }
/// ```
pub fn lookup_host(host: impl ToSocketAddrs) -> Resolve {
    host.to_socket_addrs()
}

/// Tries one address after the other, and returns the first success. An address that is in use ends the search:
/// another address of the same name is no substitute for it.
///
/// # Errors
///
/// The error of the lookup, or one error that lists those of all addresses tried.
pub(crate) async fn first_that_works<T>(
    operation: &'static str,
    addresses: impl ToSocketAddrs,
    mut attempt: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let resolved = addresses.to_socket_addrs();
    let mut failures = Failures::new(operation);
    for address in resolved.await? {
        match attempt(address) {
            Ok(value) => return Ok(value),
            Err(error) => {
                let in_use = error.kind() == io::ErrorKind::AddrInUse;
                failures.add(address, error);
                if in_use {
                    break;
                }
            }
        }
    }
    Err(failures.into_error())
}

fn resolve(host: &str, port: u16) -> Resolve {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Resolve::one(SocketAddr::new(ip, port));
    }
    if let Some((ip, interface)) = scoped(host) {
        return resolve_scoped(ip, interface, port);
    }
    if host.is_empty() {
        return Resolve::invalid("address", &format!(":{port}"), "missing host, as in localhost:80");
    }
    look_up(host, port)
}

/// An IPv6 address and its interface, which has a name or a number: `fe80::1%eth0`.
fn scoped(host: &str) -> Option<(Ipv6Addr, &str)> {
    let (ip, interface) = host.split_once('%')?;
    Some((ip.parse().ok()?, interface))
}

fn resolve_scoped(ip: Ipv6Addr, interface: &str, port: u16) -> Resolve {
    match interface.parse() {
        Ok(number) => Resolve::one(SocketAddrV6::new(ip, port, 0, number).into()),
        Err(_) => resolve_interface(ip, interface, port),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn resolve_interface(ip: Ipv6Addr, interface: &str, port: u16) -> Resolve {
    use rustix::io::Errno;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, netdevice, socket_with};

    // The call needs a socket, of any kind.
    let number = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)
        .and_then(|socket| netdevice::name_to_index(socket, interface));
    let why = match number {
        Ok(number) => return Resolve::one(SocketAddrV6::new(ip, port, 0, number).into()),
        Err(Errno::NODEV) => "there is no such interface".to_owned(),
        Err(error) => error.to_string(),
    };
    Resolve::invalid("address", &format!("[{ip}%{interface}]:{port}"), &why)
}

/// On other systems only `getaddrinfo` gives the number without unsafe code. It asks no name server for that.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn resolve_interface(ip: Ipv6Addr, interface: &str, port: u16) -> Resolve {
    look_up(&format!("{ip}%{interface}"), port)
}

fn look_up(host: &str, port: u16) -> Resolve {
    Resolve::Lookup { call: lookup::begin(host, port), name: format!("{host}:{port}") }
}
