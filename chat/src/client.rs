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
//!   stdin ──▶ typed ──▶ Machine ──▶ requests ──▶ unsent ──▶ the server     send_commands
//!                        │  ▲                                  │
//!               stdout ◀─┘  └───────────── received ◀──────────┘           print_replies, a local task
//! ```
//!
//! The two loops run concurrently on one thread. The one for the replies ends with the connection. The one for the
//! commands ends with the input; then the client sends what is left, closes its half of the connection, and prints
//! replies for a short grace period.
//!
//! `Machine` stands between them. While the server keeps no history it passes everything through: a typed
//! command is a request, and a reply is a line on stdout. If the server keeps history, it puts messages in the
//! order of their numbers, and asks for those that are missing. Then the loop for the replies has requests,
//! too, and leaves them to the loop for the commands.
//!
//! - C1  Neither loop is stopped by what the other waits for: a stdout or stderr that is not read loses no
//!   typed line. Other threads write to both.
//! - C2  What is queued is bounded. While a piece is being printed nothing more is read from the server. While the
//!   server does not read, lines are read ahead up to a limit, so that the client sees the end of the input.
//! - C3  After the end of the input the client ends when its grace period has elapsed, whether or not the
//!   server reads, and however many connections are made.
//! - C4  A server that keeps history is one that the client comes back to: when the connection is lost it makes
//!   another one, and goes on where it was (`client/connecting`). What is typed meanwhile is sent then. After the
//!   end of the input it comes back only if requests are left to be sent.
//!
//! Used by the program `client`. Next: `client/options`.

use std::io;
use std::net::Shutdown;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use executor::task::{self, AbortOnDrop};
use futures_lite::io::{AsyncBufRead, AsyncWriteExt};
use futures_lite::{StreamExt, future};
use reactor::explain::{explain, reword};
use reactor::io::BufReader;
use reactor::net::{TcpStream, ToSocketAddrs};
use reactor::signal::Signals;
use reactor::time::timeout;

use self::command::COMMANDS_AND_HISTORY;
pub use self::command::{COMMANDS, parse_command};
use self::connecting::{Backoff, connect, connect_again, report_loss, without_a_connection};
use self::input::Line;
pub use self::options::{CatchUp, Ended, Options};
use self::output::{is_interactive, print, print_blocking, tell};
use self::session::{AHEAD, Session, Shared};
use self::unsent::Unsent;
use crate::framing::receive_as_json;

mod command;
mod connecting;
mod group;
mod input;
mod machine;
mod numbers;
mod options;
mod output;
mod posts;
mod refusal;
#[cfg_attr(not(feature = "terminal"), expect(dead_code, reason = "nobody edits lines"))]
mod screen;
mod session;
mod shown;
#[cfg_attr(not(feature = "terminal"), path = "client/no_terminal.rs")]
mod terminal;
mod unsent;
mod visible;

/// Replies are collected up to this many bytes before they are printed.
const PIECE: usize = 64 * 1024;

/// Connects, and talks until the input ends or the server closes the connection. Returns which [`Ended`] it was. It
/// spawns a local task, so it must run in `block_on`. It reads the standard input and writes to the two standard
/// outputs of the process. If these are a terminal, the user can edit the lines.
///
/// If the server keeps history, a lost connection is replaced; after the end of the input, only to send the rest.
///
/// Dropping the future ends the conversation and closes the connection. Commands that are typed but not sent
/// are lost.
///
/// # Errors
///
/// - No connection: the error of `connect`. After a lost one: `NotConnected`, if the input has ended, requests
///   are left, and the grace period elapses.
/// - The connection breaks, and the client does not connect again: `ConnectionReset`, or `TimedOut` if the server
///   has vanished.
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
    let stream = connect(&address, options.keepalive).await?;
    let mut session = Session::new(&options);
    let signal = signalled(session.signals.take());
    let ended = future::or(signal, talk_on_and_on(&mut session, stream, &address, &options)).await;
    if let Some(terminal) = session.shared.terminal.take() {
        terminal.close(print_blocking).await;
    }
    match ended {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Ended::ByUser),
        ended => ended,
    }
}

/// Waits for a signal that ends the process.
async fn signalled(signals: Option<Signals>) -> io::Result<Ended> {
    if let Some(mut signals) = signals
        && let Some(number) = signals.next().await
    {
        return Ok(Ended::BySignal(number));
    }
    future::pending().await
}

/// Talks on one connection after the other (C4).
async fn talk_on_and_on(
    session: &mut Session,
    mut stream: TcpStream,
    address: &impl ToSocketAddrs,
    options: &Options,
) -> io::Result<Ended> {
    let mut hello = if is_interactive() { COMMANDS_AND_HISTORY } else { COMMANDS };
    let mut backoff = Backoff::new();
    loop {
        let ended = talk(session, stream, hello, options.grace).await;
        if !session.comes_back(&ended) {
            return ended;
        }
        let was_over = session.ended.is_some();
        report_loss(session, &ended);
        let is_known = session.lose_connection()?;
        stream = match connect_again(session, &mut backoff, address, options).await? {
            Some(stream) => stream,
            None if session.unsent.is_empty() && (was_over || !is_known) => return ended,
            None => return without_a_connection(session.unsent.len()),
        };
        hello = "";
    }
}

