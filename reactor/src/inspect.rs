//! What waits in the reactor, copied for a dump: which wakers wait for which sockets and timers.
//!
//! A dump is taken while the program runs. So the tables are locked, and read, only a few entries at a
//! time. Between two such reads the thread yields, so that others may lock them: a turn under way is delayed by
//! microseconds.
//!
//! - V1  A descriptor is asked for its address under the lock of the table. A source leaves the table before its
//!   descriptor is closed [deregister-first], so the descriptor is that source's.
//! - V2  Memory safety does not depend on V1, which a leaked `Async` breaks if it borrows its descriptor. The system is
//!   asked about a number, whatever that names now: the worst that follows is an error, or another socket's address.
//!
//! Called by the executor's `trace::dump`. Next: `budget`.
#![allow(unsafe_code, reason = "a source knows only the number of its descriptor")]

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::thread;

use rustix::net::addr::{SocketAddrLen, SocketAddrStorage};
use rustix::net::{AddressFamily, SocketAddrAny, SocketAddrUnix};

use crate::clock::{CLOCK, moment};
use crate::reactor::REACTOR;
use crate::shim::{lock, now};
use crate::source::{Direction, Source};
use crate::timers::HEAP;

/// A source, and which wakers wait for it: the addresses that they carry.
///
/// ```
/// use reactor::inspect::{Socket, sockets};
///
/// let listening = reactor::net::TcpListener::try_from(std::net::TcpListener::bind("127.0.0.1:0")?)?;
/// let found: Vec<Socket> = sockets();
/// assert!(found.iter().any(|socket| socket.address.is_some()));
/// # drop(listening);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// The id that a recording has of it.
    pub key: usize,
    /// Its descriptor.
    pub fd: RawFd,
    /// The other side, or where it listens, if the system knows.
    pub address: Option<String>,
    /// Who waits to read.
    pub readers: Vec<usize>,
    /// Who waits to write.
    pub writers: Vec<usize>,
}

/// This many entries are read at a time.
const AT_A_TIME: usize = 64;

/// Returns every source.
#[must_use]
pub fn sockets() -> Vec<Socket> {
    let mut found = Vec::new();
    let Some(reactor) = REACTOR.get() else { return found };
    let mut from = 0;
    loop {
        let table = lock(&reactor.sources);
        let (to, end) = (from + AT_A_TIME, table.slots.capacity());
        let some: Vec<_> = (from..to.min(end))
            .filter_map(|index| table.slots.get(index))
            .map(|source| socket(source))
            .collect();
        drop(table);
        found.extend(some.into_iter().map(|(socket, end)| Socket { address: end.and_then(words), ..socket }));
        if to >= end {
            return found;
        }
        from = to;
        thread::yield_now();
    }
}

/// One end of a socket.
enum End {
    Peer(SocketAddrAny),
    Own(SocketAddrAny),
}

/// V1: the caller holds the lock of the table. The address is put into words without it.
fn socket(source: &Source) -> (Socket, Option<End>) {
    let (readers, writers) = (wakers(&source.read), wakers(&source.write));
    (Socket { key: source.key, fd: source.fd, address: None, readers, writers }, end(source.fd))
}

fn wakers(direction: &Direction) -> Vec<usize> {
    let waiters = lock(&direction.waiters);
    let others = waiters.others.iter().flat_map(|others| others.polls.iter().chain(others.futures.iter()));
    waiters.first.iter().chain(others).map(|waker| waker.data().addr()).collect()
}

fn end(fd: RawFd) -> Option<End> {
    let peer = name(getpeername, fd).map(End::Peer);
    peer.or_else(|| name(getsockname, fd).map(End::Own))
}

/// `getpeername` or `getsockname`.
type Ask = unsafe extern "C" fn(c_int, *mut c_void, *mut SocketAddrLen) -> c_int;

// SAFETY: POSIX declares them so. rustix has them too, but wants a descriptor that is open (V2).
unsafe extern "C" {
    fn getpeername(socket: c_int, address: *mut c_void, length: *mut SocketAddrLen) -> c_int;
    fn getsockname(socket: c_int, address: *mut c_void, length: *mut SocketAddrLen) -> c_int;
}

