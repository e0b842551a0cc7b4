//! Keepalive: noticing a peer that has vanished without closing the connection.
//!
//! An idle TCP connection sends no packets. If the peer's machine loses its power or its network, or a router
//! on the way forgets the connection, this side receives nothing, and a read waits for ever. With keepalive the
//! system probes a silent peer. The system has three settings: the idle time, the time between two probes, and
//! the number of probes. They mean little apart, so one setting chooses all three here.
//!
//! Called by programs. Next: `hangup`.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;

use super::tcp::TcpStream;
use crate::shim::fault;

/// Probes without a reply before the peer is given up, if the idle time leaves a second for each.
const PROBES: u64 = 4;

impl TcpStream {
    /// Makes the system probe a peer that has been silent for `idle`; `None`, the default, means no probes.
    ///
    /// The system sends up to four probes, and gives up a peer that does not reply after about twice `idle`:
    /// reads and writes then fail with `TimedOut`. If the peer's machine replies, but no longer knows the
    /// connection, they fail with `ConnectionReset`. The system counts in whole seconds: `idle` is rounded up.
    ///
    /// The setting belongs to the connection, and so to all clones. It covers an idle connection. While sent
    /// bytes are unacknowledged the system does not probe but sends them again, until its own limit: on Linux
    /// about a quarter of an hour (`tcp_retries2`).
    ///
    /// # Errors
    ///
    /// The system's: for example, an idle time above its limit (Linux: 32,767 seconds).
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
        // Last: if the system refuses the time, keepalive stays on or off as it was.
        Ok(sockopt::set_socket_keepalive(self, idle.is_some() && !fault("keepalive_stays_off"))?)
    }

    /// Returns after how much silence the system probes the peer; `None` if it does not.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn keepalive(&self) -> io::Result<Option<Duration>> {
        if sockopt::socket_keepalive(self)? { Ok(Some(sockopt::tcp_keepidle(self)?)) } else { Ok(None) }
    }
}
