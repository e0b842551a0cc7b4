//! The client: it sends to the server what is typed, and prints what the server sends.
//!
//! A client that alternates between typed lines and replies would show no message while the user types nothing.
//! And stdin, stdout, stderr and the server may each block: a terminal that is stopped, or a server that does
//! not read, must not stop the rest of the client. Two threads would do, one for each direction, but both wait
//! nearly all the time, and two loops on one thread are enough. Two futures in one task would be simpler
//! still, but they would share one poll budget, and a flood of replies would leave the commands almost
//! nothing of it.
//!
//! ```text
//!   stdin ──▶ parse_command ──▶ FromClient ──▶ server ──▶ FromServer ──▶ stdout
//! ```
//!
//! Two loops run concurrently on one thread. The loop for the replies is a local task, and ends when the
//! server closes the connection. The loop for the commands ends with the input; then the client sends what is
//! left, closes its half of the connection, and prints replies for a short grace period.
//!
//! C1  Neither loop is stopped by what the other waits for: a stdout or stderr that is not read loses no
//!     typed line. Other threads write to both.
//! C2  What is queued is bounded. While a piece is being printed nothing more is read from the server. While the
//!     server does not read, lines are read ahead up to a limit, so that the client sees the end of the input.
//! C3  After the end of the input the client ends when its grace period has elapsed, whether or not the
//!     server reads.
//!
//! Used by the program `client`. Next: `client/input`.

use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::pin::pin;
use std::time::Duration;

use executor::task;
use futures_lite::io::{AsyncBufRead, AsyncWriteExt};
use futures_lite::{StreamExt, future};
use reactor::explain::{explain, reword};
use reactor::io::{BufReader, stdin};
use reactor::net::{TcpStream, ToSocketAddrs};
use reactor::time::timeout;

use self::input::{Input, LONGEST_LINE, Line};
use self::output::{print, reader_of, tell};
use self::visible::Reader;
use crate::framing::{encode_line, receive_as_json};
use crate::{FromClient, FromServer};

mod input;
mod output;
mod visible;

/// The help that the client prints on stdout when it has connected.
///
/// ```
/// assert!(chat::client::COMMANDS.starts_with("Commands:\njoin GROUP\n"));
/// ```
pub const COMMANDS: &str = "Commands:
join GROUP
post GROUP MESSAGE...
Type Control-D to leave.
";

/// Replies are collected up to this many bytes before they are printed.
const PIECE: usize = 64 * 1024;

/// Requests that the server does not read are queued up to this many bytes. Then no more commands are read.
const AHEAD: usize = 16 << 20;

/// The client's settings.
///
/// ```
/// use std::time::Duration;
/// let options = chat::client::Options { grace: Duration::ZERO, ..Default::default() };
/// assert_eq!(options.keepalive, Some(Duration::from_secs(60)));
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// How long, after the end of the input, the client still sends what was typed and prints replies.
    pub grace: Duration,
    /// After this much silence the system asks the server's machine whether it is still there; `None`: never.
    /// The client gives up a server that has vanished after about twice that time. On Linux, it does the same
    /// with a server that acknowledges nothing, or takes nothing, of what was sent to it for that long.
    pub keepalive: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self { grace: Duration::from_secs(1), keepalive: Some(Duration::from_secs(60)) }
    }
}

/// Why a client ended without an error.
///
/// ```
/// use chat::client::Ended;
/// let status = |ended| if ended == Ended::ByServer { 1 } else { 0 };
/// assert_eq!((status(Ended::ByUser), status(Ended::ByServer)), (0, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The input ended, or the reader of the output closed it.
    ByUser,
    /// The server closed the connection before the end of the input.
    ByServer,
}

