//! The program `server`: arguments, signals and exit codes around [`chat::server`].
//!
//! A process manager stops a server by SIGTERM, which by default kills it: what is queued for the clients
//! would be lost. And the first process of a container ignores a signal that it does not catch, so it would
//! not stop at all. So the program catches the signals before it does anything else, and the first one stops
//! the server through its `Handle`.
//!
//! Another thread writes to stderr. Otherwise a log that is not read would block the task that reports, and the
//! task that receives the signals.
//!
//! Started by operators. Next: `bin/client`.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chat::server::{Count, History, Options, RedisUrl, Retention, Server};
use executor::task::{self, JoinError};
use executor::trace;
use futures_lite::{StreamExt, future};
use lexopt::prelude::*;
use reactor::signal::{SIGINT, SIGTERM, SIGUSR1, Signals};
use reactor::{blocking, notes};
use seconds::{keepalive, seconds};

mod seconds;

/// How long the program waits at its end until its last messages are written.
const LAST_NOTES: Duration = Duration::from_millis(500);

/// How long a reply of Redis may take.
const REDIS_TIMEOUT: Duration = Duration::from_secs(10);

/// How much each thread of a recording keeps: 2 megabytes.
const EVENTS: usize = 1 << 17;

const HELP: &str = "\
A chat server. It speaks JSON, one value per line, and has groups that clients join and post to.

Usage: server [OPTIONS] [ADDRESS]

  ADDRESS              where to listen; localhost:8088 if none is given; port 0 takes a free port

Options:
  --line-limit BYTES   longest line of a client; a longer one ends its connection (65536)
  --groups N           groups that a connection may join (100)
  --bad-lines N        malformed lines in a row that end a connection (32)
  --connection-bytes N how much may wait for a connection in all its groups, their names included; beyond
                       that it loses the oldest messages, and is sent their number (8388608)
  --group-bytes N      how much a group keeps for slow members, besides the limit of 1000 messages (67108864)
  --memory N           how much all groups keep: half for messages, half for names (268435456)
  --keepalive SECONDS  silence after which the system asks whether a client's machine is still there; the
                       client is disconnected after about twice that time; 0: never (60)
  --grace SECONDS      how long a client that has closed its half goes on receiving (5)
  --web ADDRESS        listen here for browsers: a page for the chat, with a view of what the server does; everyone
                       who opens it can use the chat and that view
  --web-host NAME      a host's name, without a port, by which browsers may ask for the page, besides addresses and
                       localhost; repeatable
  --drain SECONDS      how long the server goes on writing what is queued when it stops (2)
  --history DIR        keep the messages in DIR: each gets a number, is delivered when it is safe on the disk,
                       and can be asked for later. Without this option nothing is kept
  --history-messages N how many messages of a group are kept; beyond that the oldest are removed (100000)
  --history-bytes N    how many bytes of a group's messages are kept (268435456)
  --history-age SECONDS  how long a message is kept; 0: for ever (0)
  --redis URL          keep the messages in Redis 7: all servers with the same Redis have the same groups. The URL is
                       redis://[user:password@]host[:port][/db], or rediss://... for TLS, if the server was built
                       with its feature rediss. Of each group the last --history-messages are kept. What survives
                       a power cut is decided by the settings of Redis (appendonly, appendfsync): the server says
                       at its start what they are
  --trace FILE         record what the server does, and save the last of it at SIGUSR1 and at the end: as a page, or
                       as Chrome's trace if the name ends with .json
  -h, --help           this text

SIGINT and SIGTERM stop it: it accepts no more clients, writes what is queued, and exits with 0. After a
second one it exits at once, with 128 plus the signal's number. On SIGUSR1 it prints on stderr how many
connections, groups, memberships and tasks there are, and what each task waits for. If stderr is not read the
server goes on, and counts the messages that it could not write. It exits with 1 if it cannot listen on the
address or cannot use the history or Redis, and with 2 if the arguments are invalid.
";

fn main() -> ExitCode {
    // The thread that writes to stderr also writes the message of a task's panic: here the write could block.
    std::panic::set_hook(Box::new(|panic| tell(format_args!("{panic}"))));
    let outcome = match arguments() {
        Ok(Some(arguments)) => run(arguments),
        Ok(None) => Ok(()),
        Err(error) => {
            tell(format_args!("{error} (see --help)"));
            Err(2)
        }
    };
    notes::stderr().flush(LAST_NOTES);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(status) => ExitCode::from(status),
    }
}