/// The address of one end of whatever has this number, if that is a socket and has one.
fn name(ask: Ask, fd: RawFd) -> Option<SocketAddrAny> {
    const SIZE: SocketAddrLen = size_of::<SocketAddrStorage>() as SocketAddrLen;
    let (mut address, mut length) = (MaybeUninit::<SocketAddrStorage>::uninit(), SIZE);
    // SAFETY: V2: `ask` takes any number. It writes `length`, and at most that many bytes of the address: both live.
    let result = unsafe { ask(fd, address.as_mut_ptr().cast(), &raw mut length) };
    // Where an end has no address, some systems return nothing, and others only the two bytes of the family.
    if result != 0 || !(2..=SIZE).contains(&length) {
        return None;
    }
    // SAFETY: V2: the system has written an address of this length.
    let address = unsafe { SocketAddrAny::new(address, length) };
    Some(address).filter(|address| address.address_family() != AddressFamily::UNSPEC)
}

fn words(end: End) -> Option<String> {
    Some(match end {
        End::Peer(address) => format!("peer {}", readable(address)?),
        End::Own(address) => format!("at {}", readable(address)?),
    })
}

fn readable(address: SocketAddrAny) -> Option<String> {
    if let Ok(address) = SocketAddr::try_from(address.clone()) {
        return Some(address.to_string());
    }
    let unix = SocketAddrUnix::try_from(address).ok()?;
    Some(
        unix.path()
            .map_or_else(|| "a socket without a name".to_owned(), |path| path.to_string_lossy().into()),
    )
}

/// A timer that has not fired, and the address that its waker carries.
///
/// ```
/// use reactor::inspect::{Timer, timers};
/// # use futures_lite::future::{block_on, poll_once};
///
/// let sleep = std::pin::pin!(reactor::time::sleep(std::time::Duration::from_secs(60)));
/// assert!(block_on(poll_once(sleep)).is_none());
/// let found: Vec<Timer> = timers();
/// # drop(found);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The id that a recording has of it.
    pub id: usize,
    /// In how many nanoseconds it is due; 0 if it is.
    pub left: u64,
    /// Who waits for it.
    pub waker: usize,
}

/// Returns every timer that has not fired.
#[must_use]
pub fn timers() -> Vec<Timer> {
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        let clock = lock(&CLOCK);
        let (now, timers) = (moment(now()), &clock.timers);
        let (to, end) = (from + AT_A_TIME, timers.slots.capacity());
        for slot in (from..to.min(end)).filter_map(|slot| timers.slots.get(slot)) {
            let (bucket, index) = slot.place;
            let entries = if bucket == HEAP { timers.near.as_slice() } else { &timers.wheel[bucket].entries };
            let (id, left) = (entries[index].sequence as usize, entries[index].deadline.saturating_sub(now));
            found.push(Timer { id, left, waker: slot.waker.data().addr() });
        }
        drop(clock);
        if to >= end {
            return found;
        }
        from = to;
        thread::yield_now();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn each_kind_of_end_has_its_name() -> std::io::Result<()> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let stream = std::net::TcpStream::connect(address)?;
        let (unnamed, _other) = UnixStream::pair()?;
        let file = std::fs::File::open("/dev/null")?;
        let shown = |fd| end(fd).and_then(words);
        assert_eq!(shown(listener.as_raw_fd()), Some(format!("at {address}")));
        assert_eq!(shown(stream.as_raw_fd()), Some(format!("peer {address}")));
        assert_eq!(shown(unnamed.as_raw_fd()), Some("peer a socket without a name".to_owned()));
        assert_eq!((shown(file.as_raw_fd()), shown(-1)), (None, None));
        Ok(())
    }

    /// V2. Where kqueue is used, `polling` would refuse the next descriptor of this number, which another test may get.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn a_leaked_borrow_is_listed_and_does_no_harm() {
        use crate::Async;
        let (stream, _other) = UnixStream::pair().unwrap();
        let fd = stream.as_raw_fd();
        let borrowing = Async::new(&stream).unwrap();
        let key = borrowing.source.key;
        std::mem::forget(borrowing);
        drop(stream);
        assert!(sockets().iter().any(|socket| (socket.key, socket.fd) == (key, fd)));
    }
}
