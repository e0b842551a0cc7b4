//! The server stops when it is asked to, with the promised exit code. An operator reads one clear line for
//! each error. Without this a stop loses what is queued, or never ends because of a client that does not
//! read.

mod common;

use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use chat::server::Options;
use common::{InProcess, Program};
use rustix::process::Signal;

#[test]
fn both_signals_stop_it_with_0() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut server = Program::start(&["--drain", "600"]);
        let mut ann = server.client();
        ann.join_and_wait("g");
        let _idle = server.client();
        server.signal(signal);
        ann.expect_end();
        assert_eq!(server.wait().code(), Some(0));
        assert!(TcpStream::connect(server.address).is_err());
    }
}

#[test]
fn what_is_queued_is_written_before_the_end() {
    let mut server = Program::start(&["--drain", "600", "--connection-bytes", "67108864"]);
    let (mut slow, mut poster) = (server.client(), server.client());
    slow.join_and_wait("g");
    poster.join_and_wait("g");
    // More than the sockets' buffers hold, less than the channel keeps.
    let message = "x".repeat(60_000);
    for _ in 0..300 {
        poster.post("g", &message);
        poster.expect_message("g", &message);
    }
    server.signal(Signal::TERM);
    poster.expect_end();
    for _ in 0..300 {
        slow.expect_message("g", &message);
    }
    slow.expect_end();
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn one_that_never_reads_holds_it_up_for_the_drain_time_only() {
    let mut server = Program::start(&["--drain", "0.3"]);
    let (mut silent, mut poster) = (server.client(), server.client());
    silent.join_and_wait("g");
    poster.join_and_wait("g");
    let message = "x".repeat(60_000);
    for _ in 0..300 {
        poster.post("g", &message);
        poster.expect_message("g", &message);
    }
    let start = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn a_second_signal_exits_at_once() {
    let mut server = Program::start(&["--drain", "600"]);
    let (mut silent, mut poster) = (server.client(), server.client());
    silent.join_and_wait("g");
    poster.join_and_wait("g");
    let message = "x".repeat(60_000);
    for _ in 0..300 {
        poster.post("g", &message);
        poster.expect_message("g", &message);
    }
    server.signal(Signal::INT);
    // The server is stopping: it has closed the connection of the client that reads.
    poster.expect_end();
    assert!(server.child.try_wait().unwrap().is_none());
    server.signal(Signal::INT);
    assert_eq!(server.wait().code(), Some(130));
}

#[test]
fn a_stopped_server_has_ended_all_connections() {
    let mut server = InProcess::start(Options::default());
    let mut clients: Vec<_> = (0..20).map(|_| server.client()).collect();
    for client in &mut clients {
        client.join_and_wait("g");
    }
    server.handle.stop();
    server.handle.stop();
    server.wait().unwrap();
    server.settles_at(0, 0, 0);
    for client in &mut clients {
        client.expect_end();
    }
    server.handle.stop();
}

#[test]
fn it_reports_its_state_and_goes_on() {
    let mut server = Program::start(&["--drain", "600"]);
    let empty = server.held_at_rest();
    assert_eq!((empty.connections, empty.groups, empty.memberships), (0, 0, 0));
    let mut ann = server.client();
    ann.join_and_wait("g");
    ann.join_and_wait("h");
    let _bob = server.client();
    common::eventually("two connections", || server.held().connections == 2);
    let held = server.held();
    assert_eq!((held.groups, held.memberships), (2, 2));
    // One task for each connection, and one for each membership.
    assert_eq!(held.tasks, empty.tasks + 4);
    server.signal(Signal::TERM);
    ann.expect_end();
    assert_eq!(server.wait().code(), Some(0));
}

/// Runs the server with arguments with which it cannot serve, until it exits.
fn refused(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.args(arguments);
    ended(command)
}

fn ended(mut command: Command) -> Output {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    common::eventually("it exits", || child.try_wait().unwrap().is_some());
    child.wait_with_output().unwrap()
}

/// The server has printed one line on stderr, which contains `part`.
fn one_line(output: &Output, part: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("server: ") && said.contains(part), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_address_in_use_is_one_clear_line() {
    let server = InProcess::start(Options::default());
    let address = server.address.to_string();
    let output = refused(&[&address]);
    assert_eq!(output.status.code(), Some(1));
    one_line(&output, &address);
    one_line(&output, "in use");
}

#[test]
fn a_bad_address_is_one_clear_line() {
    for address in ["nonsense", "", "localhost:99999", "host.invalid:80", ":::", "192.0.2.1:1"] {
        let output = refused(&[address]);
        assert_eq!(output.status.code(), Some(1), "{address}");
        one_line(&output, address);
    }
}

#[test]
fn no_thread_available_is_one_clear_line() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    // Each thread is given a stack larger than the memory.
    command.arg("127.0.0.1:0").env("RUST_MIN_STACK", (1_u64 << 50).to_string());
    let output = ended(command);
    assert_eq!(output.status.code(), Some(1));
    one_line(&output, "no thread");
}

#[test]
fn no_descriptor_available_is_one_clear_line() {
    // Too few for the reactor, for the listener, and for the signals.
    for limit in [4, 7, 10] {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {limit}; exec \"$0\" 127.0.0.1:0");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_server")]);
        let output = ended(command);
        assert_eq!(output.status.code(), Some(1));
        one_line(&output, "Too many open files");
    }
}

#[test]
fn arguments_without_sense_are_one_clear_line() {
    let cases: [(&[&str], &str); 8] = [
        (&["--nonsense"], "--nonsense"),
        (&["localhost:0", "another"], "another"),
        (&["--grace", "soon"], "soon"),
        (&["--grace", "-1"], "-1"),
        (&["--line-limit", "many"], "many"),
        (&["--groups"], "--groups"),
        (&["--keepalive", "40000"], "32767"),
        (&["--memory", "-1"], "-1"),
    ];
    for (arguments, part) in cases {
        let output = refused(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        one_line(&output, part);
    }
}

#[test]
fn help_shows_every_option_and_its_default() {
    let output = refused(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    let default = Options::default();
    let parts = [
        "localhost:8088".to_string(),
        format!("({})", default.line_limit),
        format!("({})", default.groups),
        format!("({})", default.bad_lines),
        format!("({})", default.connection_bytes),
        format!("({})", default.group_bytes),
        format!("({})", default.memory),
        format!("({})", default.keepalive.unwrap().as_secs()),
        format!("({})", default.grace.as_secs()),
        format!("({})", default.drain.as_secs()),
    ];
    for part in parts {
        assert!(help.contains(&part), "{part} is not in:\n{help}");
    }
}

#[test]
fn a_closed_stdout_and_stderr_do_not_stop_it() {
    let address = common::unused_address();
    let script = "exec \"$0\" \"$1\" >&- 2>&-";
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_server"), &address.to_string()])
        .spawn()
        .unwrap();
    common::eventually("it serves", || TcpStream::connect(address).is_ok());
    let mut ann = common::Client::connect(address);
    ann.join_and_wait("g");
    child.kill().unwrap();
    child.wait().unwrap();
}
