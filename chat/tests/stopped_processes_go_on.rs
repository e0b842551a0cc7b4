//! A client or server that is stopped for a while (by SIGSTOP, or because a laptop sleeps) goes on where it
//! was. No other client waits for a stopped one. A stop interrupts waits in system calls, and deadlines
//! elapse during it.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{Client, DEADLINE, KillOnDrop, Program};
use rustix::process::{Pid, Signal, kill_process};

/// How long a process is stopped.
fn pause() -> Duration {
    Duration::from_secs(common::size(1, 10) as u64)
}

/// The program `client`, with its output line by line.
struct Talker {
    child: KillOnDrop,
    lines: mpsc::Receiver<String>,
}

impl Talker {
    fn start(server: &Program) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_client"))
            .arg(server.address.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let talker = Self { child: KillOnDrop(child), lines };
        (0..4).for_each(|_| drop(talker.line()));
        talker
    }

    fn say(&mut self, command: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{command}").unwrap();
    }

    #[track_caller]
    fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("the client prints a line")
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

/// Posts messages with these numbers, and receives them all, which shows that it does not wait for a stopped
/// client.
fn posts(witness: &mut Client, numbers: std::ops::Range<usize>, filling: &str) {
    for number in numbers {
        witness.post("g", &format!("{number} {filling}"));
        witness.expect_message("g", &format!("{number} {filling}"));
    }
}

#[test]
fn a_stopped_client_goes_on_where_it_was() {
    let server = Program::start(&["--grace", "0.5"]);
    let mut witness = server.client();
    witness.join_and_wait("g");
    let before = server.held();
    let mut talker = Talker::start(&server);
    talker.say("join g");
    common::eventually("it is a member", || server.held().memberships == 2);
    posts(&mut witness, 0..1, "");
    assert_eq!(talker.line(), "message posted to g: 0 ");

    talker.signal(Signal::STOP);
    posts(&mut witness, 1..400, "while it stands still");
    thread::sleep(pause());
    talker.signal(Signal::CONT);
    for number in 1..400 {
        assert_eq!(talker.line(), format!("message posted to g: {number} while it stands still"));
    }

    // More than the sockets' buffers and the group's channel hold: the client loses some, and is sent their
    // number.
    talker.signal(Signal::STOP);
    let last = 4000;
    posts(&mut witness, 400..last + 1, &"x".repeat(8000));
    thread::sleep(pause());
    talker.signal(Signal::CONT);
    let (mut next, mut lost) = (400, 0);
    while next <= last {
        let line = talker.line();
        if let Some(rest) = line.strip_prefix("error from server: Dropped ") {
            let dropped: usize = rest.split(' ').next().unwrap().parse().unwrap();
            lost += dropped;
            next += dropped;
        } else {
            assert!(line.starts_with(&format!("message posted to g: {next} x")), "{line:.80}");
            next += 1;
        }
    }
    assert!(lost > 0, "the buffers took it all");
    assert_eq!(next, last + 1, "what it got and what it lost add up");

    talker.say("post g I am back");
    assert_eq!(talker.line(), "message posted to g: I am back");
    witness.expect_message("g", "I am back");
    drop(talker);
    // The channel held 8 MB.
    server.comes_back_within(before, 24 << 20);
}

#[test]
fn a_stopped_server_goes_on_where_it_was() {
    let server = Program::start(&["--grace", "0.5"]);
    let (mut ann, mut bob) = (server.client(), server.client());
    ann.join_and_wait("g");
    bob.join_and_wait("g");
    let before = server.held();
    let mut leaving = server.client();
    leaving.join_and_wait("g");

    // Its grace period elapses while the server is stopped.
    leaving.half_close();
    server.signal(Signal::STOP);
    // The system accepts requests and new connections for the stopped server.
    for number in 0..200 {
        ann.post("g", &number.to_string());
    }
    let mut fresh: Vec<Client> = (0..100).map(|_| server.client()).collect();
    for client in &fresh {
        client.join("h");
    }
    let gone: Vec<Client> = (0..100).map(|_| server.client()).collect();
    gone.into_iter().for_each(Client::reset);
    thread::sleep(pause());
    server.signal(Signal::CONT);

    for number in 0..200 {
        ann.expect_message("g", &number.to_string());
        bob.expect_message("g", &number.to_string());
    }
    // It receives the first posts, or all, or none: the grace period may have elapsed before they are carried
    // out.
    let mut heard = String::new();
    leaving.stream.read_to_string(&mut heard).unwrap();
    for (number, line) in heard.lines().enumerate() {
        assert_eq!(line, common::message_line("g", &number.to_string()));
    }
    for client in &mut fresh {
        client.join_and_wait("h");
    }
    fresh[0].post("h", "all here");
    for client in &mut fresh {
        client.expect_message("h", "all here");
    }
    fresh.into_iter().for_each(Client::reset);
    drop(leaving);
    server.comes_back_to(before);
    // No work is left over.
    thread::sleep(Duration::from_millis(200));
    let ticks = server.cpu_ticks();
    thread::sleep(Duration::from_secs(1));
    let spent = server.cpu_ticks() - ticks;
    assert!(spent <= 1, "{spent} ticks in a second with nothing to do");
}

/// Interrupts all waits of the server. A wait of epoll then fails with EINTR, and a wait of futex goes on.
#[test]
fn waits_that_are_interrupted_again_and_again() {
    let server = Program::start(&["--grace", "0.5"]);
    let before = server.held_at_rest();
    let mut members: Vec<Client> = (0..10).map(|_| server.client()).collect();
    for member in &mut members {
        member.join_and_wait("g");
    }
    for number in 0..common::size(300, 5000) {
        let text = number.to_string();
        match number % 3 {
            0 => drop(server.held()),
            _ => {
                server.signal(Signal::STOP);
                server.signal(Signal::CONT);
            }
        }
        members[number % 10].post("g", &text);
        for member in &mut members {
            member.expect_message("g", &text);
        }
    }
    members.into_iter().for_each(Client::reset);
    server.comes_back_to(before);
}
