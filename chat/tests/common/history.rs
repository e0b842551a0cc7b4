//! What the tests of a server with `--history` have in common.

use std::path::{Path, PathBuf};

use chat::history::Reply;
use chat::server::{History, Options, Retention};

use super::{Client, InProcess, Program, message_line};

/// A directory for one test, which is removed at its end.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("history.redb")
    }

    pub fn options(&self, retention: Retention) -> Options {
        let history = History::Disk { directory: self.0.clone(), retention };
        Options { history, ..Options::default() }
    }

    pub fn server(&self) -> InProcess {
        InProcess::start(self.options(Retention::default()))
    }

    /// Starts the program `server` on it.
    pub fn program(&self, arguments: &[&str]) -> Program {
        Program::start(&[&["--history", self.0.to_str().unwrap()], arguments].concat())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn join_after(client: &Client, group: &str, after: u64) {
    client.send(join_request(group, after));
}

pub fn join_request(group: &str, after: u64) -> String {
    format!("{{\"Join\":{{\"group_name\":\"{group}\",\"after\":{after}}}}}\n")
}

pub fn ask(client: &Client, group: &str, after: u64, limit: u64) {
    let request = format!("{{\"group_name\":\"{group}\",\"after\":{after},\"limit\":{limit}}}");
    client.send(format!("{{\"History\":{request}}}\n"));
}

pub fn numbered(group: &str, message: &str, number: u64) -> String {
    let line = message_line(group, message);
    format!("{},\"seq\":{number}}}}}", line.strip_suffix("}}").unwrap())
}

pub fn end(group: &str, last: u64, more: bool) -> String {
    format!("{{\"History\":{{\"group_name\":\"{group}\",\"last\":{last},\"more\":{more}}}}}")
}

/// Posts "1", "2" and so on, and returns when all are kept.
pub fn post(client: &mut Client, group: &str, numbers: std::ops::RangeInclusive<u64>) {
    let last = *numbers.end();
    for number in numbers {
        client.post(group, &number.to_string());
    }
    ask(client, group, last, 0);
    client.expect(&end(group, last, false));
}

/// Parses a line of the server; `None` at the end, or where the connection or the line breaks off.
pub fn reply(client: &mut Client) -> Option<Reply> {
    let mut line = String::new();
    std::io::BufRead::read_line(&mut client.stream, &mut line).ok()?;
    line.ends_with('\n').then(|| serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}")))
}

/// Reads what is kept of a group after a number, which is all there is: the numbers have no gaps.
pub fn kept_after(client: &mut Client, group: &str, mut after: u64) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        ask(client, group, after, u64::MAX);
        loop {
            match reply(client) {
                Some(Reply::Message { message, seq, .. }) => {
                    after += 1;
                    assert_eq!(seq, Some(after), "a gap in {group}");
                    texts.push(message);
                }
                Some(Reply::History { last, more, .. }) => {
                    assert_eq!(last, after, "a gap at the end of {group}");
                    if more {
                        break;
                    }
                    return texts;
                }
                Some(Reply::Error(why)) if why == format!("Group '{group}' does not exist") => return texts,
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Clients join at `other` after a number while messages are posted at `server`, which may be the same. Each receives
/// every message after its number once.
#[track_caller]
pub fn no_seam_in_a_flood(server: &InProcess, other: &InProcess) {
    let mut member = server.client();
    member.join_and_wait("tea");
    let last = 20_000;
    let address = server.address;
    let poster = std::thread::spawn(move || post(&mut Client::connect(address), "tea", 1..=last));
    let mut joined = Vec::new();
    for number in 1..=last {
        member.expect(&numbered("tea", &number.to_string(), number));
        if number % 2000 == 1 {
            let client = other.client();
            join_after(&client, "tea", number / 2);
            joined.push((client, number / 2));
        }
    }
    poster.join().unwrap();
    for (client, after) in &mut joined {
        for number in *after + 1..=last {
            client.expect(&numbered("tea", &number.to_string(), number));
        }
    }
}

/// The limit of a reply to a History request, 256 KiB, counts the group's name in each message: with a name of 60,000
/// bytes four messages fit. Pages that a member is sent are bounded too, and no message is missing.
#[track_caller]
pub fn no_long_reply_for_a_long_name(server: &InProcess) {
    let mut client = server.client();
    let name = "x".repeat(60_000);
    let mut member = server.client();
    member.join_and_wait(&name);
    post(&mut client, &name, 1..=100);
    ask(&client, &name, 0, 100);
    for number in 1..=4 {
        client.expect(&numbered(&name, &number.to_string(), number));
    }
    client.expect(&end(&name, 4, true));
    join_after(&server.client(), &name, 0);
    let mut late = server.client();
    join_after(&late, &name, 90);
    for number in 91..=100 {
        late.expect(&numbered(&name, &number.to_string(), number));
    }
}
