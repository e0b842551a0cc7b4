//! Connecting by TCP: to the first of several addresses that accepts.
//!
//! An address may not reply at all: a firewall drops the packets, or IPv6 has no route. The system gives up
//! such an attempt after two minutes. If the addresses were tried strictly one after the other, a good one would
//! have to wait that long. If all were tried at once, each client would cost the server several connections.
//! So an attempt begins when the one before has failed, or after a quarter of a second, and the first that
//! succeeds cancels the others. This is "happy eyeballs", RFC 8305.
//!
//! ```text
//!   [2001:db8::1]:80 ──────────────────────────────── dropped
//!   192.0.2.1:80            250 ms ├──── connected ────┘
//! ```
//!
//! - H1  IPv6 and IPv4 addresses alternate: if one address does not reply, the others of its family seldom do.
//! - [no-self-connection]  A socket that is connected to itself is never returned: there is no server behind it.
//!
//! Called by `tcp` and `tcp_socket`. Next: `tcp_socket`.

use std::future::{Future, poll_fn};
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt;

use super::error::Failures;
use super::new_socket::new_tcp_socket;
use crate::async_io::Async;
use crate::shim::{fault, now};
use crate::time::{Sleep, sleep};

/// How long an attempt may take before the next address is tried beside it.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

type Attempt = Pin<Box<dyn Future<Output = io::Result<Async<TcpStream>>> + Send>>;

/// Returns the first connection that is established. Dropping the future closes all attempts.
///
/// # Errors
///
/// One error that lists the error of each address.
pub(super) async fn connect(mut addresses: impl Iterator<Item = SocketAddr>) -> io::Result<Async<TcpStream>> {
    let (first, second) = (addresses.next(), addresses.next());
    if let (Some(address), None) = (first, second) {
        // Most often: nothing to race against, and nothing to allocate.
        return connect_anew(address).await.map_err(|error| {
            let mut failures = Failures::new("connect");
            failures.add(address, error);
            failures.into_error()
        });
    }
    let mut race = Race {
        untried: take_turns(first.into_iter().chain(second).chain(addresses).collect()).into_iter(),
        under_way: Vec::new(),
        failures: Failures::new("connect"),
        next_attempt: sleep(ATTEMPT_DELAY),
    };
    poll_fn(|cx| race.poll(cx)).await
}

struct Race<I> {
    untried: I,
    under_way: Vec<(SocketAddr, Attempt)>,
    failures: Failures,
    next_attempt: Sleep,
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
                    || Pin::new(&mut self.next_attempt).poll(cx).is_ready());
            if next_is_due && let Some(address) = self.untried.next() {
                self.under_way.push((address, Box::pin(connect_anew(address))));
                self.next_attempt.reset(now() + ATTEMPT_DELAY);
            } else if self.under_way.is_empty() {
                let failures = mem::replace(&mut self.failures, Failures::new("connect"));
                return Poll::Ready(Err(failures.into_error()));
            } else {
                return Poll::Pending;
            }
        }
    }

    /// Polls each attempt, and removes those that have failed.
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

/// One attempt, at one address, with a new socket. Dropping the future closes the socket.
async fn connect_anew(address: SocketAddr) -> io::Result<Async<TcpStream>> {
    connect_to(new_tcp_socket(address)?, address).await
}

/// One attempt, at one address, with a socket that does not block. Dropping the future closes the socket.
pub(super) async fn connect_to(socket: OwnedFd, address: SocketAddr) -> io::Result<Async<TcpStream>> {
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => {}
        Err(error) => return Err(error.into()),
    }
    // Registered only now: before `connect` the system reports the socket as writable and hung up.
    let stream = Async::non_blocking(TcpStream::from(socket))?;
    stream.writable().await?;
    match stream.get_ref().take_error()? {
        Some(error) => Err(error),
        None if is_its_own_peer(stream.get_ref(), address.port()) && !fault("own_peer_accepted") => {
            // A reset keeps the port out of TIME_WAIT: the server may be about to bind it.
            sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
            Err(Errno::CONNREFUSED.into())
        }
        None => Ok(stream),
    }
}

/// Whether a socket is connected to itself, to this port [no-self-connection]. If no socket listens on a local port,
/// the system may choose that very port for our end. The socket then receives its own SYN, and TCP treats that as a
/// simultaneous open.
fn is_its_own_peer(stream: &TcpStream, port: u16) -> bool {
    // An error means that the peer has closed already, so it was another socket.
    match stream.local_addr() {
        Ok(local) if local.port() == port => stream.peer_addr().is_ok_and(|peer| peer.ip() == local.ip()),
        _ => false,
    }
}

/// Alternates between the families (H1), beginning with the first address's; each family keeps its order.
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
