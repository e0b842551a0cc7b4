//! What a connection holds, and how it ends.
//!
//! To drop everything at the end would be simple and wrong in four ways. Subscription tasks would run on.
//! Groups without members would stay in the table. A line would be cut off in its middle. And the kernel
//! resets a connection that is closed with unread bytes, and then the client may lose the last reply before
//! it has read it. So the end has an order.
//!
//! ```text
//!   no more requests ──▶ receive: deliver for the grace period, or until the peer is gone ──┐
//!   refused, asked to stop ─────────────────────────────────────────────────────────────────┴─▶ close
//!
//!   close:  wait for the line under way ──▶ end the subscription tasks ──▶ leave the groups
//!              ──▶ shut down the writing half ──▶ read and discard what the client still sends, for a moment
//! ```
//!
//! - E1  However the connection ends, its subscription tasks have ended, and it has left its groups, before its
//!   task ends: nothing of a departed client stays.
//! - E2  The subscription tasks are cancelled between two lines, unless the client does not read the line.
//! - E3  A reply that is being written when the reading ends is written to its end, so a stop does not cut it off.
//! - E4  A client that was refused, or has closed its half, is disconnected after the grace period (and the
//!   lingering), whether or not it reads: the connection notices the half-close also while a reply waits, and while a
//!   join waits for a log that cannot be read.
//!
//! Used by `connection`. Next: `connection`.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use executor::task::JoinHandle;
use futures_lite::future;
use reactor::time::timeout;

use super::common::Common;
use super::inbound::Inbound;
use super::outbound::Outbound;
use super::posted::{Posted, Until};
use super::stream::Stream;

/// How long a client's last bytes are read and discarded, so that they do not reset the connection before the
/// client has read all that was written. Also how long a closing connection waits for a line that is being
/// written.
const LINGER: Duration = Duration::from_secs(if cfg!(test) { 30 } else { 1 });

/// Why a connection stops reading requests, or delivering lines.
pub(super) enum End {
    /// The client has closed its half. It may still receive.
    NoMoreRequests,
    /// The client broke a rule, and has been sent an error.
    Refused,
    /// The grace period has elapsed.
    GraceOver,
    /// The connection is broken.
    Gone,
    /// The server stops.
    Stopping,
}

/// What a connection holds until its end.
pub(super) struct Session {
    stream: Stream,
    pub(super) outbound: Arc<Outbound>,
    pub(super) common: Arc<Common>,
    /// The memberships by the name of the group.
    pub(super) memberships: HashMap<Arc<str>, Membership>,
    /// The posts whose outcome is not known yet.
    pub(super) posted: Posted,
    /// The replies that are being written.
    reply: Option<Reply>,
    /// The replies that are to be written after them.
    pub(super) unsent: Vec<u8>,
    /// When the client was refused, or was seen to have closed its half: the start of the grace period.
    pub(super) closed: Option<Instant>,
}

/// Boxed: few connections ever need it, and otherwise each would be larger by it.
type Reply = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The task that delivers a group's lines to this connection; `None` once it has ended.
pub(super) struct Membership(pub(super) Option<JoinHandle<()>>);

impl Drop for Membership {
    /// A task is left to abort only if the connection's own task was dropped unfinished, with its pool.
    fn drop(&mut self) {
        if let Some(delivery) = &self.0 {
            delivery.abort();
        }
    }
}

impl Session {
    pub(super) fn new(stream: Stream, common: Arc<Common>) -> Self {
        Self {
            outbound: Arc::new(Outbound::new(stream.clone())),
            stream,
            common,
            memberships: HashMap::new(),
            posted: Posted::default(),
            reply: None,
            unsent: Vec::new(),
            closed: None,
        }
    }

