//! A client of a server that keeps history shows each message once and in order, whatever is dropped and
//! whenever the connection breaks; and it says what it does not know.

mod common;
#[path = "common/fake_server.rs"]
mod fake_server;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use common::{KillOnDrop, Program, eventually, exit_of, unused_address};
use fake_server::FakeServer;

/// A client program whose input is a pipe. Dropping it kills the program.
struct Client {
    child: KillOnDrop,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
}

impl Client {
    fn start(address: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_client"))
            .arg(address)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = child.stderr.take().unwrap();
        let mut client = Client { stdin: child.stdin.take(), child: KillOnDrop(child), stdout, stderr };
        for line in ["Commands:", "join GROUP", "post GROUP MESSAGE...", "Type Control-D to leave."] {
            client.expect(line);
        }
        client
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Expects this as the next line on stdout.
    #[track_caller]
    fn expect(&mut self, line: &str) {
        let mut shown = String::new();
        self.stdout.read_line(&mut shown).unwrap();
        assert_eq!(shown, format!("{line}\n"));
    }

    #[track_caller]
    fn expect_numbers(&mut self, group: &str, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            self.expect(&format!("message posted to {group}: {number}"));
        }
    }

    /// Expects this as the next on stderr.
    #[track_caller]
    fn expect_told(&mut self, text: &str) {
        let mut told = vec![0; text.len()];
        self.stderr.read_exact(&mut told).unwrap();
        assert_eq!(String::from_utf8_lossy(&told), text);
    }

    fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Ends its input. Returns its exit code, what else it has printed, and what it has told on stderr.
    #[track_caller]
    fn ends(mut self) -> (Option<i32>, String, String) {
        self.end_input();
        let code = exit_of(&mut self.child).code();
        let (mut printed, mut told) = (String::new(), String::new());
        self.stdout.read_to_string(&mut printed).unwrap();
        self.stderr.read_to_string(&mut told).unwrap();
        (code, printed, told)
    }
}

/// A client that has joined `tea`, and has shown its message 7.
fn at_seven(arguments: &[&str]) -> (FakeServer, Client) {
    at_seven_of(FakeServer::start(), arguments)
}

/// The same, of a server that listens already.
fn at_seven_of(mut server: FakeServer, arguments: &[&str]) -> (FakeServer, Client) {
    let mut client = Client::start(&server.address(), arguments);
    server.accept();
    client.say("join tea");
    server.expect_join("tea", None);
    server.send_number("tea", 7);
    client.expect_numbers("tea", [7]);
    (server, client)
}

const LOST: &str = "The connection is lost: reconnecting.\n";
const RESET: &str = "The connection is lost: reconnecting (connection reset by the server).\n";
const CLOSED: &str = "The server closed the connection.\n";
const AGAIN: &str = "Connected again.\n";
const UNKNOWN: &str = "It is not known whether the server has taken this: ";
const REFUSED: &str = "line longer than 65536 bytes";
const TOO_LONG: &str = "The server takes lines of at most 65536 bytes, not this: ";

#[test]
fn dropped_messages_are_fetched_page_by_page() {
    let (mut server, mut client) = at_seven(&["--grace", "0.1"]);
    server.send_error("Dropped 1000 messages from tea.");
    server.send_number("tea", 1008);
    let mut after = 7;
    while after < 1007 {
        let limit = server.expect_history("tea", after);
        let last = (after + limit).min(1007);
        for number in after + 1..=last {
            server.send_number("tea", number);
            if number % 100 == 0 {
                server.send_number("tea", 1008 + number / 100); // New ones come meanwhile.
            }
        }
        server.send_end("tea", last, last < 1007);
        after = last;
    }
    client.expect_numbers("tea", 8..=1018);
    server.send_number("tea", 1019);
    client.expect_numbers("tea", [1019]);
    assert_eq!(client.ends(), (Some(0), String::new(), String::new()));
}

#[test]
fn what_the_server_no_longer_keeps_is_one_line() {
    let (mut server, mut client) = at_seven(&["--grace", "0.1"]);
    server.send_error("Dropped 10 messages from tea.");
    server.expect_history("tea", 7);
    server.send_number("tea", 18);
    server.send_number("tea", 16);
    server.send_number("tea", 17);
    server.send_end("tea", 17, false);
    client.expect("lost: 8 messages of tea, which the server no longer keeps");
    client.expect_numbers("tea", [16, 17, 18]);
    assert_eq!(client.ends().0, Some(0));
}

