//! One client's connection: reads its requests, and sees to its end.
//!
//! ```text
//!   reading ──EOF──▶ receiving (only; for a grace) ──▶ closed
//!      │ reset                 │ the peer is gone         ▲ the subscription tasks have ended,
//!      ├─────────────────────────────────────────────────▶│ the groups are left, the socket is closed
//!      └── line too long, too many bad ones, server stops ┘
//! ```
//!
//! C1  A request is carried out before the next one is read. A join has subscribed by then.
//! C2  However the connection ends, its subscription tasks have ended and its groups are left before
//!     the task ends: nothing of a departed client stays.
//! C3  Its tasks are cancelled between two lines, unless the client does not take the line.
//! C4  An answer is written before the next request is carried out: a client that asks and never reads waits.
//!     Only those to malformed lines are gathered while one waits, for they are counted. The answers outlive
//!     the reading, so a stop does not tear them.
//! C5  Who is refused, or has closed its half, is gone after the grace (and the lingering), whatever it reads:
//!     the end is looked for also while an answer waits.
//!
//! Spawned by the server's accept loop. Next: `mod`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use executor::sync::broadcast;
use executor::task::{self, JoinHandle};
use futures_lite::future;
use reactor::net::TcpStream;
use reactor::time::timeout;

use super::group_table::{GroupTable, NotJoined};
use super::inbound::Inbound;
use super::memory::Memory;
use super::options::Options;
use super::outbound::Outbound;
use crate::framing::{LineError, LineReader, decode_line, encode_line};
use crate::{FromClient, FromServer};

/// How long a client's last bytes are read, so that they do not reset the connection before the client
/// has read all that was written; and how long a closing connection waits for a line under way.
const LINGER: Duration = Duration::from_secs(if cfg!(test) { 30 } else { 1 });

/// Answers to malformed lines that may wait for a client that does not read, in bytes. With more it is refused.
const MOST_UNSENT: usize = 256 * 1024;

/// What all connections of a server share.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) options: Options,
    pub(super) memory: Arc<Memory>,
    pub(super) groups: GroupTable,
    pub(super) connections: AtomicUsize,
}

impl Common {
    pub(super) fn new(options: Options) -> Self {
        let memory = Memory::new(&options);
        Self { options, groups: GroupTable::new(memory.clone()), memory, connections: AtomicUsize::new(0) }
    }
}

/// Ends its wait when the server stops: nothing is ever sent on it.
pub(super) type Stop = broadcast::Receiver<Infallible>;

/// Why a connection stops reading, or receiving.
enum End {
    /// The client sends no more. It may still receive.
    NoMoreRequests,
    /// The client broke the rules, and has been told.
    Refused,
    /// The grace has passed.
    GraceOver,
    /// The connection is broken.
    Gone,
    /// The server stops.
    Stopping,
}

/// Serves one client to its end.
pub(super) async fn serve(stream: TcpStream, common: Arc<Common>, mut stop: Stop) {
    let _counted = Counted::new(&common);
    // It fails only for a socket that is dead already, which the first read will tell.
    let _ = stream.set_nodelay(true);
    if common.options.keepalive.is_some() {
        let _ = stream.set_keepalive(common.options.keepalive);
    }
    let mut requests = LineReader::new(Inbound::new(stream.clone()), common.options.line_limit);
    let mut connection = Connection {
        outbound: Arc::new(Outbound::new(stream.clone())),
        stream,
        common: common.clone(),
        memberships: HashMap::new(),
        names: 0,
        answer: None,
        unsent: Vec::new(),
        bad_lines: 0,
        closed: None,
    };
    // The stop is asked for first: a client that always has a request leaves nothing of a poll's budget.
    let mut end = future::or(stopping(&mut stop), connection.read(&mut requests)).await;
    if let End::NoMoreRequests = end {
        end = future::or(stopping(&mut stop), connection.receive()).await;
    }
    // Boxed, so that a connection at work does not pay for the room that its end takes.
    Box::pin(connection.close(end, requests.get_mut())).await;
}

