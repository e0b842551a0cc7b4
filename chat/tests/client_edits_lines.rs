//! The client on a terminal: lines are edited, messages appear above the line that is being typed, and the
//! terminal is at the end as it was before.

mod common;
#[path = "common/fake_server.rs"]
mod fake_server;
#[path = "common/terminal.rs"]
mod terminal;

use std::os::fd::OwnedFd;
use std::process::Command;

use common::{KillOnDrop, eventually, exit_of};
use fake_server::FakeServer;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{ControlModes, LocalModes, Termios, tcgetattr};
use terminal::{Screen, terminal};

/// A client program on a terminal. Dropping it kills the program.
struct OnTerminal {
    child: KillOnDrop,
    screen: Screen,
    program: OwnedFd,
    before: Termios,
}

/// Starts a client program on a terminal of this kind.
fn spawn(program: &OwnedFd, server: &FakeServer, kind: &str) -> KillOnDrop {
    let child = Command::new(env!("CARGO_BIN_EXE_client"))
        .args([&*server.address(), "--grace", "0.2"])
        .env("TERM", kind)
        .stdin(program.try_clone().unwrap())
        .stdout(program.try_clone().unwrap())
        .stderr(program.try_clone().unwrap())
        .spawn();
    KillOnDrop(child.unwrap())
}

impl OnTerminal {
    fn start(server: &FakeServer, kind: &str) -> Self {
        let (screen, program) = terminal();
        let before = tcgetattr(&program).unwrap();
        Self { child: spawn(&program, server, kind), screen: Screen::new(screen), program, before }
    }

    /// Waits until a line can be typed.
    #[track_caller]
    fn is_ready(&mut self) {
        self.screen.shows(&["Type Control-D to leave.", ">"]);
    }

    /// Leaves it by a Control-D, and looks how it ends.
    #[track_caller]
    fn leaves(&mut self, server: &mut FakeServer) {
        self.screen.press("\u{4}");
        server.expect_end();
        server.close();
        self.ends_with(0);
    }

    /// Waits until it has exited, and looks whether the terminal is as it was before.
    #[track_caller]
    fn ends_with(&mut self, code: i32) {
        assert_eq!(exit_of(&mut self.child).code(), Some(code));
        assert_eq!(modes(&tcgetattr(&self.program).unwrap()), modes(&self.before));
    }
}

fn modes(modes: &Termios) -> String {
    // The input speed is a field of its own. Some versions of libc write it into these bits too (CIBAUD).
    let mut modes = modes.clone();
    modes.control_modes &= ControlModes::from_bits_retain(!0o2_003_600_000);
    format!("{modes:?}")
}

const WELCOME: &str = "message posted to tea: welcome";

/// Starts a client whose server keeps no history, and joins `tea`.
fn in_tea() -> (FakeServer, OnTerminal) {
    let mut server = FakeServer::start();
    let mut client = OnTerminal::start(&server, "xterm");
    server.accept();
    client.is_ready();
    client.screen.press("join tea\r");
    server.expect_join("tea", None);
    server.expect_history("tea", 0);
    server.send_error("malformed request: unknown variant `History`");
    // Now it knows.
    send_message(&mut server, "welcome");
    client.screen.shows(&["> join tea", WELCOME, ">"]);
    (server, client)
}

fn send_message(server: &mut FakeServer, text: &str) {
    server.send(&format!("{{\"Message\":{{\"group_name\":\"tea\",\"message\":\"{text}\"}}}}"));
}

#[test]
fn a_message_appears_above_the_line_that_is_being_typed() {
    let (mut server, mut client) = in_tea();
    client.screen.press("post tea hel");
    client.screen.shows(&["> post tea hel"]);
    send_message(&mut server, "one");
    client.screen.shows(&["> join tea", WELCOME, "message posted to tea: one", "> post tea hel"]);
    client.screen.press("lp\u{7f}o\u{1b}[D\u{1b}[D\u{1b}[D\u{1b}[C!");
    client.screen.shows(&["> post tea hel!lo"]);
    send_message(&mut server, r"two\u001b[2J");
    let two = r"message posted to tea: two\u{1b}[2J";
    client.screen.shows(&["message posted to tea: one", two, "> post tea hel!lo"]);
    client.screen.press("\r");
    server.expect_post("tea", "hel!lo");
    // The line before is there again with the arrow key.
    client.screen.press("\u{1b}[A");
    client.screen.shows(&[two, "> post tea hel!lo", "> post tea hel!lo"]);
    client.screen.press(" again\r");
    server.expect_post("tea", "hel!lo again");
    client.leaves(&mut server);
}

#[test]
fn a_note_appears_above_the_line_too() {
    let (_server, mut client) = in_tea();
    client.screen.press("join\r");
    client.screen.shows(&["> join", "Usage: join GROUP (one word)", ">"]);
    client.screen.press("leave\r");
    client.screen.shows(&["> leave", "Unrecognized command: \"leave\"", ">"]);
}

