//! The program `client`: arguments and exit codes around [`chat::client`].

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use chat::client::{self, Ended};
use executor::task;
use lexopt::prelude::*;

const HELP: &str = "\
A chat client. It reads commands from its input and prints what the server tells.

Usage: client [OPTIONS] [ADDRESS]

  ADDRESS              the server; localhost:8088 if none is given

Options:
  --grace SECONDS      how long replies are still printed after the end of the input (1)
  -h, --help           this text

Commands:
  join GROUP                receive what is posted to a group
  post GROUP MESSAGE...     post to it
  the end of the input (Control-D) leaves

It exits with 0 at the end of its input; with 1 when it cannot connect, or when the server goes
before that; with 2 for arguments that make no sense.
";

fn main() -> ExitCode {
    let (address, grace) = match arguments() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("client: {error} (see --help)"));
            return ExitCode::from(2);
        }
    };
    match task::block_on(client::run(&address, grace)) {
        Ok(Ended::ByUser) => ExitCode::SUCCESS,
        Ok(Ended::ByServer) => {
            tell(format_args!("The server closed the connection."));
            ExitCode::FAILURE
        }
        Err(error) => {
            tell(format_args!("client: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The address and the grace; `None` if help was asked for, and given.
fn arguments() -> Result<Option<(String, Duration)>, lexopt::Error> {
    let mut address = None;
    let mut grace = Duration::from_secs(1);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("grace") => {
                grace = parser.value()?.parse_with(|text| match text.parse() {
                    Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()),
                    Err(_) => Err("not a number of seconds".to_string()),
                })?;
            }
            Short('h') | Long("help") => {
                let _ = io::stdout().write_all(HELP.as_bytes());
                return Ok(None);
            }
            Value(value) if address.is_none() => address = Some(value.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let address = address.unwrap_or_else(|| "localhost:8088".to_string());
    Ok(Some((address, grace)))
}

fn tell(what: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{what}");
}
