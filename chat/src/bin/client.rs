//! The program `client`: arguments and exit codes around [`chat::client`].
//!
//! A script that runs the client must be able to tell "the input has ended" from "the server hung up", so the
//! outcome becomes the exit code. The client runs on the main thread, in `block_on`: it has no work for a
//! pool. The last notes on stderr get a bounded time: a program that exits at once would lose them, and one
//! that waits for a stderr that is not read would never exit.
//!
//! Started by users and scripts. This is the last file in reading order.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use chat::client::{self, CatchUp, Ended, Options};
use executor::task;
use lexopt::prelude::*;
use reactor::notes;
use seconds::{keepalive, seconds};

mod seconds;

/// How long the program waits at its end for a slow stderr.
const LAST_NOTES: Duration = Duration::from_millis(500);

const HELP: &str = "\
A chat client. It reads commands from its input and prints what the server sends.

Usage: client [OPTIONS] [ADDRESS]

  ADDRESS              the server; localhost:8088 if none is given

Options:
  --grace SECONDS      after the end of the input: how long what was typed is still sent, and replies
                       are printed (1)
  --keepalive SECONDS  after how much silence the system asks whether the server is still there; the client
                       gives it up after about twice that time; 0 never asks (60)
  --catch-up           confirm each join, also if the input is no terminal: ask the server how many messages
                       the group has, and so whether it keeps history
  --no-catch-up        do not fetch what was missed, and end when the connection is lost
  -h, --help           this text

Commands:
  join GROUP                receive what is posted to a group
  post GROUP MESSAGE...     post to it
  history GROUP [NUMBER]    list the last messages that the server has kept (10; at most 1000)
  the end of the input (Control-D) leaves

If the server keeps history, what was dropped because this client was too slow is fetched, and printed once
and in order. A connection that is lost is made again, and goes on where it was; what is typed meanwhile is
sent then. After the end of the input it is made again only if something is left to be sent. A post that the
server may have taken or not is reported, and not sent again.

On a terminal the lines can be edited: the arrow keys, Tab for commands and groups, Control-R to search;
Control-C clears the line, and leaves if there is nothing on it.

A line of input has at most 1048576 bytes; a longer one is reported and not sent. A line that the server has
refused as too long is not sent again; and until there is a new connection, no other line above the server's
limit is sent. Each is reported. A message is printed as one line: its newlines are shown as \\n. On a
terminal all other control characters are shown like that too, as \\u{1b}; a pipe gets them as they were
sent. A stdout or stderr that is not read stops nothing else.

It exits with 0 at the end of its input, also if the server has refused some of it or something was reported
as not sent. It exits with 1 if it cannot connect, if it loses the connection before the server has read all
of the input and does not connect again, or if requests are left when the grace period has elapsed; and with
2 if the arguments are invalid.
";

fn main() -> ExitCode {
    let status = match arguments() {
        Ok(Some((address, options))) => talk(&address, options),
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("client: {error} (see --help)"));
            ExitCode::from(2)
        }
    };
    notes::stderr().flush(LAST_NOTES);
    status
}

fn talk(address: &str, options: Options) -> ExitCode {
    match task::block_on(client::run_with(address, options)) {
        Ok(Ended::ByUser) => ExitCode::SUCCESS,
        Ok(Ended::ByServer) => {
            tell(format_args!("The server closed the connection."));
            ExitCode::FAILURE
        }
        // As a shell reports it.
        Ok(Ended::BySignal(number)) => u8::try_from(128 + number).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            tell(format_args!("client: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Returns the address and the options; `None` if the argument was `--help`, which it prints.
fn arguments() -> Result<Option<(String, Options)>, lexopt::Error> {
    let mut address = None;
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("grace") => options.grace = seconds(parser.value()?)?,
            Long("keepalive") => options.keepalive = keepalive(parser.value()?)?,
            Long("catch-up") => options.catch_up = CatchUp::Always,
            Long("no-catch-up") => options.catch_up = CatchUp::Never,
            Short('h') | Long("help") => {
                let _ = io::stdout().write_all(HELP.as_bytes());
                return Ok(None);
            }
            Value(value) if address.is_none() => address = Some(value.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let address = address.unwrap_or_else(|| "localhost:8088".to_string());
    Ok(Some((address, options)))
}

/// Reports to the user. Another thread writes the report, so a stderr that is not read stops nothing.
fn tell(what: std::fmt::Arguments<'_>) {
    notes::stderr().tell(what);
}
