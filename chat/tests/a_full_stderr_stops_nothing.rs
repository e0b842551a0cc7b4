//! A server whose stderr or stdout is not read serves its clients, and its signals work. If a task wrote to
//! the stream itself, the full pipe would block its thread.

mod common;

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitStatus, Stdio};

use common::{Client, KillOnDrop};
use rustix::process::{Pid, Signal, kill_process};

/// A pipe that takes no more bytes.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
    rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    // Whole pages first, then the rest of the last one.
    for piece in [&[b'x'; 4096][..], b"x"] {
        while writer.write(piece).is_ok() {}
    }
    rustix::fs::fcntl_setfl(&writer, flags).unwrap();
    (reader, writer)
}

/// A server whose output is not read. Dropping it kills the server.
struct Stuck {
    child: KillOnDrop,
    address: SocketAddr,
}

impl Stuck {
    fn start(mut command: Command, stdout: Stdio, stderr: Stdio) -> Self {
        let address = common::unused_address();
        command.arg(address.to_string()).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let child = command.spawn().unwrap();
        common::eventually("it listens", || TcpStream::connect(address).is_ok());
        Self { child: KillOnDrop(child), address }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    #[track_caller]
    fn serves(&self) {
        let mut ann = Client::connect(self.address);
        ann.join_and_wait("g");
        ann.post("g", "hello");
        ann.expect_message("g", "hello");
    }

    #[track_caller]
    fn wait(&mut self) -> ExitStatus {
        common::exit_of(&mut self.child)
    }
}

fn server() -> Command {
    Command::new(env!("CARGO_BIN_EXE_server"))
}

#[test]
fn a_signal_that_is_reported_does_not_hide_the_next() {
    let (_reader, writer) = full_pipe();
    let mut server = Stuck::start(server(), Stdio::null(), writer.into());
    for _ in 0..3 {
        server.signal(Signal::USR1);
        server.serves();
    }
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn the_second_signal_ends_it_at_once() {
    let (_reader, writer) = full_pipe();
    let mut command = server();
    command.args(["--drain", "600"]);
    let mut server = Stuck::start(command, Stdio::null(), writer.into());
    // A client that never reads, with more queued than the sockets take.
    let mut silent = Client::connect(server.address);
    silent.join_and_wait("g");
    let mut poster = Client::connect(server.address);
    poster.join_and_wait("g");
    let message = "x".repeat(60_000);
    for _ in 0..300 {
        poster.post("g", &message);
        poster.expect_message("g", &message);
    }
    server.signal(Signal::USR1);
    server.signal(Signal::TERM);
    poster.expect_end();
    assert!(server.child.try_wait().unwrap().is_none(), "it writes what is queued");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(143));
}

#[test]
fn a_full_stdout_at_the_start_keeps_no_client_out() {
    let (_reader, writer) = full_pipe();
    let mut server = Stuck::start(server(), writer.into(), Stdio::null());
    server.serves();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn at_the_descriptor_limit_old_clients_are_served_and_new_ones_let_in() {
    for threads in ["1", "2"] {
        let (_reader, writer) = full_pipe();
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 40; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_server")]);
        command.env("UNROLLED_THREADS", threads);
        let mut server = Stuck::start(command, Stdio::null(), writer.into());
        let mut old = Client::connect(server.address);
        old.join_and_wait("g");
        let mut crowd: Vec<Client> = (0..60).map(|_| Client::connect(server.address)).collect();
        crowd.iter().for_each(|client| client.join("g"));
        // The limit of 40 descriptors is reached, so some of the crowd are not accepted.
        let descriptors = format!("/proc/{}/fd", server.child.id());
        common::eventually("it is at the limit", || std::fs::read_dir(&descriptors).unwrap().count() >= 39);
        old.post("g", "at the limit");
        old.expect_message("g", "at the limit");
        let mut last = crowd.pop().unwrap();
        crowd.into_iter().for_each(Client::reset);
        last.join_and_wait("g");
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0));
    }
}

#[test]
fn nonsense_in_the_environment_keeps_no_client_out() {
    let (_reader, writer) = full_pipe();
    let mut command = server();
    command.env("UNROLLED_THREADS", "many");
    let mut server = Stuck::start(command, Stdio::null(), writer.into());
    server.serves();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn an_error_that_cannot_be_reported_still_exits_with_1() {
    let (_reader, writer) = full_pipe();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = server();
    command.arg(taken.local_addr().unwrap().to_string());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer).spawn().unwrap();
    let mut status = None;
    common::eventually("it ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(1));
}

/// What a server has said to a stderr that nobody read while it got this many signals.
fn said_after(signals: usize) -> String {
    let (mut reader, writer) = full_pipe();
    let mut server = Stuck::start(server(), Stdio::null(), writer.into());
    for _ in 0..signals {
        server.signal(Signal::USR1);
        // The server has received the signal when a later client is served, or soon after. Two signals before
        // that count as one.
        server.serves();
    }
    let reading = std::thread::spawn(move || {
        let mut said = String::new();
        reader.read_to_string(&mut said).unwrap();
        said
    });
    // Notes that come after the count are written again.
    server.serves();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    drop(server);
    reading.join().unwrap().trim_start_matches('x').to_owned()
}

#[test]
fn what_was_dropped_is_counted_when_it_is_read_again() {
    /// As many notes wait; see `reactor::notes`.
    const QUEUE: usize = 64;
    let mut signals = 500;
    loop {
        let said = said_after(signals);
        let notes = said.lines().filter(|line| line.contains(" connections, ")).count();
        let dropped =
            said.lines().find(|line| line.ends_with(" notes were dropped: the stream was not read"));
        if dropped.is_none() && notes <= QUEUE && signals < 50_000 {
            signals *= 2; // On a busy machine most signals counted as one, and all notes found room.
            continue;
        }
        let count = dropped.and_then(|line| line.split(' ').next()).unwrap_or_else(|| panic!("{said}"));
        let count: usize = count.parse().unwrap();
        assert!(count > 0 && notes > 0 && count + notes <= signals, "{count} and {notes}");
        return;
    }
}
