//! Keepalive: noticing a peer that has vanished without a word.
//!
//! A connection that carries nothing sends nothing. If the peer's machine loses its power or its network, or
//! a router on the way forgets the connection, no packet tells: a read waits for ever. With keepalive the
//! system asks a silent peer whether it is still there. One setting stands for the system's three, which
//! mean little apart: the idle time, the time between two probes, and the number of probes.
//!
//! Called by programs. Next: `udp`.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;

use super::tcp::TcpStream;

/// Probes that may stay unanswered, where the idle time leaves a second for each.
const PROBES: u64 = 4;

impl TcpStream {
    /// Has the system probe a peer that has been silent for `idle`, or not (`None`, the default).
    ///
    /// A peer that does not answer the probes, of which there are up to four, is given up after about
    /// twice `idle`: reads and writes then fail with `TimedOut`. A peer whose machine answers, but does
    /// not know the connection any more, gives `ConnectionReset`. The system counts in seconds: `idle` is
    /// rounded up to the next one.
    ///
    /// The setting is the connection's, for all clones. It covers a connection at rest. While sent bytes
    /// are unacknowledged the system does not probe but sends them again, until its own limit: on Linux
    /// about a quarter of an hour (`tcp_retries2`).
    ///
    /// # Errors
    ///
    /// The system's: an idle time that is too long for it (Linux takes 32,767 seconds).
    ///
    /// ```
    /// use reactor::net::{TcpListener, TcpStream};
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// executor::task::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let stream = TcpStream::connect(listener.local_addr()?).await?;
    ///     assert_eq!(stream.keepalive()?, None);
    ///     stream.set_keepalive(Some(Duration::from_secs(60)))?;
    ///     assert_eq!(stream.keepalive()?, Some(Duration::from_secs(60)));
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn set_keepalive(&self, idle: Option<Duration>) -> io::Result<()> {
        if let Some(idle) = idle {
            let up = u64::from(idle.subsec_nanos() > 0);
            let idle = idle.as_secs().saturating_add(up).max(1);
            let probes = idle.min(PROBES);
            sockopt::set_tcp_keepidle(self, Duration::from_secs(idle))?;
            sockopt::set_tcp_keepintvl(self, Duration::from_secs(idle / probes))?;
            sockopt::set_tcp_keepcnt(self, probes as u32)?;
        }
        // Last: a time that the system refuses leaves it as it was.
        Ok(sockopt::set_socket_keepalive(self, idle.is_some())?)
    }

    /// After how much silence the system probes the peer; `None` if it does not.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn keepalive(&self) -> io::Result<Option<Duration>> {
        if sockopt::socket_keepalive(self)? { Ok(Some(sockopt::tcp_keepidle(self)?)) } else { Ok(None) }
    }
}
