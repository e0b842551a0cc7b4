//! The client: what is typed goes to the server, what the server tells is printed.
//!
//! ```text
//!   stdin ──▶ parse_command ──▶ FromClient ──▶ server ──▶ FromServer ──▶ stdout
//! ```
//!
//! Two loops run side by side on one thread, that of the replies as a local task. That of the commands
//! ends with the input, and closes its half of the connection; that of the replies ends with the server.
//! After the input's end the replies go on for a short grace.
//!
//! Used by the program `client`. Next: `server/options`.

use std::io::{self, Write};
use std::net::Shutdown;
use std::pin::pin;
use std::time::Duration;

use executor::task;
use futures_lite::io::{AsyncBufRead, AsyncBufReadExt, BufReader};
use futures_lite::{StreamExt, future};
use reactor::net::{TcpStream, ToSocketAddrs};
use reactor::time::timeout;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;

use crate::framing::{receive_as_json, send_as_json};
use crate::{FromClient, FromServer};

/// What the client tells at its start.
///
/// ```
/// assert!(chat::client::COMMANDS.starts_with("Commands:\njoin GROUP\n"));
/// ```
pub const COMMANDS: &str = "Commands:
join GROUP
post GROUP MESSAGE...
Type Control-D to leave.
";

/// Replies are gathered up to so many bytes before they are printed.
const PIECE: usize = 64 * 1024;

/// How a client came to its end.
///
/// ```
/// use chat::client::Ended;
/// let status = |ended| if ended == Ended::ByServer { 1 } else { 0 };
/// assert_eq!((status(Ended::ByUser), status(Ended::ByServer)), (0, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The input ended, or nobody reads the output any more.
    ByUser,
    /// The server closed the connection while there was input to come.
    ByServer,
}

/// Connects, and talks until the input ends or the server goes. For the main thread's `block_on`.
///
/// # Errors
///
/// No connection; a standard stream that fails. A stdout that nobody reads any more is no error.
///
/// ```
/// use std::time::Duration;
/// let nobody = chat::client::run("127.0.0.1:1", Duration::ZERO);
/// let error = executor::task::block_on(nobody).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// ```
pub async fn run(address: impl ToSocketAddrs, grace: Duration) -> io::Result<Ended> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    match talk(stream, grace).await {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Ended::ByUser),
        ended => ended,
    }
}

async fn talk(stream: TcpStream, grace: Duration) -> io::Result<Ended> {
    print(COMMANDS.as_bytes())?;
    // A task of its own has a poll budget of its own: a flood of replies does not keep the commands.
    let mut replies = task::spawn_local(print_replies(BufReader::new(stream.clone())));
    let commands = send_commands(BufReader::new(reactor::io::stdin()), &stream);
    let first = future::or(async { Err((&mut replies).await) }, async { Ok(commands.await) }).await;
    let ended = match first {
        Err(replied) => replied,
        Ok(commanded) => timeout(grace, &mut replies).await.unwrap_or(Ok(Ended::ByUser)).and(commanded),
    };
    replies.abort();
    ended
}

/// Sends a request for each command. At the end of the input it closes this half of the connection.
async fn send_commands(mut input: impl AsyncBufRead + Unpin, mut server: &TcpStream) -> io::Result<Ended> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).await? > 0 {
        let command = String::from_utf8_lossy(&line);
        if let Some(request) = parse_command(&command)
            && send_as_json(&mut server, &request).await.is_err()
        {
            return Ok(Ended::ByServer);
        }
        line.clear();
    }
    // It fails if the server has gone: the replies tell.
    let _ = server.shutdown(Shutdown::Write);
    Ok(Ended::ByUser)
}

/// Understands one line of input. A `join` or `post` that lacks something, and an empty line, are
/// ignored; of another word the user is told.
///
/// ```
/// use chat::{FromClient, client::parse_command};
/// let post = parse_command("post tea   is it ready?\n");
/// let expected = FromClient::Post { group_name: "tea".into(), message: "is it ready?".into() };
/// assert_eq!(post, Some(expected));
/// assert_eq!(parse_command("join"), None);
/// ```
pub fn parse_command(line: &str) -> Option<FromClient> {
    // The newline is the terminal's; whatever else ends the line is the message's.
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let (command, rest) = first_word(line)?;
    match command {
        "join" => {
            let (group, rest) = first_word(rest)?;
            let alone = rest.trim_start().is_empty();
            alone.then(|| FromClient::Join { group_name: group.to_string() })
        }
        "post" => {
            let (group, rest) = first_word(rest)?;
            Some(FromClient::Post { group_name: group.to_string(), message: rest.trim_start().to_string() })
        }
        _ => {
            tell(format_args!("Unrecognized command: {line:?}"));
            None
        }
    }
}

/// Splits at the first white space after the first word; `None` if there is no word.
fn first_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Prints what the server tells until it ends. What is there already is printed in one piece.
async fn print_replies(server: impl AsyncBufRead + Unpin) -> io::Result<Ended> {
    let mut replies = pin!(receive_as_json(server));
    let mut text = String::new();
    loop {
        let ready = match text.len() < PIECE {
            true => future::poll_once(replies.next()).await,
            false => None,
        };
        let reply = match ready {
            Some(reply) => reply,
            None => {
                print(text.as_bytes())?;
                text.clear();
                replies.next().await
            }
        };
        match reply {
            Some(Ok(reply)) => describe(&reply, &mut text),
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                tell(format_args!("The server sent what is no reply: {error}"));
            }
            // The end, or a reset.
            None | Some(Err(_)) => {
                print(text.as_bytes())?;
                return Ok(Ended::ByServer);
            }
        }
    }
}

/// Appends a reply in the form that the user sees.
fn describe(reply: &FromServer, text: &mut String) {
    match reply {
        FromServer::Message { group_name, message } => {
            text.extend(["message posted to ", group_name, ": ", message, "\n"]);
        }
        FromServer::Error(error) => text.extend(["error from server: ", error, "\n"]),
    }
}

/// Prints all of it, however long that takes.
fn print(mut text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    while !text.is_empty() {
        match when_writable(|| stdout.write(text))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => text = &text[written..],
        }
    }
    when_writable(|| stdout.flush())
}

/// Waits as a blocking stdout does, for another program that shares it may have made it non-blocking.
fn when_writable<T>(mut write: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match write() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                retry_on_intr(|| poll(&mut [PollFd::new(&io::stdout(), PollFlags::OUT)], None))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Tells the user beside the conversation. A closed stderr is no reason to stop.
fn tell(what: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{what}");
}
