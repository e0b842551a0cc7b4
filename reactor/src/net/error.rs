//! One error for an operation that tried several addresses.
//!
//! Each address of a name can fail in its own way. To return the last error, as std does, can hide the cause:
//! on a machine without IPv6 "Cannot assign requested address" would hide that the server is not running. So
//! the error lists all of them. The one that explains most comes first, gives the kind, and is the source.
//!
//! Called by all that bind or connect by name. Next: `connect`.

use std::fmt::Write;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use crate::explain::reword;

/// The errors of one operation, one per address.
pub(super) struct Failures {
    operation: &'static str,
    met: Vec<(SocketAddr, io::Error)>,
}

impl Failures {
    pub(super) fn new(operation: &'static str) -> Self {
        Self { operation, met: Vec::new() }
    }

    pub(super) fn add(&mut self, address: SocketAddr, error: io::Error) {
        self.met.push((address, error));
    }

    /// One error for all. Of two that explain equally much the earlier comes first; the others keep their order.
    ///
    /// ```text
    /// connect 127.0.0.1:80: Connection refused (os error 111); [::1]:80: Network is unreachable (os error 101)
    /// ```
    pub(super) fn into_error(mut self) -> io::Error {
        let Some(first) = (0..self.met.len()).min_by_key(|&at| rank(&self.met[at].1)) else {
            return no_address();
        };
        let (address, error) = self.met.remove(first);
        let mut text = format!("{} {address}: {error}", self.operation);
        for (address, error) in self.met {
            write!(text, "; {address}: {error}").expect("writing to a String cannot fail");
        }
        reword(text, error)
    }
}

/// The smaller the rank, the more an error explains. First a refusal by the other machine, or an address in use;
/// then a missing permission, which a firewall may report too; then silence; then any other error; and last, that
/// this machine cannot reach addresses of that family.
fn rank(error: &io::Error) -> u8 {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::AddrInUse => 0,
        ErrorKind::PermissionDenied => 1,
        ErrorKind::TimedOut => 2,
        ErrorKind::AddrNotAvailable | ErrorKind::NetworkUnreachable => 4,
        _ if error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()) => 4,
        _ => 3,
    }
}

/// `addr` never returns an empty list; a user's implementation of `ToSocketAddrs` may.
pub(super) fn no_address() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "no address to try")
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use rustix::io::Errno;

    fn first_of(errors: &[Errno]) -> ErrorKind {
        let mut failures = Failures::new("connect");
        for (port, &error) in (1..).zip(errors) {
            failures.add(SocketAddr::from(([127, 0, 0, 1], port)), error.into());
        }
        failures.into_error().kind()
    }

    #[test]
    fn the_error_that_explains_most_gives_the_kind() {
        let telling = [
            (Errno::CONNREFUSED, ErrorKind::ConnectionRefused),
            (Errno::ACCESS, ErrorKind::PermissionDenied),
            (Errno::TIMEDOUT, ErrorKind::TimedOut),
            (Errno::HOSTUNREACH, ErrorKind::HostUnreachable),
            (Errno::NETUNREACH, ErrorKind::NetworkUnreachable),
        ];
        for (at, &(error, kind)) in telling.iter().enumerate() {
            for &(weaker, _) in &telling[at..] {
                assert_eq!(first_of(&[error, weaker]), kind);
                assert_eq!(first_of(&[weaker, error]), kind);
            }
        }
        assert_eq!(first_of(&[Errno::AFNOSUPPORT, Errno::ADDRINUSE]), ErrorKind::AddrInUse);
        assert_eq!(first_of(&[Errno::AFNOSUPPORT, Errno::HOSTUNREACH]), ErrorKind::HostUnreachable);
    }

    #[test]
    fn no_address_at_all_is_an_error() {
        assert_eq!(first_of(&[]), ErrorKind::InvalidInput);
    }
}