/// Serves, and records that if it is asked to. Returns the exit code of a failure.
fn run(arguments: Arguments) -> Result<(), u8> {
    let trace = arguments.trace.clone();
    let file = trace.as_deref();
    if file.is_some() && trace::start(EVENTS).is_err() {
        tell(format_args!(
            "--trace: UNROLLED_TRACE records the server already; that recording is saved here too"
        ));
    }
    let served = task::block_on(serve(arguments)).map_err(|error| {
        tell(format_args!("{error}"));
        1
    });
    save_trace(file);
    served
}

/// Saves what was recorded so far. This blocks.
fn save_trace(file: Option<&Path>) {
    if let (Some(file), Some(trace)) = (file, file.and_then(|_| trace::snapshot()))
        && let Err(error) = trace.save(file)
    {
        tell(format_args!("{error}"));
    }
}

/// Says what the server holds and what each task waits for, and saves the recording. This blocks.
fn explain(counts: &str, file: Option<&Path>) {
    let dump = executor::dump().to_string();
    let lines = dump.lines().filter(|line| !line.is_empty());
    let dump: String = lines.map(|line| format!("\n  {line}")).collect();
    tell(format_args!("{counts}{dump}"));
    save_trace(file);
}

/// Listens and serves. It catches the signals first: from then on none of them kills the process, and the
/// system ignores none, as it would for the first process of a container.
async fn serve(arguments: Arguments) -> io::Result<()> {
    let Arguments { address, options, trace, web, web_hosts } = arguments;
    let mut signals = Signals::new(&[SIGINT, SIGTERM, SIGUSR1])?;
    let bound = async { Some(bind(&address, options, web, web_hosts).await) };
    let asked_to_stop = async {
        while signals.next().await == Some(SIGUSR1) {
            tell(format_args!("starting"));
        }
        None
    };
    // The lookup of a name may take minutes. Its thread does not keep the process from ending.
    let Some(server) = future::or(asked_to_stop, bound).await else { return Ok(()) };
    let server = server?;
    let (address, web, handle) = (server.local_addr()?, server.web_addr(), server.handle());
    // On the pool: a worker runs this task without waking this thread first.
    let serving = task::spawn(server.run());
    if !serving.is_finished() {
        notes::stdout().tell(format_args!("listening on {address}"));
        if let Some(web) = web {
            notes::stdout().tell(format_args!("the page is at http://{web}/"));
        }
    }
    let stopper = task::spawn_local(async move {
        let mut stopping = false;
        while let Some(signal) = signals.next().await {
            if signal == SIGUSR1 {
                let (counts, trace) = (counts(handle.count()), trace.clone());
                // Not as a task, which would be counted at the next signal. Without a thread there is no report.
                let _ = blocking::submit(Box::new(move || explain(&counts, trace.as_deref())));
            } else if stopping {
                std::process::exit(128 + signal);
            } else {
                handle.stop();
                stopping = true;
            }
        }
    });
    let served = serving.try_join().await;
    stopper.abort();
    match served {
        Ok(outcome) => outcome,
        // This function does not cancel it, so the pool had no thread to run it.
        Err(JoinError::Cancelled) => Err(io::Error::other("no thread can be started to serve on")),
        Err(JoinError::Panicked(payload)) => std::panic::resume_unwind(payload),
    }
}

/// Listens for clients, and for browsers if it is asked to.
async fn bind(
    address: &str,
    options: Options,
    web: Option<String>,
    web_hosts: Vec<String>,
) -> io::Result<Server> {
    let mut server = Server::bind(address, options).await?;
    if let Some(web) = web {
        server.open_web(web.as_str(), web_hosts).await?;
    }
    Ok(server)
}

fn counts(count: Count) -> String {
    let Count { connections, groups, memberships } = count;
    let tasks = executor::metrics().alive;
    format!("{connections} connections, {groups} groups, {memberships} memberships, {tasks} tasks")
}

/// What the program is asked to do.
struct Arguments {
    address: String,
    options: Options,
    trace: Option<PathBuf>,
    web: Option<String>,
    web_hosts: Vec<String>,
}

