//! The client on a terminal shows what other clients wrote, and that text cannot control the terminal.

mod common;
#[path = "common/terminal.rs"]
mod terminal;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use terminal::terminal;

#[test]
fn a_message_does_not_drive_the_terminal() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (screen, program) = terminal();
    let mut screen = BufReader::new(screen);
    let mut child = Command::new(env!("CARGO_BIN_EXE_client"))
        .arg(listener.local_addr().unwrap().to_string())
        .args(["--grace", "0"])
        .stdin(Stdio::piped())
        .stdout(program.try_clone().unwrap())
        .stderr(program)
        .spawn()
        .unwrap();
    let (mut server, _) = listener.accept().unwrap();
    let mut expect = |line: &str| {
        let mut shown = String::new();
        screen.read_line(&mut shown).unwrap();
        assert_eq!(shown, format!("{line}\r\n"));
    };
    for line in ["Commands:", "join GROUP", "post GROUP MESSAGE...", "Type Control-D to leave."] {
        expect(line);
    }
    let control = r"a\u001b]0;title\u0007\r\nb\u0000\u007f\u009b2J\u202e";
    let seen = r"a\u{1b}]0;title\u{7}\r\nb\u{0}\u{7f}\u{9b}2J\u{202e}";
    writeln!(server, r#"{{"Message":{{"group_name":"{control}","message":"{control}"}}}}"#).unwrap();
    expect(&format!("message posted to {seen}: {seen}"));
    writeln!(server, r#"{{"Error":"{control}"}}"#).unwrap();
    expect(&format!("error from server: {seen}"));
    let long = "x".repeat(100_000);
    for unknown in [control, &format!("{control}{long}")] {
        writeln!(server, r#"{{"{unknown}":1}}"#).unwrap();
        let mut shown = String::new();
        screen.read_line(&mut shown).unwrap();
        let begin = format!("The server sent a line that is not a reply: unknown variant `{seen}");
        assert!(shown.starts_with(&begin) && shown.len() < 1000, "{shown:?}");
    }
    drop(child.stdin.take());
    common::eventually("the client exits", || child.try_wait().unwrap().is_some());
}