    /// Waits until the replies are written. Once the client has closed its half, before the call or during
    /// it, it waits no longer than the grace period (E4). Cancel-safe.
    ///
    /// # Errors
    ///
    /// `Gone`: the connection has failed. `GraceOver`: the grace period has elapsed.
    pub(super) async fn replies_written(&mut self) -> Result<(), End> {
        if self.reply.is_none() && self.unsent.is_empty() {
            return Ok(());
        }
        if let Some(written) = future::poll_once(poll_fn(|cx| self.poll_replies_written(cx))).await {
            return written.map_err(|_| End::Gone);
        }
        // Boxed: few connections ever need it, and otherwise each would be larger by it.
        Box::pin(self.in_time(Self::poll_replies_written)).await?.map_err(|_| End::Gone)
    }

    /// Calls `poll` until it is ready. Once the client has closed its half, before the call or during it, this waits no
    /// longer than the grace period (E4). Cancel-safe if `poll` is.
    ///
    /// # Errors
    ///
    /// `Gone`: the connection is over in both directions. `GraceOver`: the grace period has elapsed.
    pub(super) async fn in_time<T>(
        &mut self,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<T>,
    ) -> Result<T, End> {
        let stream = self.stream.clone();
        if self.closed.is_none() {
            let done = async { Some(poll_fn(|cx| poll(self, cx)).await) };
            let closed = async {
                // It fails only if the system cannot tell whether the half is closed. Then the grace period
                // starts now.
                let _ = stream.read_closed().await;
                None
            };
            if let Some(done) = future::or(done, closed).await {
                return Ok(done);
            }
        }
        let left = self.grace_left();
        let done = async { Ok(poll_fn(|cx| poll(self, cx)).await) };
        let gone = async { Err(gone(&stream).await) };
        timeout(left, future::or(done, gone)).await.unwrap_or(Err(End::GraceOver))
    }

    /// Returns what is left of the grace period, which starts now if it has not started.
    fn grace_left(&mut self) -> Duration {
        let closed = self.closed.get_or_insert_with(Instant::now);
        self.common.options.grace.saturating_sub(closed.elapsed())
    }

    /// Waits for the posts that are in the log. The replies to those that failed are queued. Cancel-safe.
    pub(super) async fn posts(&mut self, until: Until) {
        poll_fn(|cx| self.posted.poll(cx, until, &mut self.unsent)).await;
    }

    /// The same as [`poll_replies_written`](Self::poll_replies_written), after it has taken the outcomes of
    /// posts that are known.
    pub(super) fn poll_replies(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = self.posted.poll(cx, Until::AllKnown, &mut self.unsent);
        self.poll_replies_written(cx)
    }