#[test]
fn after_a_close_it_connects_again_and_goes_on_where_it_was() {
    let (mut server, mut client) = at_seven(&["--grace", "0.1"]);
    server.close();
    client.expect_told(LOST);
    client.say("post tea typed while it was away");
    server.accept();
    server.expect_join("tea", Some(7));
    server.expect_post("tea", "typed while it was away");
    server.send_number("tea", 8);
    server.send(r#"{"Message":{"group_name":"tea","message":"typed while it was away","seq":9}}"#);
    client.expect_numbers("tea", [8]);
    client.expect("message posted to tea: typed while it was away");
    server.close();
    server.accept();
    server.expect_join("tea", Some(9));
    server.send_number("tea", 10);
    client.expect_numbers("tea", [10]);
    let told = format!("{AGAIN}{LOST}{AGAIN}");
    assert_eq!(client.ends(), (Some(0), String::new(), told));
}

#[test]
fn after_a_reset_a_post_that_may_be_lost_is_told_and_not_sent_again() {
    let (mut server, mut client) = at_seven(&["--grace", "0.1"]);
    client.say("post tea known");
    server.expect_post("tea", "known");
    server.send(r#"{"Message":{"group_name":"tea","message":"known","seq":8}}"#);
    client.expect("message posted to tea: known");
    client.say("post tea one");
    server.expect_post("tea", "one");
    server.reset();
    client.expect_told(&format!("{RESET}{UNKNOWN}post tea one\n"));
    client.say("post tea two");
    server.accept();
    server.expect_join("tea", Some(8));
    server.expect_post("tea", "two");
    server.send_number("tea", 9);
    client.expect_numbers("tea", [9]);
    assert_eq!(client.ends(), (Some(0), String::new(), AGAIN.to_owned()));
}

/// The server ends the connection after the error `line longer than …`.
#[test]
fn a_join_that_is_too_long_is_told_and_not_sent_again() {
    let (mut server, mut client) = at_seven(&["--grace", "0.1"]);
    let long = "x".repeat(70_000);
    client.say(&format!("join {long}"));
    server.expect_join(&long, None);
    server.expect_history(&long, 0);
    server.send_error(REFUSED);
    client.expect(&format!("error from server: {REFUSED}"));
    let told = format!("{TOO_LONG}join {}...\n", &long[..100]);
    client.say(&format!("join {long}"));
    client.expect_told(&told);
    server.close();
    server.accept();
    server.expect_join("tea", Some(7));
    client.say("post tea two");
    server.expect_post("tea", "two");
    assert_eq!(client.ends(), (Some(0), String::new(), format!("{LOST}{told}{AGAIN}")));
}

/// The sockets' buffers cannot hold all the posts: one post is cut off, and others are not begun.
#[test]
fn posts_that_are_too_long_are_told_and_not_sent_again() {
    const POSTS: usize = 12;
    let (mut server, mut client) = at_seven(&["--grace", "0.1"]);
    let long = "x".repeat(1_000_000);
    for _ in 0..POSTS {
        client.say(&format!("post tea {long}"));
    }
    server.send_error(REFUSED);
    client.expect(&format!("error from server: {REFUSED}"));
    server.reset();
    server.accept();
    server.expect_join("tea", Some(7));
    client.say("post tea two");
    server.expect_post("tea", "two");
    let (code, printed, told) = client.ends();
    assert_eq!((code, &*printed), (Some(0), ""));
    let too_long = format!("{TOO_LONG}post tea {}...\n", &long[..100]);
    assert_eq!(told.matches(&too_long).count(), POSTS);
    let others = told.replace(&too_long, "");
    assert!([LOST, RESET].iter().any(|lost| others == format!("{lost}{AGAIN}")), "{others}");
}

/// The input ends while there is no connection. The next one ends before all is sent: the sockets' buffers cannot hold
/// all the posts, and the server refuses one of them.
#[test]
fn what_is_left_at_the_end_of_the_input_is_sent_on_another_connection() {
    let address = unused_address();
    let (server, mut client) = at_seven_of(FakeServer::start_at(address), &["--grace", "600"]);
    drop(server);
    client.expect_told(LOST);
    for _ in 0..12 {
        client.say(&format!("post tea {}", "x".repeat(1_000_000)));
    }
    client.say("post tea two");
    client.end_input();
    let mut server = FakeServer::start_at(address);
    server.accept();
    server.expect_join("tea", Some(7));
    server.send_error(REFUSED);
    client.expect(&format!("error from server: {REFUSED}"));
    server.reset();
    server.accept();
    server.expect_join("tea", Some(7));
    server.expect_post("tea", "two");
    server.expect_end();
    server.send(r#"{"Message":{"group_name":"tea","message":"two","seq":8}}"#);
    server.close();
    let (code, printed, told) = client.ends();
    assert_eq!((code, &*printed), (Some(0), "message posted to tea: two\n"));
    assert!(told.matches(TOO_LONG).count() == 12 && told.ends_with(AGAIN), "{told}");
}

/// A server that refuses a line reads none of those after it.
#[test]
fn after_a_refused_line_a_post_is_not_known_also_at_the_end_of_the_input() {
    let (mut server, mut client) = at_seven(&["--grace", "600"]);
    let long = "x".repeat(70_000);
    for text in ["one", &long, "two"] {
        client.say(&format!("post tea {text}"));
    }
    client.end_input();
    for text in ["one", &long, "two"] {
        server.expect_post("tea", text);
    }
    server.expect_end();
    server.send(r#"{"Message":{"group_name":"tea","message":"one","seq":8}}"#);
    server.send_error(REFUSED);
    server.close();
    let (code, printed, told) = client.ends();
    assert_eq!(
        (code, printed),
        (Some(1), format!("message posted to tea: one\nerror from server: {REFUSED}\n"))
    );
    let too_long = format!("{TOO_LONG}post tea {}...\n", &long[..100]);
    assert_eq!(told, format!("The connection is lost.\n{too_long}{UNKNOWN}post tea two\n{CLOSED}"));
}

/// A server that stops closes the connection without having read all that was sent.
#[test]
fn a_post_that_has_not_come_back_at_the_end_is_not_known() {
    let (mut server, mut client) = at_seven(&["--grace", "600"]);
    client.say("post tea one");
    client.end_input();
    server.expect_post("tea", "one");
    server.expect_end();
    server.close();
    let (code, printed, told) = client.ends();
    assert_eq!((code, &*printed), (Some(1), ""));
    assert_eq!(told, format!("The connection is lost.\n{UNKNOWN}post tea one\n{CLOSED}"));
}

/// Without history nothing is sent again, and the exit code says that something was not read.
#[test]
fn a_refused_line_at_the_end_of_the_input_is_no_success() {
    let mut server = FakeServer::start();
    let mut client = Client::start(&server.address(), &["--grace", "600"]);
    server.accept();
    client.say("post tea one");
    client.end_input();
    server.expect_post("tea", "one");
    server.expect_end();
    server.send_error(REFUSED);
    server.close();
    let (code, printed, told) = client.ends();
    assert_eq!((code, printed), (Some(1), format!("error from server: {REFUSED}\n")));
    assert_eq!(told, CLOSED);
}

#[test]
fn a_log_that_began_anew_is_told_and_read_from_its_first_message() {
    let (mut server, mut client) = at_seven(&["--grace", "0.1"]);
    server.close();
    server.accept();
    server.expect_join("tea", Some(7));
    server.send_error("Group 'tea' not joined: message 7 is not there yet, the last one is 2");
    server.expect_join("tea", Some(0));
    for number in [1, 2, 3] {
        server.send_number("tea", number);
    }
    client.expect_numbers("tea", [1, 2, 3]);
    server.send_number("tea", 1);
    client.expect_numbers("tea", [1]);
    let (code, printed, told) = client.ends();
    assert_eq!((code, &*printed), (Some(0), ""));
    let anew = "The history of tea began anew: message 7 is not there yet, the last one is 2\n";
    let again = "The history of tea began anew: it was at message 3, and is at 1 now.\n";
    assert_eq!(told, format!("{LOST}{AGAIN}{anew}{again}"));
}

#[test]
fn the_end_of_the_input_ends_it_also_without_a_connection() {
    for (typed, code) in [(None, 0), (Some("post tea late"), 1)] {
        let server = FakeServer::start_at(unused_address());
        let (server, mut client) = at_seven_of(server, &["--grace", "0.3"]);
        drop(server);
        client.expect_told(LOST);
        if let Some(typed) = typed {
            client.say(typed);
        }
        let expected = match typed {
            Some(_) => "client: there is no connection: 47 bytes of requests were not sent\n",
            None => "",
        };
        assert_eq!(client.ends(), (Some(code), String::new(), expected.to_owned()));
    }
}

#[test]
fn joins_are_confirmed_if_that_is_wanted() {
    let mut server = FakeServer::start();
    let mut client = Client::start(&server.address(), &["--catch-up", "--grace", "0.1"]);
    server.accept();
    client.say("join tea");
    server.expect_join("tea", None);
    assert_eq!(server.expect_history("tea", 0), 0);
    server.send_end("tea", 12, true);
    client.expect("joined tea, 12 messages so far");
    // Nothing was shown yet, and it goes on after the twelfth nevertheless.
    server.close();
    server.accept();
    server.expect_join("tea", Some(12));
    assert_eq!(client.ends().0, Some(0));
}

#[test]
fn a_server_that_knows_no_history_is_asked_once() {
    let mut server = FakeServer::start();
    let mut client = Client::start(&server.address(), &["--catch-up", "--grace", "0.1"]);
    server.accept();
    client.say("join tea");
    server.expect_join("tea", None);
    server.expect_history("tea", 0);
    server.send_error("malformed request: unknown variant `History`, expected `Join` or `Post`");
    server.send(r#"{"Message":{"group_name":"tea","message":"hello"}}"#);
    client.expect("message posted to tea: hello");
    client.say("join coffee");
    client.say("post coffee one");
    server.expect_join("coffee", None);
    server.expect_post("coffee", "one");
    server.close();
    assert_eq!(exit_of(&mut client.child).code(), Some(1));
    assert_eq!(client.ends().2, CLOSED);
}

#[test]
fn who_does_not_want_to_catch_up_ends_with_the_connection() {
    let (mut server, mut client) = at_seven(&["--no-catch-up"]);
    server.send_error("Dropped 2 messages from tea.");
    client.expect("error from server: Dropped 2 messages from tea.");
    server.send_number("tea", 10);
    client.expect_numbers("tea", [10]);
    server.close();
    assert_eq!(exit_of(&mut client.child).code(), Some(1));
    assert_eq!(client.ends().2, CLOSED);
}

#[test]
fn the_last_messages_are_listed() {
    let (mut server, mut client) = at_seven(&["--grace", "0.1"]);
    client.say("history tea 3");
    assert_eq!(server.expect_history("tea", 0), 0);
    server.send_end("tea", 8, true);
    assert_eq!(server.expect_history("tea", 5), 3);
    server.send_number("tea", 6);
    server.send_number("tea", 8);
    server.send_number("tea", 7);
    server.send_number("tea", 8);
    server.send_end("tea", 8, false);
    client.expect_numbers("tea", [8]);
    client.expect("the last 3 messages of tea:");
    client.expect_numbers("tea", [6, 7, 8]);
    for nonsense in ["history", "history tea x", "history tea 0", "history tea 1001", "history tea 1 2"] {
        client.say(nonsense);
    }
    let (code, printed, told) = client.ends();
    assert_eq!((code, &*printed), (Some(0), ""));
    let usage = "Usage: history GROUP [NUMBER] (1 to 1000 messages; 10 if none is given)\n";
    assert_eq!(told, usage.repeat(5));
}

#[test]
fn what_was_asked_for_at_the_end_of_the_input_is_shown() {
    let mut server = FakeServer::start();
    let mut client = Client::start(&server.address(), &["--grace", "30"]);
    server.accept();
    client.say("history tea");
    client.end_input();
    assert_eq!(server.expect_history("tea", 0), 0);
    server.send_end("tea", 2, true);
    assert_eq!(server.expect_history("tea", 0), 2);
    server.send_number("tea", 1);
    server.send_number("tea", 2);
    server.send_end("tea", 2, false);
    server.expect_end();
    server.close();
    client.expect("the last 2 messages of tea:");
    client.expect_numbers("tea", [1, 2]);
    assert_eq!(client.ends(), (Some(0), String::new(), String::new()));
}

/// A server with a history on disk that is killed and started again at the same address, and a client that
/// sees each message once.
#[test]
fn a_server_that_is_killed_and_started_again_costs_nothing() {
    let address = unused_address().to_string();
    let directory = std::env::temp_dir().join(format!("client-catches-up-{}", std::process::id()));
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.arg(&address).arg("--history").arg(&directory);
        Program::start_command(command)
    };
    let mut server = start();
    let mut client = Client::start(&address, &["--catch-up"]);
    client.say("join tea");
    client.expect("joined tea, 0 messages so far");
    for round in 0..3 {
        for number in 0..100 {
            client.say(&format!("post tea {round} {number}"));
        }
        for number in 0..100 {
            client.expect(&format!("message posted to tea: {round} {number}"));
        }
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        server = start();
        let other = server.client();
        other.join("tea");
        other.post("tea", &format!("{round} after a restart"));
        client.expect(&format!("message posted to tea: {round} after a restart"));
    }
    client.say("history tea 1");
    client.expect("the last 1 message of tea:");
    client.expect("message posted to tea: 2 after a restart");
    let (code, printed, told) = client.ends();
    assert_eq!((code, &*printed), (Some(0), ""));
    for line in told.lines() {
        assert!(
            line.starts_with("The connection is lost: reconnecting") || line == "Connected again.",
            "{line}"
        );
    }
    drop(server);
    eventually("the history is removed", || std::fs::remove_dir_all(&directory).is_ok());
}