#[test]
fn tab_completes_commands_and_the_groups_that_were_seen() {
    let (mut server, mut client) = in_tea();
    client.screen.press("po\t");
    client.screen.shows(&["> post"]);
    client.screen.press("t\thello\r");
    server.expect_post("tea", "hello");
    client.screen.press("join two\r");
    server.expect_join("two", None);
    client.screen.press("post t\t");
    client.screen.shows(&["tea  two", "> post t"]);
    client.screen.press("w\tx\r");
    server.expect_post("two", "x");
}

#[test]
fn control_c_clears_the_line_and_leaves_if_there_is_none() {
    let (mut server, mut client) = in_tea();
    client.screen.press("post tea nothing");
    client.screen.shows(&["> post tea nothing"]);
    client.screen.press("\u{3}");
    client.screen.shows(&["> post tea nothing", ">"]);
    client.screen.press("\u{3}");
    server.expect_end();
    client.ends_with(0);
}

#[test]
fn lines_that_are_typed_ahead_or_pasted_are_all_sent() {
    let (mut server, mut client) = in_tea();
    client.screen.press("post tea one\rpost tea two\rpost tea three\r");
    for text in ["one", "two", "three"] {
        server.expect_post("tea", text);
    }
    client.screen.press("\u{1b}[200~post tea four\rpost tea five\u{1b}[201~\r");
    for text in ["four", "five"] {
        server.expect_post("tea", text);
    }
}

#[test]
fn the_end_of_the_server_leaves_the_terminal_as_it_was() {
    let (mut server, mut client) = in_tea();
    client.screen.press("post tea half");
    client.screen.shows(&["> post tea half"]);
    assert!(!tcgetattr(&client.program).unwrap().local_modes.contains(LocalModes::ECHO));
    server.close();
    client.ends_with(1);
    client.screen.shows(&["> post tea half", "The server closed the connection."]);
}

#[test]
fn a_connection_that_is_lost_costs_nothing_of_the_line() {
    let mut server = FakeServer::start();
    let mut client = OnTerminal::start(&server, "xterm");
    server.accept();
    client.is_ready();
    client.screen.press("join tea\r");
    server.expect_join("tea", None);
    server.expect_history("tea", 0);
    server.send_end("tea", 1, true);
    client.screen.shows(&["joined tea, 1 message so far", ">"]);
    client.screen.press("post tea hel");
    client.screen.shows(&["> post tea hel"]);
    server.close();
    server.accept();
    let told = ["The connection is lost: reconnecting.", "Connected again."];
    client.screen.shows(&[told[0], told[1], "> post tea hel"]);
    client.screen.press("lo\r");
    server.expect_join("tea", Some(1));
    server.expect_post("tea", "hello");
    server.send(r#"{"Message":{"group_name":"tea","message":"hello","seq":2}}"#);
    client.screen.shows(&["message posted to tea: hello", ">"]);
    client.leaves(&mut server);
}

#[test]
fn a_signal_that_ends_it_leaves_the_terminal_as_it_was() {
    let (_server, mut client) = in_tea();
    kill_process(Pid::from_child(&client.child), Signal::TERM).unwrap();
    client.ends_with(143);
}

/// What comes while the terminal takes nothing is shown later, and nothing of it is missing.
#[test]
fn a_terminal_that_is_stopped_for_a_while_loses_nothing() {
    let mut server = FakeServer::start();
    let (screen, program) = terminal();
    let before = tcgetattr(&program).unwrap();
    let child = spawn(&program, &server, "xterm");
    server.accept();
    for number in 0..3000 {
        send_message(&mut server, &number.to_string());
    }
    eventually("the terminal is full", || {
        let mut polled = [PollFd::new(&program, PollFlags::OUT)];
        poll(&mut polled, Some(&Timespec::default())).unwrap() == 0
    });
    let mut client = OnTerminal { child, screen: Screen::new(screen), program, before };
    client.screen.shows(&["message posted to tea: 2999", ">"]);
    let shown = client.screen.lines();
    let messages = shown.iter().filter_map(|line| line.strip_prefix("message posted to tea: "));
    assert!(messages.eq((0..3000).map(|number| number.to_string())), "{shown:#?}");
    client.leaves(&mut server);
}

#[test]
fn a_terminal_that_can_do_nothing_is_read_as_it_is() {
    for kind in ["dumb", ""] {
        let mut server = FakeServer::start();
        let mut client = OnTerminal::start(&server, kind);
        server.accept();
        client.screen.shows(&["Type Control-D to leave."]);
        client.screen.press("join tea\n");
        server.expect_join("tea", None);
        server.expect_history("tea", 0);
        server.send_end("tea", 3, true);
        client.screen.shows(&["join tea", "joined tea, 3 messages so far"]);
        client.leaves(&mut server);
    }
}