/// Talks on one connection, to its end or that of the input. Dropped, it prints nothing more.
async fn talk(session: &mut Session, stream: TcpStream, hello: &str, grace: Duration) -> io::Result<Ended> {
    // A task of its own has a poll budget of its own: a flood of replies does not hold up the commands.
    let replies = print_replies(BufReader::new(stream.clone()), session.shared.clone(), hello.to_owned());
    // A plain handle that is dropped would leave it printing.
    let mut replies = AbortOnDrop::new(task::spawn_local(replies));
    let commands = send_commands(session, &stream);
    let first = future::or(async { Err((&mut replies).await) }, async { Ok(commands.await) }).await;
    match first {
        Err(replied) => replied,
        Ok(commanded) => {
            let is_over = session.ended.is_some();
            let left = session.left_of(grace);
            let rest = async {
                if is_over {
                    send_the_rest(session, &stream).await;
                }
                future::pending().await
            };
            match timeout(left, future::or(&mut replies, rest)).await {
                Ok(replied) if is_over && session.shared.machine.borrow().is_cut_off() => replied,
                Ok(replied) => replied.and(commanded),
                // If the connection was lost, it is not the server's fault that something is not sent.
                Err(_) if !is_over => commanded,
                Err(_) => after_the_grace(session.unsent.len()),
            }
        }
    }
}

/// Sends a request for each command until the input ends. It leaves in `unsent` what the caller has yet to send.
async fn send_commands(session: &mut Session, server: &TcpStream) -> io::Result<Ended> {
    enum Event {
        Sent(io::Result<usize>),
        Read(io::Result<Option<Line>>),
        Requested,
    }
    loop {
        session.take_requests()?;
        if session.ended.is_some() {
            return Ok(Ended::ByUser);
        }
        let Session { lines, unsent, requested, .. } = session;
        let (to_send, room) = (!unsent.is_empty(), unsent.len() < AHEAD);
        let send = async {
            if to_send { Event::Sent(send_some(server, unsent).await) } else { future::pending().await }
        };
        let read = async { if room { Event::Read(lines.next().await) } else { future::pending().await } };
        let request = async {
            requested.recv().await;
            Event::Requested
        };
        match future::or(send, future::or(read, request)).await {
            Event::Sent(Ok(count)) => {
                session.unsent.sent(count, |line| session.shared.machine.borrow_mut().sent(line));
            }
            Event::Sent(Err(error)) => {
                session.shared.connection_is_lost();
                return lost(error);
            }
            Event::Read(line) => match line? {
                Some(line) => session.typed(line)?,
                None => session.end(),
            },
            Event::Requested => {}
        }
    }
}

/// Sends as much as the server takes at once, or waits until it takes something. Returns how many bytes it has
/// taken. Cancel-safe.
async fn send_some(mut server: &TcpStream, unsent: &Unsent) -> io::Result<usize> {
    server.write(unsent.next()).await
}

/// After the end of the input: sends what is left, and what the replies to it lead to, and closes this half of the
/// connection. If the connection is lost, the caller drops this future, and what is left stays in `unsent`.
async fn send_the_rest(session: &mut Session, server: &TcpStream) {
    loop {
        // It fails only if a request has no form in JSON.
        let _ = session.take_requests();
        if session.shared.lost.get() {
            return;
        } else if !session.unsent.is_empty() {
            match send_some(server, &session.unsent).await {
                Ok(count) => {
                    session.unsent.sent(count, |line| session.shared.machine.borrow_mut().sent(line));
                }
                // The connection has ended: the loop for the replies ends too.
                Err(_) => return,
            }
        } else if session.shared.machine.borrow().is_idle() {
            break;
        } else {
            session.requested.recv().await;
        }
    }
    session.shared.machine.borrow_mut().close();
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

/// Prints what the server sends, until the connection ends. Replies that have arrived already are printed in
/// one piece.
async fn print_replies(
    server: impl AsyncBufRead + Unpin,
    shared: Rc<Shared>,
    mut text: String,
) -> io::Result<Ended> {
    let mut replies = pin!(receive_as_json(server));
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
                shared.received(reply, &mut text);
                continue;
            }
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                tell(format_args!("The server sent a line that is not a reply: {error}"));
                continue;
            }
            Some(Err(error)) => lost(error),
            None => Ok(Ended::ByServer),
        };
        // Before it prints, which may take long: nothing more is sent to a server that reads no more.
        shared.connection_is_lost();
        let printed = print(&mut text).await;
        return printed.inspect_err(|_| shared.lost.set(false)).and(ended);
    }
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
