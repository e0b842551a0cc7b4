//! One client's connection: its requests.
//!
//! A request is one line. If the requests of a client were carried out concurrently, a post could overtake
//! the join before it. If replies were queued without a limit, a client that sends requests and never reads
//! would take all memory. So each request is carried out, and its reply is written, before the next one is
//! carried out.
//!
//! ```text
//!   read a line ──▶ understand ──▶ wait until earlier replies are written ──▶ join, post or history
//!        ▲               │ malformed                                            │ refused, or history
//!        └───────────────┴── replies to be written ◀────────────────────────────┘
//! ```
//!
//! - [requests-in-order]  Requests are carried out in their order. A join has subscribed before the next line is read.
//!   A post has been handed to the log: without history it is then delivered; with history its outcome may come later
//!   (`posted`), and a join or a request for history waits for it.
//! - C1  A reply is written before the next request is carried out: a client that never reads stops only
//!   itself. Only replies to malformed lines, and to posts that the log has refused, may wait while the next line
//!   is read. Both are bounded.
//!
//! Only a server that keeps history needs `posted`, `Outcome::Later` and `history`: without it the outcome of a post is
//! there when the log is called.
//!
//! Spawned by the server's accept loop, and for browsers by `web/mod`. Next: `connection/joining`.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use executor::sync::broadcast;
use futures_lite::future;

use super::common::{Common, Counted};
use super::ending::{End, Session};
use super::inbound::Inbound;
use super::log::{Limit, Outcome, Page};
use super::posted::{NOT_POSTED, Until};
use super::stream::Stream;
use crate::framing::{LineError, LineReader, encode_line};
use crate::history::{Reply, Request};

mod joining;

/// How many bytes of replies to malformed lines may wait for a client that does not read. With more it is
/// refused.
const MOST_UNSENT: usize = 256 * 1024;

/// The most that a reply to a History request contains. The reply says whether there is more.
const MOST_HISTORY: Limit = Limit { messages: 1000, bytes: MOST_UNSENT };

/// A channel on which nothing is ever sent: a wait on it ends when the server stops.
pub(super) type Stop = broadcast::Receiver<Infallible>;

/// Serves one client to its end.
pub(super) async fn serve(stream: Stream, common: Arc<Common>, mut stop: Stop) {
    let _counted = Counted::new(&common);
    let mut requests = LineReader::new(Inbound::new(stream.clone()), common.options.line_limit);
    let mut connection = Connection { session: Session::new(stream, common), names: 0, bad_lines: 0 };
    // The stop is polled first: a client that always has a request would leave it nothing of a poll's budget.
    let mut end = future::or(stopping(&mut stop), connection.read(&mut requests)).await;
    if let End::NoMoreRequests = end {
        end = future::or(stopping(&mut stop), connection.session.receive()).await;
    }
    // Boxed, so that what the close needs does not make each connection's task larger.
    Box::pin(connection.session.close(end, requests.get_mut())).await;
}

async fn stopping(stop: &mut Stop) -> End {
    // It can only fail, and does when the sender is dropped: the server stops.
    let _ = stop.recv().await;
    End::Stopping
}

/// What is left of a request that waits for something.
type Rest<'a> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send + 'a>>;

struct Connection {
    session: Session,
    /// The length of the names of its groups, in bytes.
    names: usize,
    /// How many lines were malformed since the last request.
    bad_lines: u32,
}

