//! Connecting by TCP: to the first of several addresses that accepts.
//!
//! An address may not reply at all: a firewall drops the packets, or IPv6 is routed nowhere. The system gives
//! up such an attempt after two minutes. If the addresses were tried strictly one after the other, a good one
//! would have to wait that long; if all were tried at once, each client would cost the server several
//! connections. So an attempt begins when the one before has failed, or after a quarter of a second, and the
//! first that succeeds ends the others. This is "happy eyeballs", RFC 8305.
//!
//! ```text
//!   [2001:db8::1]:80 ──────────────────────────────── dropped
//!   192.0.2.1:80            250 ms ├──── connected ────┘
//! ```
//!
//! H1  The two families take turns: usually it is all the addresses of one family that do not reply.
//! H2  A connection whose two ends are one address is never handed out: it is no server's.
//!
//! Called by `tcp`. Next: `error`.

use std::future::{Future, poll_fn};
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt;

use super::error::Failures;
use super::new_socket::new_socket;
use crate::async_io::Async;
use crate::shim::now;
use crate::time::{Sleep, sleep};

/// Until the next address is tried, though the one before has not failed yet.
const PATIENCE: Duration = Duration::from_millis(250);

type Attempt = Pin<Box<dyn Future<Output = io::Result<Async<TcpStream>>> + Send>>;

/// The first connection that is established.
///
/// # Errors
///
/// The error of each address.
pub(super) async fn connect(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<Async<TcpStream>> {
    let mut race = Race {
        untried: take_turns(addresses.collect()).into_iter(),
        under_way: Vec::new(),
        failures: Failures::new("connect"),
        patience: sleep(PATIENCE),
    };
    poll_fn(|cx| race.poll(cx)).await
}

struct Race<I> {
    untried: I,
    under_way: Vec<(SocketAddr, Attempt)>,
    failures: Failures,
    patience: Sleep,
}

impl<I: ExactSizeIterator<Item = SocketAddr>> Race<I> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Async<TcpStream>>> {
        loop {
            let before = self.under_way.len();
            if let Some(connected) = self.poll_attempts(cx) {
                return Poll::Ready(Ok(connected));
            }
            let one_failed = self.under_way.len() < before;
            let next_is_due = self.untried.len() > 0
                && (self.under_way.is_empty()
                    || one_failed
                    || Pin::new(&mut self.patience).poll(cx).is_ready());
            if next_is_due && let Some(address) = self.untried.next() {
                self.under_way.push((address, Box::pin(connect_to(address))));
                self.patience.reset(now() + PATIENCE);
            } else if self.under_way.is_empty() {
                let failures = mem::replace(&mut self.failures, Failures::new("connect"));
                return Poll::Ready(Err(failures.into_error()));
            } else {
                return Poll::Pending;
            }
        }
    }

    /// Polls each attempt; those that have failed leave.
    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Option<Async<TcpStream>> {
        let mut at = 0;
        while let Some((address, attempt)) = self.under_way.get_mut(at) {
            match attempt.as_mut().poll(cx) {
                Poll::Pending => at += 1,
                Poll::Ready(Ok(connected)) => return Some(connected),
                Poll::Ready(Err(error)) => {
                    self.failures.add(*address, error);
                    drop(self.under_way.remove(at));
                }
            }
        }
        None
    }
}

/// One attempt.
async fn connect_to(address: SocketAddr) -> io::Result<Async<TcpStream>> {
    let socket = new_socket(address)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => {}
        Err(error) => return Err(error.into()),
    }
    // Registered only now: before `connect` the system calls it writable, and hung up.
    let stream = Async::new(TcpStream::from(socket))?;
    stream.writable().await?;
    match stream.get_ref().take_error()? {
        Some(error) => Err(error),
        None if is_its_own_peer(stream.get_ref()) => {
            // Closed by a reset, it leaves nothing at the port: the server may be about to take it.
            sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
            Err(Errno::CONNREFUSED.into())
        }
        None => Ok(stream),
    }
}

/// Whether a socket is connected to itself (H2). If nobody listens on a local port, the system may choose that
/// very port for our end. Then the socket's own SYN arrives at it: TCP takes that for a simultaneous open.
fn is_its_own_peer(stream: &TcpStream) -> bool {
    // An error: the peer has closed already, so it was another socket.
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(peer)) => (local.ip(), local.port()) == (peer.ip(), peer.port()),
        _ => false,
    }
}

/// Beginning with the first, an address of each family in turn (H1); each family keeps its order.
fn take_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv4) else { return addresses };
    let of_family =
        |is_first| addresses.iter().filter(move |address| (address.is_ipv4() == first) == is_first);
    let (mut ones, mut others) = (of_family(true), of_family(false));
    let turns = std::iter::repeat_with(|| [ones.next(), others.next()]);
    turns.take(addresses.len()).flatten().flatten().copied().collect()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let turns = |texts: &[&str]| take_turns(texts.iter().map(|text| address(text)).collect());
        let [a, b, c] = ["[::1]:1", "[::1]:2", "[::1]:3"];
        let [d, e] = ["0.0.0.0:1", "0.0.0.0:2"];
        for (given, tried) in [
            (vec![a, b, c, d, e], vec![a, d, b, e, c]),
            (vec![d, a, b], vec![d, a, b]),
            (vec![d, e, a], vec![d, a, e]),
            (vec![a, b, c], vec![a, b, c]),
            (vec![a], vec![a]),
            (vec![], vec![]),
        ] {
            assert_eq!(turns(&given), tried.into_iter().map(address).collect::<Vec<_>>());
        }
    }
}
