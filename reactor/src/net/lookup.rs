//! Looking up names: `getaddrinfo`, which blocks, on threads that do nothing else.
//!
//! A name server that does not reply holds its thread for as long as the system's resolver tries, many seconds.
//! With only a few threads, a few such names would stop the lookup of all others, even of `localhost`. So each
//! name has a thread, up to a high limit; and names that need no server have a few threads in reserve. A
//! resolver of our own would need no threads, but it would ignore how the machine is set up (nsswitch).
//!
//! ```text
//!   name ──▶ a thread of its own: getaddrinfo
//!     └─ all of them taken? ─▶ in the hosts file? ─▶ getaddrinfo, on one of a few other threads
//! ```
//!
//! - N1  The threads are not those of `blocking`: a full general pool stops no lookup.
//! - N2  A name in the hosts file does not wait for names that are not in it, however many these are.
//!
//! The hosts file only decides which threads look the name up. The addresses always come from the system, in
//! the order of its own configuration.
//!
//! Called by `addr`. Next: `new_socket`.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;
use std::vec;

use crate::blocking::{Threads, Unblock, unblock_on};

/// How many names are looked up at a time, each on a thread of its own. Further names wait, in order.
///
/// ```
/// assert_eq!(reactor::net::LOOKUP_LIMIT, 512);
/// ```
pub const LOOKUP_LIMIT: usize = 512;

/// Threads for names in the hosts file, used only while all of the others are taken.
const HOSTS_LIMIT: usize = 16;

const HOSTS: &str = "/etc/hosts";

/// How long an idle thread waits for work before it ends.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

static NAMES: LazyLock<Threads> =
    LazyLock::new(|| Threads::new("reactor-resolver", LOOKUP_LIMIT, KEEP_ALIVE));

static LISTED: LazyLock<Threads> = LazyLock::new(|| Threads::new("reactor-hosts", HOSTS_LIMIT, KEEP_ALIVE));

/// The addresses of one name, in the order in which to try them.
///
/// ```
/// use reactor::net::{Addresses, ToSocketAddrs};
///
/// let both = ["127.0.0.1:80".parse().unwrap(), "[::1]:80".parse().unwrap()];
/// let addresses: Addresses = futures_lite::future::block_on(both[..].to_socket_addrs()).unwrap();
/// assert_eq!(addresses.collect::<Vec<_>>(), both);
/// ```
#[derive(Debug, Clone)]
pub enum Addresses {
    /// At most one: a numeric address needs no allocation.
    One(Option<SocketAddr>),
    /// Several.
    Many(vec::IntoIter<SocketAddr>),
}

impl Iterator for Addresses {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        match self {
            Self::One(address) => address.take(),
            Self::Many(addresses) => addresses.next(),
        }
    }
}

/// Starts the lookup of a name.
pub(super) fn begin(host: &str, port: u16) -> Unblock<Addresses> {
    let name = host.to_owned();
    let unblock = unblock_on(&NAMES, move || look_up(&name, port));
    if unblock.waits_for_others() {
        let (name, listed) = (host.to_owned(), host.to_owned());
        unblock.or_on(&LISTED, move || is_local(&listed), move || look_up(&name, port)); // N2
    }
    unblock
}

/// Looks the name up by the system's resolver; blocks.
fn look_up(host: &str, port: u16) -> io::Result<Addresses> {
    let found: Vec<SocketAddr> = std::net::ToSocketAddrs::to_socket_addrs(&(host, port))?.collect();
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(Addresses::Many(found.into_iter()))
}

/// Whether the lookup needs no name server: the hosts file has the name, or it is an address with its interface.
fn is_local(host: &str) -> bool {
    if host.contains('%') {
        return true;
    }
    let text = fs::read(HOSTS).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .any(|line| names_of(line).any(|name| name.eq_ignore_ascii_case(host)))
}

/// The names on a line of the hosts file: the words after the address, up to a comment.
fn names_of(line: &str) -> impl Iterator<Item = &str> {
    let entry = line.split_once('#').map_or(line, |(entry, _)| entry);
    entry.split_ascii_whitespace().skip(1)
}