async fn stopping(stop: &mut Stop) -> End {
    // It can only fail: that is the news.
    let _ = stop.recv().await;
    End::Stopping
}

struct Connection {
    stream: TcpStream,
    outbound: Arc<Outbound>,
    common: Arc<Common>,
    /// By group.
    memberships: HashMap<Arc<str>, Membership>,
    /// The bytes of their names.
    names: usize,
    /// Those that are being written.
    answer: Option<Answer>,
    /// Lines that are to be written after it.
    unsent: Vec<u8>,
    bad_lines: u32,
    /// When the client was refused, or was seen to have closed its half.
    closed: Option<Instant>,
}

/// Boxed: few connections ever need it, and all would pay for its room.
type Answer = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The task that carries a group's lines here; `None` once it has ended.
struct Membership(Option<JoinHandle<()>>);

impl Drop for Membership {
    /// Only if the connection's own task is dropped before its end: then the pool goes too.
    fn drop(&mut self) {
        if let Some(delivery) = &self.0 {
            delivery.abort();
        }
    }
}

impl Connection {
    /// Carries out one request after the other.
    async fn read(&mut self, requests: &mut LineReader<Inbound<TcpStream>>) -> End {
        loop {
            let outcome = match self.next_line(requests).await {
                Ok(Some(line)) => self.understand(line),
                Ok(None) => return End::NoMoreRequests,
                Err(LineError::Io(_)) => return End::Gone,
                Err(too_long) => Err(Refusal::Last(too_long.to_string())),
            };
            let outcome = match outcome {
                Ok(None) => continue,
                Ok(Some(request)) => match self.answered().await {
                    Ok(()) => self.carry_out(request),
                    Err(end) => return end,
                },
                Err(refusal) => Err(refusal),
            };
            let Err(refusal) = outcome else { continue };
            let (Refusal::Malformed(text) | Refusal::GoOn(text) | Refusal::Last(text)) = &refusal;
            // An error always has a form in JSON.
            self.unsent.extend(encode_line(&FromServer::Error(text.clone())).unwrap_or_default());
            let last = matches!(refusal, Refusal::Last(_)) || self.unsent.len() > MOST_UNSENT;
            if last {
                self.closed = Some(Instant::now());
            } else if let Refusal::Malformed(_) = refusal {
                continue;
            }
            if let Err(end) = self.answered().await {
                return end;
            }
            if last {
                return End::Refused;
            }
        }
    }

