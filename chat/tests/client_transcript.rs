//! What the client program reads, prints and reports, as a user or a script sees it.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::Duration;

use chat::server::Options;
use chat::{FromClient, client::parse_command};
use common::InProcess;
use rustix::event::{PollFd, PollFlags, Timespec};

const HELLO: &str = "Commands:\njoin GROUP\npost GROUP MESSAGE...\nType Control-D to leave.\n";

fn client(address: &str, arguments: &[&str]) -> Child {
    client_to(Stdio::piped(), address, arguments)
}

fn client_to(stdout: impl Into<Stdio>, address: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_client"))
        .arg(address)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A server that soon closes a connection that the client has half-closed, so that the client ends before its
/// grace period.
fn brief_server() -> InProcess {
    InProcess::start(Options { grace: Duration::from_secs(1), ..Options::default() })
}

/// Runs a client with this input, and returns its output.
fn session(server: &InProcess, input: &str) -> Output {
    let mut child = client(&server.address.to_string(), &["--grace", "30"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    finish(child)
}

fn finish(mut child: Child) -> Output {
    common::eventually("the client exits", || child.try_wait().unwrap().is_some());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A client program, driven line by line.
struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Session {
    fn start(address: &str) -> Self {
        let mut child = client(address, &[]);
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut session = Session { stdin: child.stdin.take(), child, stdout };
        for line in HELLO.lines() {
            session.expect(line);
        }
        session
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    #[track_caller]
    fn expect(&mut self, line: &str) {
        let mut read = String::new();
        self.stdout.read_line(&mut read).unwrap();
        assert_eq!(read, format!("{line}\n"));
    }
}

#[test]
fn two_can_chat() {
    let server = InProcess::start(Options::default());
    let address = server.address.to_string();
    let (mut ann, mut bob) = (Session::start(&address), Session::start(&address));
    for (who, name) in [(&mut ann, "ann"), (&mut bob, "bob")] {
        who.say("join tea");
        who.say(&format!("join {name}"));
        who.say(&format!("post {name} here"));
        who.expect(&format!("message posted to {name}: here"));
    }
    ann.say("post tea hello");
    for who in [&mut ann, &mut bob] {
        who.expect("message posted to tea: hello");
    }
    bob.say("post coffee anyone?");
    bob.expect("error from server: Group 'coffee' does not exist");
    bob.say("post tea   well,  \"hello\" \u{1f375}");
    for who in [&mut ann, &mut bob] {
        who.expect("message posted to tea: well,  \"hello\" \u{1f375}");
        who.stdin = None;
        assert_eq!(who.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn piped_input_is_carried_out_and_what_comes_is_printed() {
    let server = brief_server();
    let output = session(&server, "join tea\npost tea one\npost tea two\npost tea three");
    let replies = "message posted to tea: one\nmessage posted to tea: two\n\
                   message posted to tea: three\n";
    assert_eq!(text(&output.stdout), format!("{HELLO}{replies}"));
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn input_from_a_file_works_too() {
    let server = brief_server();
    let directory = env!("CARGO_TARGET_TMPDIR");
    let path = format!("{directory}/client-input-{}", std::process::id());
    std::fs::write(&path, "join tea\npost tea from a file\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_client"))
        .args([&*server.address.to_string(), "--grace", "30"])
        .stdin(std::fs::File::open(&path).unwrap())
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(text(&output.stdout), format!("{HELLO}message posted to tea: from a file\n"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn no_input_ends_it() {
    let server = brief_server();
    let output = session(&server, "");
    assert_eq!(text(&output.stdout), HELLO);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn another_word_is_reported_and_how_the_two_are_used() {
    let server = brief_server();
    let output = session(&server, "\n  \njoin\njoin a b\npost\nleave tea\npost x y\n");
    let reply = "error from server: Group 'x' does not exist\n";
    assert_eq!(text(&output.stdout), format!("{HELLO}{reply}"));
    let join = "Usage: join GROUP (one word)\n";
    let expected = format!("{join}{join}Usage: post GROUP MESSAGE...\nUnrecognized command: \"leave tea\"\n");
    assert_eq!(text(&output.stderr), expected);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn commands_are_parsed() {
    let join = |group: &str| Some(FromClient::Join { group_name: group.to_string() });
    let post = |group: &str, message: &str| {
        Some(FromClient::Post { group_name: group.to_string(), message: message.to_string() })
    };
    let cases = [
        ("join tea", join("tea")),
        ("  join\ttea  \r\n", join("tea")),
        ("join", None),
        ("join tea coffee", None),
        ("joint tea", None),
        ("JOIN tea", None),
        ("post tea hello", post("tea", "hello")),
        ("post tea    hello  world  ", post("tea", "hello  world  ")),
        ("post tea", post("tea", "")),
        ("post", None),
        ("post   ", None),
        ("", None),
        (" \t ", None),
        ("post t\u{e9} \u{a0}\u{1f375}\n", post("t\u{e9}", "\u{1f375}")),
    ];
    for (line, expected) in cases {
        assert_eq!(parse_command(line), expected, "{line:?}");
    }
}

#[test]
fn it_says_so_when_the_server_goes() {
    let mut server = InProcess::start(Options::default());
    let ann = Session::start(&server.address.to_string());
    server.settles_at(1, 0, 0);
    server.handle.stop();
    server.wait().unwrap();
    let Session { child, stdin, mut stdout } = ann;
    let output = finish(child);
    assert_eq!(text(&output.stderr), "The server closed the connection.\n");
    assert_eq!(output.status.code(), Some(1));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    drop(stdin);
}

#[test]
fn a_reset_is_reported_as_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ann = Session::start(&listener.local_addr().unwrap().to_string());
    let (stream, _) = listener.accept().unwrap();
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
    let output = finish(ann.child);
    assert_eq!(text(&output.stderr), "client: connection reset by the server\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn it_half_closes_and_waits_no_longer_than_its_grace() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut child = client(&address, &["--grace", "2"]);
    let (mut stream, _) = listener.accept().unwrap();
    child.stdin.take().unwrap().write_all(b"join tea\n").unwrap();
    // The input has ended: the server reads the end of the stream, but may still write.
    let mut requests = String::new();
    stream.read_to_string(&mut requests).unwrap();
    assert_eq!(requests, "{\"Join\":{\"group_name\":\"tea\"}}\n");
    stream.write_all(b"nonsense\n{\"Error\":\"late\"}\n{\"Error\":\"no newline\"}").unwrap();
    // The server keeps the connection open: the grace period ends the client.
    let output = finish(child);
    assert_eq!(text(&output.stdout), format!("{HELLO}error from server: late\n"));
    assert!(text(&output.stderr).starts_with("The server sent a line that is not a reply"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_flood_of_replies_does_not_keep_the_commands() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = client(&listener.local_addr().unwrap().to_string(), &["--grace", "0.1"]);
    let (stream, _) = listener.accept().unwrap();
    let mut output = child.stdout.take().unwrap();
    let printed = std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let flood = std::thread::spawn({
        let mut stream = stream.try_clone().unwrap();
        let replies = "{\"Error\":\"\"}\n".repeat(10_000);
        move || while stream.write_all(replies.as_bytes()).is_ok() {}
    });
    let mut stdin = child.stdin.take().unwrap();
    for number in 0..10 {
        writeln!(stdin, "join {number}").unwrap();
        let mut request = String::new();
        BufReader::new(&stream).read_line(&mut request).unwrap();
        assert_eq!(request, format!("{{\"Join\":{{\"group_name\":\"{number}\"}}}}\n"));
    }
    drop(stdin);
    assert_eq!(finish(child).status.code(), Some(0));
    flood.join().unwrap();
    printed.join().unwrap().unwrap();
}

#[test]
fn an_unread_stdout_ends_it_quietly() {
    let server = InProcess::start(Options::default());
    let mut ann = Session::start(&server.address.to_string());
    ann.say("join tea");
    ann.say("post tea one");
    ann.expect("message posted to tea: one");
    let Session { child, mut stdin, stdout } = ann;
    drop(stdout);
    writeln!(stdin.as_mut().unwrap(), "post tea two").unwrap();
    let output = finish(child);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_stdout_that_is_unread_from_the_start_ends_it_quietly() {
    let server = InProcess::start(Options::default());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = client_to(writer, &server.address.to_string(), &[]);
    let output = finish(child);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_full_stdout_that_another_process_made_non_blocking_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut output, input) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&input, true).unwrap();
    let there = input.try_clone().unwrap();
    let mut child = client_to(input, &listener.local_addr().unwrap().to_string(), &[]);
    let (mut stream, _) = listener.accept().unwrap();
    // More than the pipe has room for.
    let message = "x".repeat(1000);
    stream.write_all(format!("{{\"Error\":\"{message}\"}}\n").repeat(80).as_bytes()).unwrap();
    common::eventually("the pipe is full", || {
        let mut polled = [PollFd::new(&there, PollFlags::OUT)];
        let writable = rustix::event::poll(&mut polled, Some(&Timespec::default())).unwrap() > 0;
        !writable || child.try_wait().unwrap().is_some()
    });
    drop(there);
    let expected = format!("{HELLO}{}", format!("error from server: {message}\n").repeat(80));
    let mut printed = vec![0; expected.len()];
    let read = output.read_exact(&mut printed);
    drop(child.stdin.take());
    let ended = finish(child);
    assert_eq!(text(&ended.stderr), "");
    read.unwrap();
    assert_eq!(text(&printed), expected);
    assert_eq!(ended.status.code(), Some(0));
}

#[test]
fn no_server_is_one_clear_line() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    for address in [&*address, "nonsense", "host.invalid:1"] {
        let output = finish(client(address, &[]));
        let said = text(&output.stderr);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("client: ") && said.contains(address), "{said}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn arguments_without_sense_are_one_clear_line() {
    let server = brief_server();
    let address = server.address.to_string();
    let cases: [(&[&str], &str); 6] = [
        (&["another"], "another"),
        (&["--grace", "soon"], "soon"),
        (&["--grace", "-1"], "-1"),
        (&["--keepalive"], "--keepalive"),
        (&["--keepalive", "40000"], "32767"),
        (&["--keepalive", "soon"], "soon"),
    ];
    for (arguments, part) in cases {
        let output = finish(client(&address, arguments));
        let said = text(&output.stderr);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("client: ") && said.contains(part), "{said}");
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn help_explains_and_nonsense_is_refused() {
    let output = finish(client("--help", &[]));
    let help = text(&output.stdout);
    for part in [
        "localhost:8088",
        "--grace",
        "--keepalive",
        "1048576 bytes",
        "join GROUP",
        "post GROUP MESSAGE...",
        "exits with",
    ] {
        assert!(help.contains(part), "{part} is not in:\n{help}");
    }
    assert_eq!(output.status.code(), Some(0));
    let output = finish(client("--nonsense", &[]));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_command() {
    let server = brief_server();
    let output = session(&server, "\u{feff}join tea\npost tea \u{feff}one\n");
    assert_eq!(text(&output.stdout), format!("{HELLO}message posted to tea: \u{feff}one\n"));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_line_that_is_too_long_is_reported_and_costs_no_other() {
    let server = brief_server();
    let endless = "x".repeat(3 << 20);
    let output = session(&server, &format!("join tea\npost tea {endless}\npost tea two\npost tea {endless}"));
    assert_eq!(text(&output.stdout), format!("{HELLO}message posted to tea: two\n"));
    let expected = "A line of more than 1048576 bytes is not sent.\n";
    assert_eq!(text(&output.stderr), expected.repeat(2));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_message_forges_no_line_of_a_pipe() {
    let server = brief_server();
    let mut bob = server.client();
    bob.join_and_wait("tea");
    let mut ann = Session::start(&server.address.to_string());
    ann.say("join tea");
    ann.say("post tea here");
    ann.expect("message posted to tea: here");
    bob.post("tea", "one\\nmessage posted to tea: two\\r\\u001b[2J\\t\\\\n");
    ann.expect("message posted to tea: one\\nmessage posted to tea: two\\r\u{1b}[2J\t\\n");
    bob.post("no\\nsuch", "");
    ann.say("post x\ry z");
    ann.expect("error from server: Group 'x' does not exist");
}
