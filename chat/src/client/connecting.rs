//! Connections to the server: the first, and those after one that was lost.
//!
//! A server that is restarted is away for a moment, and then all its clients come at once. If each tried again
//! at once and all the time, they would be the flood that keeps it from starting. So a client waits before
//! each attempt, twice as long as before the last, up to a limit, and a random part of it: then they come
//! apart from each other.
//!
//! Used by `client`. Next: `client/session`.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::time::Duration;

use reactor::net::{TcpStream, ToSocketAddrs};
use reactor::time::{sleep, timeout};

/// The wait before the first attempt, and the longest.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// An attempt that takes longer is given up.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Connects, with the options that each of the client's connections has.
pub(super) async fn connect(
    address: &impl ToSocketAddrs,
    keepalive: Option<Duration>,
) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    notice_a_vanished_server(&stream, keepalive)?;
    Ok(stream)
}

/// Without this an idle client waits for ever for a server whose machine or network has gone.
fn notice_a_vanished_server(stream: &TcpStream, keepalive: Option<Duration>) -> io::Result<()> {
    stream.set_keepalive(keepalive)?;
    // Keepalive asks only if nothing is in flight. Bytes in flight are sent again, by default for a quarter
    // of an hour.
    #[cfg(target_os = "linux")]
    if let Some(idle) = keepalive {
        let limit = u32::try_from(2 * idle.as_millis()).unwrap_or(u32::MAX);
        rustix::net::sockopt::set_tcp_user_timeout(stream, limit)?;
    }
    Ok(())
}

/// The waits between attempts.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: SHORTEST }
    }

    /// Tries until there is a connection.
    pub(super) async fn connect(
        &mut self,
        address: &impl ToSocketAddrs,
        keepalive: Option<Duration>,
    ) -> TcpStream {
        loop {
            sleep(self.wait(RandomState::new().hash_one(0))).await;
            if let Ok(Ok(stream)) = timeout(ATTEMPT, connect(address, keepalive)).await {
                return stream;
            }
        }
    }

    /// Returns how long to wait before this attempt: between a half and the whole of its limit.
    fn wait(&mut self, random: u64) -> Duration {
        let limit = self.next;
        self.next = (2 * limit).min(LONGEST);
        let part = u32::try_from(random % 1024).unwrap_or(0);
        limit / 2 + limit / 2 * part / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_double_up_to_the_longest_and_are_apart() {
        for random in [0, 1, 511, 1023, u64::MAX] {
            let mut backoff = Backoff::new();
            let mut limit = SHORTEST;
            for _ in 0..20 {
                let wait = backoff.wait(random);
                assert!(limit / 2 <= wait && wait <= limit, "{wait:?} of {limit:?}");
                limit = (limit * 2).min(LONGEST);
            }
        }
    }
}