impl Connection {
    /// Carries out one request after the other. Returns why it stops. Dropped, it leaves what was read of a line in
    /// `requests`, and the replies in the session.
    async fn read(&mut self, requests: &mut LineReader<Inbound<Stream>>) -> End {
        loop {
            let outcome = match self.next_line(requests).await {
                Ok(Some(line)) => self.understand(line),
                Ok(None) => {
                    self.session.posts(Until::AllKnown).await;
                    return End::NoMoreRequests;
                }
                Err(LineError::Io(_)) => return End::Gone,
                Err(too_long) => Err(Refusal::Last(too_long.to_string())),
            };
            let outcome = match outcome {
                Ok(None) => continue,
                Ok(Some(request)) => match self.session.replies_written().await {
                    Ok(()) => match self.carry_out(request) {
                        Ok(Some(rest)) => rest.await,
                        Ok(None) => Ok(()),
                        Err(refusal) => Err(refusal),
                    },
                    Err(end) => return end,
                },
                Err(refusal) => Err(refusal),
            };
            let Err(refusal) = outcome else { continue };
            if let Refusal::Last(_) = refusal {
                self.session.posts(Until::AllKnown).await;
            }
            let (Refusal::Malformed(text) | Refusal::GoOn(text) | Refusal::Last(text)) = &refusal;
            // An error always has a form in JSON.
            self.session.unsent.extend(encode_line(&Reply::Error(text.clone())).unwrap_or_default());
            let last = matches!(refusal, Refusal::Last(_)) || self.session.unsent.len() > MOST_UNSENT;
            if last {
                self.session.closed = Some(Instant::now());
            } else if let Refusal::Malformed(_) = refusal {
                continue;
            }
            if let Err(end) = self.session.replies_written().await {
                return end;
            }
            if last {
                return End::Refused;
            }
        }
    }

    /// Returns the next line. While it waits, it takes the outcomes of posts, and writes the replies that are
    /// queued.
    async fn next_line<'a>(
        &mut self,
        requests: &'a mut LineReader<Inbound<Stream>>,
    ) -> Result<Option<&'a [u8]>, LineError> {
        let mut line = pin!(requests.next_line());
        poll_fn(|cx| match self.session.poll_replies(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(LineError::Io(error))),
            _ => line.as_mut().poll(cx),
        })
        .await
    }

    /// Parses the request on a line. Returns `None` if the line is blank.
    fn understand(&mut self, line: &[u8]) -> Result<Option<Request>, Refusal> {
        match self.session.common.decode(line) {
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
                if self.bad_lines < self.session.common.options.bad_lines {
                    Err(Refusal::Malformed(text))
                } else {
                    Err(Refusal::Last(format!("{text}; too many in a row")))
                }
            }
        }
    }

    /// Carries out what is done at once. Returns the rest, which must be awaited before the next request. It is boxed:
    /// few requests wait, and otherwise each connection would be larger by it.
    fn carry_out(&mut self, request: Request) -> Result<Option<Rest<'_>>, Refusal> {
        let rest: Rest<'_> = match request {
            Request::Join { group_name, after } => Box::pin(self.join(group_name, after)),
            Request::Post { group_name, message } => match self.post(group_name, message)? {
                Some(until) => Box::pin(async move {
                    self.session.posts(until).await;
                    Ok(())
                }),
                None => return Ok(None),
            },
            Request::History { group_name, after, limit } => Box::pin(self.history(group_name, after, limit)),
        };
        Ok(Some(rest))
    }

    /// Hands a post to the log. Returns what is to be waited for before the next request.
    fn post(&mut self, group_name: String, message: String) -> Result<Option<Until>, Refusal> {
        let length = message.len();
        match self.session.common.log.append(&group_name, message) {
            // Without history the outcome is there at once.
            Outcome::Now(outcome) => match outcome {
                Some(Err(error)) => Err(Refusal::GoOn(error.refusal(&group_name, NOT_POSTED))),
                _ => Ok(None),
            },
            later @ Outcome::Later(_) => {
                self.session.posted.push(group_name, length, later);
                if self.session.common.log.is_busy() {
                    return Ok(Some(Until::AllKnown));
                }
                Ok(self.session.posted.is_full().then_some(Until::Room))
            }
        }
    }

    /// Queues messages that are kept, and the end of the reply.
    async fn history(&mut self, group_name: String, after: u64, limit: u64) -> Result<(), Refusal> {
        self.session.posts(Until::AllKnown).await;
        let limit = Limit { messages: limit.min(MOST_HISTORY.messages), ..MOST_HISTORY };
        let read = self.session.common.log.read(&group_name, after, limit).await;
        let Page { messages, last, more, .. } =
            read.map_err(|error| Refusal::GoOn(error.refusal(&group_name, "no history")))?;
        let unsent = &mut self.session.unsent;
        for (number, message) in messages {
            let message = Reply::Message { group_name: group_name.clone(), message, seq: Some(number) };
            unsent.extend(encode_line(&message).unwrap_or_default());
        }
        unsent.extend(encode_line(&Reply::History { group_name, last, more }).unwrap_or_default());
        Ok(())
    }
}