/// Returns the arguments; `None` if the argument was `--help`, which it prints.
fn arguments() -> Result<Option<Arguments>, lexopt::Error> {
    let (mut address, mut trace, mut web, mut web_hosts) = (None, None, None, Vec::new());
    let mut options = Options::default();
    let (mut directory, mut redis, mut retention) = (None, None, Retention::default());
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("line-limit") => options.line_limit = parser.value()?.parse()?,
            Long("groups") => options.groups = parser.value()?.parse()?,
            Long("bad-lines") => options.bad_lines = parser.value()?.parse()?,
            Long("connection-bytes") => options.connection_bytes = parser.value()?.parse()?,
            Long("group-bytes") => options.group_bytes = parser.value()?.parse()?,
            Long("memory") => options.memory = parser.value()?.parse()?,
            Long("keepalive") => options.keepalive = keepalive(parser.value()?)?,
            Long("grace") => options.grace = seconds(parser.value()?)?,
            Long("history") => directory = Some(PathBuf::from(parser.value()?)),
            Long("redis") => redis = Some(redis_url(&parser.value()?)?),
            Long("history-messages") => retention.messages = parser.value()?.parse()?,
            Long("history-bytes") => retention.bytes = parser.value()?.parse()?,
            Long("history-age") => {
                retention.age = Some(seconds(parser.value()?)?).filter(|age| !age.is_zero());
            }
            Long("trace") => trace = Some(PathBuf::from(parser.value()?)),
            Long("drain") => options.drain = seconds(parser.value()?)?,
            Long("web") => web = Some(parser.value()?.string()?),
            Long("web-host") => web_hosts.push(host_name(parser.value()?.string()?)?),
            Short('h') | Long("help") => {
                let _ = io::stdout().write_all(HELP.as_bytes());
                return Ok(None);
            }
            Value(value) if address.is_none() => address = Some(value.string()?),
            other => return Err(other.unexpected()),
        }
    }
    if web.is_none() && !web_hosts.is_empty() {
        return Err("--web-host is for the page: it needs --web".into());
    }
    let address = address.unwrap_or_else(|| "localhost:8088".to_string());
    options.history = history(directory, redis, retention)?;
    Ok(Some(Arguments { address, options, trace, web, web_hosts }))
}

/// Returns the name if it can be that of a host. With a port, or as a URL, it would never match: requests are compared
/// without their port.
fn host_name(name: String) -> Result<String, lexopt::Error> {
    let may_be_there = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    match name.bytes().all(may_be_there) && !name.is_empty() {
        true => Ok(name),
        false => Err(format!("--web-host {name:?}: a host's name is expected, without a port").into()),
    }
}

/// Parses a URL whose password no error may contain.
fn redis_url(value: &OsStr) -> Result<RedisUrl, lexopt::Error> {
    let url = value.to_str().ok_or("--redis: the URL is not UTF-8")?;
    url.parse().map_err(|error| format!("--redis: {error}").into())
}

/// Returns where messages are kept, if the options for it go together.
fn history(
    directory: Option<PathBuf>,
    redis: Option<RedisUrl>,
    retention: Retention,
) -> Result<History, lexopt::Error> {
    let usual = Retention::default();
    match (directory, redis) {
        (Some(_), Some(_)) => Err("--history and --redis: the messages are kept in one of them".into()),
        (Some(directory), None) => Ok(History::Disk { directory, retention }),
        (None, Some(_)) if (retention.bytes, retention.age) != (usual.bytes, usual.age) => {
            Err("--history-bytes and --history-age: with --redis only --history-messages is a limit".into())
        }
        (None, Some(_)) if retention.messages == 0 => {
            Err("--history-messages 0: with --redis at least 1, since servers read what others post there"
                .into())
        }
        (None, Some(url)) => Ok(History::Redis { url, messages: retention.messages, timeout: REDIS_TIMEOUT }),
        (None, None) if retention != usual => {
            Err("--history-messages, --history-bytes and --history-age need --history DIR, or --redis URL"
                .into())
        }
        (None, None) => Ok(History::None),
    }
}

/// Reports to the operator. Another thread writes the report, so a stderr that is not read stops nothing.
fn tell(what: std::fmt::Arguments<'_>) {
    notes::stderr().tell(format_args!("server: {what}"));
}