    /// Ready when all replies are written, or one has failed.
    pub(super) fn poll_replies_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Some(reply) = &mut self.reply {
                let written = ready!(reply.as_mut().poll(cx));
                self.reply = None;
                written?;
            }
            if self.unsent.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let (outbound, lines) = (self.outbound.clone(), std::mem::take(&mut self.unsent));
            self.reply = Some(Box::pin(async move { outbound.send_lines(&lines).await }));
        }
    }

    /// Goes on delivering to a client that has closed its half, until the connection has ended or the grace
    /// period has elapsed.
    pub(super) async fn receive(&mut self) -> End {
        self.grace_left();
        if let Err(end) = self.replies_written().await {
            return end;
        }
        if self.memberships.is_empty() {
            return End::GraceOver;
        }
        let left = self.grace_left();
        timeout(left, gone(&self.stream)).await.unwrap_or(End::GraceOver)
    }

    /// Ready when the replies, and all lines of the groups for the client, are written or have failed.
    fn poll_all_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let settled = self.posted.poll(cx, Until::AllKnown, &mut self.unsent);
        let mut all = self.poll_replies_written(cx).map(drop);
        if settled.is_pending() {
            all = Poll::Pending;
        }
        for membership in self.memberships.values_mut() {
            if membership.poll_ended(cx).is_pending() {
                all = Poll::Pending;
            }
        }
        all
    }

    /// Ends the subscription tasks, leaves the groups, and closes the socket, in the order of the picture above.
    pub(super) async fn close(mut self, end: End, inbound: &mut Inbound<Stream>) {
        let mut linger = LINGER;
        if let End::Stopping = end {
            let (asked, drain) = (Instant::now(), self.common.options.drain);
            let _ = timeout(drain, poll_fn(|cx| self.poll_all_ended(cx))).await;
            linger = linger.min(drain.saturating_sub(asked.elapsed()));
        }
        if let End::Gone = end {
            self.leave_all().await;
            return;
        }
        // If the grace period or the drain time has elapsed while a reply held the lock, or waited for it,
        // the client does not read. Waiting for the line under way would be in vain.
        let lock_limit = if self.reply.take().is_some() { Duration::ZERO } else { linger };
        let outbound = self.outbound.clone();
        let between_lines = timeout(lock_limit, outbound.lock()).await;
        self.leave_all().await;
        drop(between_lines);
        let _ = self.stream.shutdown(Shutdown::Write);
        // Bytes that are unread when a socket is closed, or arrive after that, reset the connection, and the
        // client might lose what it has not read yet. If the client closes as soon as it reads our end of the
        // stream, this wait ends then.
        let _ = timeout(linger, inbound.discard()).await;
    }

    /// Cancels the subscription tasks, waits until they have ended, and leaves the groups.
    async fn leave_all(&mut self) {
        let deliveries = self.memberships.values_mut().map(|to| to.0.take());
        let cancelled: Vec<_> = deliveries.flatten().map(JoinHandle::cancel).collect();
        for delivery in cancelled {
            delivery.await;
        }
        for group in std::mem::take(&mut self.memberships).keys() {
            self.common.groups.leave(group, &*self.common.log);
            self.common.reclaim.departed();
        }
    }
}

/// Waits until the connection is over in both directions. If the system cannot tell, the client may still read, and
/// this waits for ever.
async fn gone(stream: &Stream) -> End {
    match stream.closed().await {
        Ok(()) => End::Gone,
        Err(_) => future::pending().await,
    }
}

impl Membership {
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(delivery) = &mut self.0 {
            ready!(Pin::new(delivery).poll(cx));
            self.0 = None;
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::server::log::open::Opened;
    use crate::server::options::Options;
    use crate::server::outbound::tests::connected;
    use executor::task;
    use futures_lite::AsyncReadExt;

    pub(crate) fn common() -> Arc<Common> {
        // The drain time elapses only if something hangs.
        let options = Options { line_limit: 1 << 21, drain: Duration::from_secs(30), ..Options::default() };
        Arc::new(Common::new(options, Opened::NoHistory))
    }

    #[test]
    fn a_line_under_way_is_finished_before_the_close() -> io::Result<()> {
        task::block_on(async {
            let (stream, mut client) = connected().await?;
            // More than the buffers take: the task is in its write until the client reads.
            rustix::net::sockopt::set_socket_send_buffer_size(&stream, 1 << 16)?;
            let stream = Stream::Tcp(stream);
            let mut inbound = Inbound::new(stream.clone());
            let line = vec![b'x'; 1 << 20];
            let long = line.len();
            let mut session = Session::new(stream, common());
            let outbound = session.outbound.clone();
            let under_way = outbound.clone();
            let delivery = task::spawn(async move { drop(under_way.lock().await.write_lines(&line).await) });
            while future::poll_once(outbound.lock()).await.is_some() {
                task::yield_now().await;
            }
            session.memberships = HashMap::from([("g".into(), Membership(Some(delivery)))]);
            let mut got = Vec::new();
            client.shutdown(Shutdown::Write)?;
            let read = client.read_to_end(&mut got);
            future::zip(session.close(End::GraceOver, &mut inbound), read).await.1?;
            assert_eq!(got.len(), long);
            Ok(())
        })
    }
}