/// A line that is not carried out, with the text of the reply.
enum Refusal {
    /// The line is not a request, but the connection goes on.
    Malformed(String),
    /// The request is refused, and the connection goes on.
    GoOn(String),
    /// The connection ends after the reply.
    Last(String),
}

/// Returns whether a line is the first of a request in HTTP. A page of any web site may make a browser send
/// such a request here, with lines of our protocol in its body.
fn is_http(line: &[u8]) -> bool {
    let mut words = line.trim_ascii().rsplitn(2, |&byte| byte == b' ');
    let version = words.next().unwrap_or_default();
    let method = words.next().unwrap_or_default();
    version.starts_with(b"HTTP/") && method.first().is_some_and(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::ending::tests::common;
    use crate::server::outbound::tests::connected;
    use executor::task;
    use futures_lite::{AsyncReadExt, AsyncWriteExt};
    use std::io;

    #[test]
    fn a_client_that_always_has_a_request_does_not_hide_the_stop() -> io::Result<()> {
        task::block_on(async {
            let (stream, mut client) = connected().await?;
            // More than the budget of one poll: the reading task yields while there are requests left.
            client.write_all(&b"[]\n".repeat(1000)).await?;
            let (_, stop) = broadcast::channel(1);
            let reading = async {
                let mut replies = String::new();
                client.read_to_string(&mut replies).await?;
                drop(client);
                io::Result::Ok(replies)
            };
            let replies = future::zip(serve(Stream::Tcp(stream), common(), stop), reading).await.1?;
            assert_eq!(replies, "", "it was asked to stop before it began");
            Ok(())
        })
    }

    #[test]
    fn a_reply_under_way_and_what_is_queued_behind_it_outlive_the_stop() -> io::Result<()> {
        task::block_on(async {
            let (stream, mut client) = connected().await?;
            // Smaller than the reply, which contains the name of a group.
            rustix::net::sockopt::set_socket_send_buffer_size(&stream, 1 << 16)?;
            let common = common();
            let (asked, stop) = broadcast::channel(1);
            let serving = task::spawn(serve(Stream::Tcp(stream), common.clone(), stop));
            let name = "x".repeat(1 << 20);
            let requests = format!(
                "{{\"Join\":{{\"group_name\":\"g\"}}}}\n\
                 {{\"Post\":{{\"group_name\":\"{name}\",\"message\":\"\"}}}}\n"
            );
            client.write_all(requests.as_bytes()).await?;
            let mut first = [0];
            client.read_exact(&mut first).await?;
            assert!(common.groups.get("g").expect("it was joined before").post("late".into(), None));
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
            // When the client's buffer is full, the rest waits in the socket of the server.
            let mut written = 0;
            while let Some(length) = future::poll_once(stream.write(&[b'x'; 1 << 16])).await {
                written += length?;
            }
            let stream = Stream::Tcp(stream);
            let mut inbound = Inbound::new(stream.clone());
            let session = Session::new(stream, common());
            let closing = async move { session.close(End::Stopping, &mut inbound).await };
            let reading = async {
                client.write_all(b"[]\n").await?;
                let mut got = Vec::new();
                client.read_to_end(&mut got).await?;
                drop(client);
                io::Result::Ok(got.len())
            };
            // `zip` polls its first future first: the stop comes before the request.
            assert_eq!(future::zip(closing, reading).await.1?, written);
            Ok(())
        })
    }
}