/// Connects, and talks until the input ends or the server closes the connection. Returns which of the two
/// happened. It spawns a local task, so it must run in `block_on`. It reads the standard input and writes to
/// the two standard outputs of the process.
///
/// Dropping the future ends the conversation and closes the connection. Commands that are typed but not sent
/// are lost.
///
/// # Errors
///
/// - No connection: the error of `connect`.
/// - The connection breaks: `ConnectionReset`, or `TimedOut` if the server has vanished.
/// - The server has not taken all requests when the grace period has elapsed: `TimedOut`.
/// - A standard stream fails. A stdout whose reader has closed it is not an error.
///
/// ```
/// use std::time::Duration;
/// let no_server = chat::client::run("127.0.0.1:1", Duration::ZERO);
/// let error = executor::task::block_on(no_server).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// ```
pub async fn run(address: impl ToSocketAddrs, grace: Duration) -> io::Result<Ended> {
    run_with(address, Options { grace, ..Options::default() }).await
}

/// The same as [`run`], with all options.
///
/// # Errors
///
/// Those of [`run`].
///
/// ```
/// let no_server = chat::client::run_with("127.0.0.1:1", chat::client::Options::default());
/// assert!(executor::task::block_on(no_server).is_err());
/// ```
pub async fn run_with(address: impl ToSocketAddrs, options: Options) -> io::Result<Ended> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    notice_a_vanished_server(&stream, options.keepalive)?;
    match talk(stream, options.grace).await {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Ended::ByUser),
        ended => ended,
    }
}

async fn talk(stream: TcpStream, grace: Duration) -> io::Result<Ended> {
    // A task of its own has a poll budget of its own: a flood of replies does not hold up the commands.
    let mut replies = task::spawn_local(print_replies(BufReader::new(stream.clone())));
    let mut unsent = VecDeque::new();
    let commands = send_commands(BufReader::new(stdin()), &stream, &mut unsent);
    let first = future::or(async { Err((&mut replies).await) }, async { Ok(commands.await) }).await;
    let ended = match first {
        Err(replied) => replied,
        Ok(commanded) => {
            let rest = async {
                send_the_rest(&stream, &mut unsent).await;
                (&mut replies).await
            };
            let replied = timeout(grace, rest).await;
            replied.unwrap_or_else(|_| after_the_grace(unsent.len())).and(commanded)
        }
    };
    replies.abort();
    ended
}

/// Sends a request for each command until the input ends. It leaves in `unsent` what the caller has yet to send.
async fn send_commands(
    input: impl AsyncBufRead + Unpin,
    server: &TcpStream,
    unsent: &mut VecDeque<u8>,
) -> io::Result<Ended> {
    let mut lines = Input::new(input);
    loop {
        let (to_send, room) = (!unsent.is_empty(), unsent.len() < AHEAD);
        let send =
            async { if to_send { Err(send_some(server, unsent).await) } else { future::pending().await } };
        let read = async { if room { Ok(lines.next().await) } else { future::pending().await } };
        match future::or(send, read).await {
            Err(Ok(())) => {}
            Err(Err(error)) => {
                // The server would not take the rest either.
                unsent.clear();
                return lost(error);
            }
            Ok(line) => match line? {
                Some(Line::Typed(line)) => {
                    if let Some(request) = parse_command(&line) {
                        unsent.extend(encode_line(&request)?);
                    }
                }
                Some(Line::TooLong) => {
                    tell(format_args!("A line of more than {LONGEST_LINE} bytes is not sent."));
                }
                None => return Ok(Ended::ByUser),
            },
        }
    }
}

/// Sends as much as the server takes at once, or waits until it takes something. Cancel-safe.
async fn send_some(mut server: &TcpStream, unsent: &mut VecDeque<u8>) -> io::Result<()> {
    let sent = server.write(unsent.as_slices().0).await?;
    unsent.drain(..sent);
    Ok(())
}

