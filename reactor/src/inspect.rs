//! What waits in the reactor, copied for a dump: which wakers wait for which sockets and timers.
//!
//! A program that hangs is asked what it waits for while it runs on. So the tables are read a few entries at a
//! time, and between them the thread yields, so that others may lock them: a turn under way is delayed by
//! microseconds.
//!
//! - V1  A descriptor is asked for its address under the lock of the table. A source leaves the table before its
//!   descriptor is closed [deregister-first], so the descriptor is that source's.
//!
//! Called by the executor's `trace::dump`. Next: `record`.
#![allow(unsafe_code, reason = "a source knows only the number of its descriptor")]

use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, RawFd};
use std::thread;

use rustix::net::{SocketAddrAny, SocketAddrUnix, getpeername, getsockname};

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

/// The caller holds the lock of the table. The address is put into words without it.
fn socket(source: &Source) -> (Socket, Option<End>) {
    // SAFETY: V1: it is open while the table is locked.
    let fd = unsafe { BorrowedFd::borrow_raw(source.fd) };
    let (readers, writers) = (wakers(&source.read), wakers(&source.write));
    (Socket { key: source.key, fd: source.fd, address: None, readers, writers }, end(fd))
}

fn wakers(direction: &Direction) -> Vec<usize> {
    let waiters = lock(&direction.waiters);
    let others = waiters.others.iter().flat_map(|others| others.polls.iter().chain(others.futures.iter()));
    waiters.first.iter().chain(others).map(|waker| waker.data().addr()).collect()
}

fn end(fd: BorrowedFd<'_>) -> Option<End> {
    let peer = getpeername(fd).ok().flatten().map(End::Peer);
    peer.or_else(|| getsockname(fd).ok().map(End::Own))
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