    /// The next line; writes the answers that wait meanwhile.
    async fn next_line<'a>(
        &mut self,
        requests: &'a mut LineReader<Inbound<TcpStream>>,
    ) -> Result<Option<&'a [u8]>, LineError> {
        let mut line = pin!(requests.next_line());
        poll_fn(|cx| match self.poll_answered(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(LineError::Io(error))),
            _ => line.as_mut().poll(cx),
        })
        .await
    }

    /// Waits until the answers are written; but not longer than the grace for a client that has closed, even
    /// if it does so meanwhile (C5).
    async fn answered(&mut self) -> Result<(), End> {
        if self.answer.is_none() && self.unsent.is_empty() {
            return Ok(());
        }
        if let Some(written) = future::poll_once(poll_fn(|cx| self.poll_answered(cx))).await {
            return written.map_err(|_| End::Gone);
        }
        // Boxed: few connections ever need it, and all would pay for its room.
        Box::pin(self.answered_in_time()).await
    }

    async fn answered_in_time(&mut self) -> Result<(), End> {
        if self.closed.is_none() {
            let stream = self.stream.clone();
            let written = async { Some(poll_fn(|cx| self.poll_answered(cx)).await) };
            let closed = async {
                // It fails only if the system cannot tell. The grace begins then.
                let _ = stream.read_closed().await;
                None
            };
            if let Some(written) = future::or(written, closed).await {
                return written.map_err(|_| End::Gone);
            }
        }
        let left = self.grace_left();
        match timeout(left, poll_fn(|cx| self.poll_answered(cx))).await {
            Ok(written) => written.map_err(|_| End::Gone),
            Err(_) => Err(End::GraceOver),
        }
    }

    /// What is left of the grace, which begins now if it has not begun.
    fn grace_left(&mut self) -> Duration {
        let closed = self.closed.get_or_insert_with(Instant::now);
        self.common.options.grace.saturating_sub(closed.elapsed())
    }

    fn poll_answered(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Some(answer) = &mut self.answer {
                let written = ready!(answer.as_mut().poll(cx));
                self.answer = None;
                written?;
            }
            if self.unsent.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let (outbound, lines) = (self.outbound.clone(), std::mem::take(&mut self.unsent));
            self.answer = Some(Box::pin(async move { outbound.send_lines(&lines).await }));
        }
    }

    /// The request on a line, if it is not blank.
    fn understand(&mut self, line: &[u8]) -> Result<Option<FromClient>, Refusal> {
        match decode_line(line) {
            Ok(request) => {
                if request.is_some() {
                    self.bad_lines = 0;
                }
                Ok(request)
            }
            Err(_) if is_http(line) => Err(Refusal::Last(
                "this is a chat server: it speaks JSON, one value per line, not HTTP".into(),
            )),
            Err(error) => {
                self.bad_lines += 1;
                let text = format!("malformed request: {error}");
                if self.bad_lines < self.common.options.bad_lines {
                    Err(Refusal::Malformed(text))
                } else {
                    Err(Refusal::Last(format!("{text}; too many in a row")))
                }
            }
        }
    }

    fn carry_out(&mut self, request: FromClient) -> Result<(), Refusal> {
        match request {
            FromClient::Join { group_name } => self.join(&group_name),
            FromClient::Post { group_name, message } => self.post(group_name, message),
        }
    }

    fn join(&mut self, name: &str) -> Result<(), Refusal> {
        if self.memberships.contains_key(name) {
            return Ok(());
        }
        let limit = self.common.options.groups;
        if self.memberships.len() >= limit {
            return Err(Refusal::GoOn(format!("Group '{name}' not joined: {limit} groups are the limit")));
        }
        let most = self.common.memory.connection;
        if self.names + name.len() > most {
            let text = format!("Group '{name}' not joined: names of {most} bytes altogether are the limit");
            return Err(Refusal::GoOn(text));
        }
        match self.common.groups.join(name) {
            Ok(subscription) => {
                self.names += name.len();
                // ORDERING: Relaxed; only counted.
                self.outbound.waiting.fetch_add(name.len(), Ordering::Relaxed);
                let group = subscription.group().clone();
                let delivery = task::spawn(subscription.deliver(self.outbound.clone()));
                self.memberships.insert(group, Membership(Some(delivery)));
                Ok(())
            }
            Err(NotJoined::Closed) => Ok(()),
            Err(NotJoined::Full) => {
                Err(Refusal::GoOn(format!("Group '{name}' not joined: the server has no memory for more")))
            }
        }
    }

    fn post(&self, group_name: String, message: String) -> Result<(), Refusal> {
        match self.common.groups.get(&group_name) {
            Some(group) if group.post(message) => {
                if self.common.memory.excess() > 0 {
                    self.common.groups.relieve();
                }
                Ok(())
            }
            _ => Err(Refusal::GoOn(format!("Group '{group_name}' does not exist"))),
        }
    }

    /// Goes on delivering to a client that has closed its half, until it is gone or the grace is over.
    async fn receive(&mut self) -> End {
        self.grace_left();
        if let Err(end) = self.answered().await {
            return end;
        }
        if self.memberships.is_empty() {
            return End::GraceOver;
        }
        match timeout(self.grace_left(), self.stream.closed()).await {
            Ok(_) => End::Gone,
            Err(_) => End::GraceOver,
        }
    }

    /// Ready when the answer, and all that the groups have for the client, is written or has failed.
    fn poll_all_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut all = self.poll_answered(cx).map(drop);
        for membership in self.memberships.values_mut() {
            if membership.poll_ended(cx).is_pending() {
                all = Poll::Pending;
            }
        }
        all
    }

    /// Ends the subscription tasks, leaves the groups, closes the socket.
    async fn close(mut self, end: End, inbound: &mut Inbound<TcpStream>) {
        let mut patience = LINGER;
        if let End::Stopping = end {
            let (asked, drain) = (Instant::now(), self.common.options.drain);
            let _ = timeout(drain, poll_fn(|cx| self.poll_all_ended(cx))).await;
            patience = patience.min(drain.saturating_sub(asked.elapsed()));
        }
        let lingering = patience;
        if let End::Gone = end {
            self.leave_all().await;
            return;
        }
        if self.answer.take().is_some() {
            // It holds the outgoing half, or stands before us, and will not be written any more.
            patience = Duration::ZERO;
        }
        let outbound = self.outbound.clone();
        let between_lines = timeout(patience, outbound.lock()).await;
        self.leave_all().await;
        drop(between_lines);
        let _ = self.stream.shutdown(Shutdown::Write);
        // Bytes that are unread when a socket is closed, or come after that, reset the connection, and the
        // client might lose what it has not read yet. One that closes when it reads our end is let go then.
        let _ = timeout(lingering, inbound.discard()).await;
    }

    async fn leave_all(&mut self) {
        let deliveries = self.memberships.values_mut().map(|to| to.0.take());
        let cancelled: Vec<_> = deliveries.flatten().map(JoinHandle::cancel).collect();
        for delivery in cancelled {
            delivery.await;
        }
        for group in std::mem::take(&mut self.memberships).keys() {
            self.common.groups.leave(group);
        }
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

/// A request that is not carried out, with the reason.
enum Refusal {
    /// The line is none, but the connection goes on.
    Malformed(String),
    /// The connection goes on.
    GoOn(String),
    /// The connection ends.
    Last(String),
}

/// Whether a line is the first of a request in HTTP. A page of any site may have a browser send one here, with
/// lines of our protocol in its body.
fn is_http(line: &[u8]) -> bool {
    let mut words = line.trim_ascii().rsplitn(2, |&byte| byte == b' ');
    let version = words.next().unwrap_or_default();
    let method = words.next().unwrap_or_default();
    version.starts_with(b"HTTP/") && method.first().is_some_and(u8::is_ascii_uppercase)
}

/// Counts a connection for as long as it lives.
struct Counted(Arc<Common>);

impl Counted {
    fn new(common: &Arc<Common>) -> Self {
        // ORDERING: Relaxed; only counted.
        common.connections.fetch_add(1, Ordering::Relaxed);
        Self(common.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        // ORDERING: Relaxed; only counted.
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::outbound::tests::connected;
    use futures_lite::{AsyncReadExt, AsyncWriteExt};

    fn common() -> Arc<Common> {
        // The time that they have is over only if something hangs.
        let options = Options { line_limit: 1 << 21, drain: Duration::from_secs(30), ..Options::default() };
        Arc::new(Common::new(options))
    }

    #[test]
    fn a_client_that_always_has_a_request_does_not_hide_the_stop() -> io::Result<()> {
        task::block_on(async {
            let (stream, mut client) = connected().await?;
            // More than the budget of a poll: the read gives way, with requests left.
            client.write_all(&b"[]\n".repeat(1000)).await?;
            let (_, stop) = broadcast::channel(1);
            let reading = async {
                let mut answers = String::new();
                client.read_to_string(&mut answers).await?;
                drop(client);
                io::Result::Ok(answers)
            };
            let answers = future::zip(serve(stream, common(), stop), reading).await.1?;
            assert_eq!(answers, "", "it was told to stop before it began");
            Ok(())
        })
    }

    #[test]
    fn an_answer_under_way_and_what_is_queued_behind_it_outlive_the_stop() -> io::Result<()> {
        task::block_on(async {
            let (stream, mut client) = connected().await?;
            // Less than the answer, which tells the name of a group.
            rustix::net::sockopt::set_socket_send_buffer_size(&stream, 1 << 16)?;
            let common = common();
            let (asked, stop) = broadcast::channel(1);
            let serving = task::spawn(serve(stream, common.clone(), stop));
            let name = "x".repeat(1 << 20);
            let requests = format!(
                "{{\"Join\":{{\"group_name\":\"g\"}}}}\n\
                 {{\"Post\":{{\"group_name\":\"{name}\",\"message\":\"\"}}}}\n"
            );
            client.write_all(requests.as_bytes()).await?;
            let mut first = [0];
            client.read_exact(&mut first).await?;
            assert!(common.groups.get("g").expect("it was joined before").post("late".into()));
            drop(asked);
            common.groups.close();
            let mut rest = String::new();
            client.read_to_string(&mut rest).await?;
            let lines: Vec<&str> = rest.split_inclusive('\n').collect();
            assert!(lines.len() == 2 && lines[0].ends_with("does not exist\"}\n"), "{} bytes", rest.len());
            assert_eq!(lines[1], "{\"Message\":{\"group_name\":\"g\",\"message\":\"late\"}}\n");
            drop(client);
            serving.await;
            Ok(())
        })
    }

    #[test]
    fn a_request_after_the_stop_costs_nothing_of_what_was_written() -> io::Result<()> {
        task::block_on(async {
            let (mut stream, mut client) = connected().await?;
            // What the client has no room for waits in the server's kernel.
            let mut written = 0;
            while let Some(length) = future::poll_once(stream.write(&[b'x'; 1 << 16])).await {
                written += length?;
            }
            let outbound = Arc::new(Outbound::new(stream.clone()));
            let mut inbound = Inbound::new(stream.clone());
            let memberships = HashMap::new();
            let connection = Connection {
                stream,
                outbound,
                common: common(),
                memberships,
                names: 0,
                answer: None,
                unsent: Vec::new(),
                bad_lines: 0,
                closed: None,
            };
            let closing = async move { connection.close(End::Stopping, &mut inbound).await };
            let reading = async {
                client.write_all(b"[]\n").await?;
                let mut got = Vec::new();
                client.read_to_end(&mut got).await?;
                drop(client);
                io::Result::Ok(got.len())
            };
            // The first of the two is polled first: the stop is there before the request.
            assert_eq!(future::zip(closing, reading).await.1?, written);
            Ok(())
        })
    }

    #[test]
    fn a_line_under_way_is_finished_before_the_close() -> io::Result<()> {
        task::block_on(async {
            let (stream, mut client) = connected().await?;
            let outbound = Arc::new(Outbound::new(stream.clone()));
            let mut inbound = Inbound::new(stream.clone());
            // More than the buffers take: its task writes until the client reads.
            rustix::net::sockopt::set_socket_send_buffer_size(&stream, 1 << 16)?;
            let line = vec![b'x'; 1 << 20];
            let long = line.len();
            let under_way = outbound.clone();
            let delivery = task::spawn(async move { drop(under_way.lock().await.write_lines(&line).await) });
            while future::poll_once(outbound.lock()).await.is_some() {
                task::yield_now().await;
            }
            let memberships = HashMap::from([("g".into(), Membership(Some(delivery)))]);
            let connection = Connection {
                stream,
                outbound,
                common: common(),
                memberships,
                names: 0,
                answer: None,
                unsent: Vec::new(),
                bad_lines: 0,
                closed: None,
            };
            let mut got = Vec::new();
            client.shutdown(Shutdown::Write)?;
            let read = client.read_to_end(&mut got);
            future::zip(connection.close(End::GraceOver, &mut inbound), read).await.1?;
            assert_eq!(got.len(), long);
            Ok(())
        })
    }
}