/// After the end of the input: sends what is left, and closes this half of the connection.
async fn send_the_rest(server: &TcpStream, unsent: &mut VecDeque<u8>) {
    while !unsent.is_empty() {
        if send_some(server, unsent).await.is_err() {
            // The connection has ended: the loop for the replies ends too.
            unsent.clear();
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

/// Returns the outcome if the grace period has elapsed.
fn after_the_grace(unsent: usize) -> io::Result<Ended> {
    if unsent == 0 {
        return Ok(Ended::ByUser);
    }
    let what = format!("the server does not read: {unsent} bytes of requests were not sent");
    Err(io::Error::new(io::ErrorKind::TimedOut, what))
}

/// Returns the outcome if the connection has failed with this error.
fn lost(error: io::Error) -> io::Result<Ended> {
    let what = match error.kind() {
        // The server had closed the connection before.
        io::ErrorKind::BrokenPipe => return Ok(Ended::ByServer),
        io::ErrorKind::ConnectionReset => "connection reset by the server",
        io::ErrorKind::TimedOut => "the server has vanished, or does not read: connection timed out",
        _ => return Err(explain("the connection broke", error)),
    };
    Err(reword(what.to_owned(), error))
}

/// Parses one line of input. Returns `None` if it is empty or not a command. A line that is not a command is
/// reported on stderr; if an argument of `join` or `post` is missing, or one is too many, the report is its
/// usage.
///
/// ```
/// use chat::{FromClient, client::parse_command};
/// let post = parse_command("post tea   is it ready?\n");
/// let expected = FromClient::Post { group_name: "tea".into(), message: "is it ready?".into() };
/// assert_eq!(post, Some(expected));
/// assert_eq!(parse_command("join"), None);
/// ```
pub fn parse_command(line: &str) -> Option<FromClient> {
    // The newline ends the command; other white space at the end belongs to the message.
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let (command, rest) = first_word(line)?;
    match command {
        "join" => {
            if let Some((group, rest)) = first_word(rest)
                && rest.trim_start().is_empty()
            {
                return Some(FromClient::Join { group_name: group.to_string() });
            }
            tell(format_args!("Usage: join GROUP (one word)"));
            None
        }
        "post" => {
            let Some((group, rest)) = first_word(rest) else {
                tell(format_args!("Usage: post GROUP MESSAGE..."));
                return None;
            };
            Some(FromClient::Post { group_name: group.to_string(), message: rest.trim_start().to_string() })
        }
        _ => {
            tell(format_args!("Unrecognized command: {line:?}"));
            None
        }
    }
}

/// Splits a text after its first word. Returns `None` if there is no word.
fn first_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Prints what the server sends, until the connection ends. Replies that have arrived already are printed in
/// one piece.
async fn print_replies(server: impl AsyncBufRead + Unpin) -> io::Result<Ended> {
    let mut replies = pin!(receive_as_json(server));
    let reader = reader_of(&io::stdout());
    let mut text = COMMANDS.to_string();
    loop {
        let ready = match text.len() < PIECE {
            true => future::poll_once(replies.next()).await,
            false => None,
        };
        let reply = match ready {
            Some(reply) => reply,
            None => {
                print(&mut text).await?;
                replies.next().await
            }
        };
        let ended = match reply {
            Some(Ok(reply)) => {
                describe(&reply, reader, &mut text);
                continue;
            }
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                tell(format_args!("The server sent a line that is not a reply: {error}"));
                continue;
            }
            Some(Err(error)) => lost(error),
            None => Ok(Ended::ByServer),
        };
        print(&mut text).await?;
        return ended;
    }
}

/// Appends a reply in the form that the user sees: one line, whatever other clients wrote.
fn describe(reply: &FromServer, reader: Reader, text: &mut String) {
    match reply {
        FromServer::Message { group_name, message } => {
            text.push_str("message posted to ");
            reader.append(group_name, text);
            text.push_str(": ");
            reader.append(message, text);
        }
        FromServer::Error(error) => {
            text.push_str("error from server: ");
            reader.append(error, text);
        }
    }
    text.push('\n');
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn a_lost_connection_keeps_what_the_system_said() {
        for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::TimedOut, io::ErrorKind::HostUnreachable]
        {
            let reported = lost(kind.into()).expect_err("the server had not closed it");
            let source = reported.source().expect("the system's error").downcast_ref::<io::Error>();
            assert_eq!(source.map(io::Error::kind), Some(kind));
            assert_eq!(reported.kind(), kind);
        }
    }
}
