//! Connections to the server: the first, and those after one that was lost.
//!
//! A server that is restarted is away for a moment, and then all its clients come at once. If each tried again
//! at once and all the time, they would be the flood that keeps it from starting. So a client waits before each
//! attempt. The longest wait is doubled each time, up to a limit, and the client waits for between a half and the whole
//! of it, at random. And if it read nothing meanwhile, Control-D would have no effect until the server is back.
//!
//! ```text
//!   lost ──▶ wait, attempt, wait, attempt ... ──▶ connected: first the joins, then what was typed
//!               │ meanwhile: read ahead
//!               └──▶ the input ends ──▶ nothing to send, or the grace period elapses: no connection
//! ```
//!
//! Used by `client`. Next: `client/output`.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::pin::pin;
use std::time::Duration;

use futures_lite::future;
use reactor::net::{TcpStream, ToSocketAddrs};
use reactor::time::{sleep, timeout};

use super::options::{Ended, Options};
use super::output::tell;
use super::session::Session;

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

/// Tells the user that the connection is lost, and why.
pub(super) fn report_loss(session: &Session, ended: &io::Result<Ended>) {
    let then = if session.ended.is_none() { ": reconnecting" } else { "" };
    match ended {
        Ok(_) => tell(format_args!("The connection is lost{then}.")),
        Err(error) => tell(format_args!("The connection is lost{then} ({error}).")),
    }
}

/// Connects again after the connection was lost, and queues the requests with which the client goes on where it was.
/// Returns `None` if the input has ended, and there is nothing to send, or no connection in the grace period. Dropped,
/// it loses no typed line, except with the session.
///
/// # Errors
///
/// The standard input fails.
pub(super) async fn connect_again(
    session: &mut Session,
    backoff: &mut Backoff,
    address: &impl ToSocketAddrs,
    options: &Options,
) -> io::Result<Option<TcpStream>> {
    if session.shared.heard.take() {
        *backoff = Backoff::new();
    }
    let again = backoff.connect(address, options.keepalive);
    let stream = typed_meanwhile(session, again, options.grace).await?;
    if stream.is_some() {
        session.go_on()?;
        tell(format_args!("Connected again."));
    }
    Ok(stream)
}

/// Waits for a connection, and reads meanwhile what is typed. Returns `None` if the input has ended, and there is
/// nothing to send, or no connection in the grace period.
async fn typed_meanwhile(
    session: &mut Session,
    connection: impl Future<Output = TcpStream>,
    grace: Duration,
) -> io::Result<Option<TcpStream>> {
    let mut connection = pin!(connection);
    let connected = async { Ok(connection.as_mut().await) };
    match future::or(connected, async { Err(session.read_ahead().await) }).await {
        Ok(stream) => Ok(Some(stream)),
        Err(ended) => {
            ended?;
            let left = if session.unsent.is_empty() { Duration::ZERO } else { session.left_of(grace) };
            Ok(timeout(left, connection).await.ok())
        }
    }
}

/// Returns the outcome if the input has ended, and no further connection was made.
pub(super) fn without_a_connection(unsent: usize) -> io::Result<Ended> {
    if unsent == 0 {
        return Ok(Ended::ByUser);
    }
    let what = format!("there is no connection: {unsent} bytes of requests were not sent");
    Err(io::Error::new(io::ErrorKind::NotConnected, what))
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
