//! A connection that sends any bytes to a live server: the reply to each line is what a small model predicts,
//! and afterwards the server holds nothing.
#![no_main]

mod lines;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use chat::server::{Handle, Options, Server};
use chat::{FromClient, FromServer, encode_line};
use libfuzzer_sys::fuzz_target;
use lines::{parse, text_of};

/// Anything that takes longer counts as a hang.
const DEADLINE: Duration = Duration::from_secs(20);

/// Small limits, so that short inputs reach them.
fn options() -> Options {
    Options { line_limit: 64, groups: 3, bad_lines: 5, grace: Duration::ZERO, ..Options::default() }
}

fn server() -> &'static (SocketAddr, Handle) {
    static SERVER: OnceLock<(SocketAddr, Handle)> = OnceLock::new();
    SERVER.get_or_init(|| {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            executor::task::block_on(async move {
                let server = Server::bind("127.0.0.1:0", options()).await.unwrap();
                sender.send((server.local_addr().unwrap(), server.handle())).unwrap();
                server.run().await.unwrap();
            });
        });
        receiver.recv().unwrap()
    })
}

/// The packets that the server sends to its only connection.
#[derive(Debug, Default, PartialEq, Eq)]
struct Replies {
    /// The errors, in their order.
    errors: Vec<String>,
    /// The messages of each group, in their order.
    messages: BTreeMap<String, Vec<String>>,
}

/// Whether a line looks like the first one of a request in HTTP.
fn is_http(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let last_word = line.iter().rposition(|&byte| byte == b' ').map(|space| &line[space + 1..]);
    last_word.is_some_and(|word| word.starts_with(b"HTTP/")) && line[0].is_ascii_uppercase()
}

/// Returns what the server must send, and whether it then ends the connection.
fn model(bytes: &[u8]) -> (Replies, bool) {
    let options = options();
    let mut replies = Replies::default();
    let mut groups = BTreeSet::new();
    let mut bad_lines = 0;
    for (index, line) in bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|&byte| byte == b'\n').enumerate() {
        if line.len() > options.line_limit {
            replies.errors.push(format!("line longer than {} bytes", options.line_limit));
            return (replies, true);
        }
        let line = text_of(line, index == 0);
        let request = match parse(line) {
            Ok(Some(request)) => request,
            Ok(None) => continue,
            Err(_) if is_http(line) => {
                let text = "this is a chat server: it speaks JSON, one value per line, not HTTP";
                replies.errors.push(text.to_owned());
                return (replies, true);
            }
            Err(error) => {
                bad_lines += 1;
                let last = bad_lines == options.bad_lines;
                let more = if last { "; too many in a row" } else { "" };
                replies.errors.push(format!("malformed request: {error}{more}"));
                if last {
                    return (replies, true);
                }
                continue;
            }
        };
        bad_lines = 0;
        match request {
            FromClient::Join { group_name } if groups.contains(&group_name) => {}
            FromClient::Join { group_name } if groups.len() == options.groups => {
                let limit = options.groups;
                replies.errors.push(format!("Group '{group_name}' not joined: {limit} groups are the limit"));
            }
            FromClient::Join { group_name } => drop(groups.insert(group_name)),
            FromClient::Post { group_name, message } if groups.contains(&group_name) => {
                replies.messages.entry(group_name).or_default().push(message);
            }
            FromClient::Post { group_name, .. } => {
                replies.errors.push(format!("Group '{group_name}' does not exist"));
            }
        }
    }
    (replies, false)
}

/// Reads this many replies, or all up to the end.
fn read_replies(stream: &TcpStream, count: usize) -> Replies {
    let mut replies = Replies::default();
    for line in BufReader::new(stream).split(b'\n').take(count) {
        match serde_json::from_slice(&line.expect("the server replies")).expect("a reply") {
            FromServer::Error(error) => replies.errors.push(error),
            FromServer::Message { group_name, message } => {
                replies.messages.entry(group_name).or_default().push(message);
            }
        }
    }
    replies
}

fuzz_target!(|input: &[u8]| {
    let (address, handle) = server();
    // How it is sent: in one piece or in two, and whether the client then shuts down its writing half.
    let [how, at, input @ ..] = input else {
        return;
    };
    let (in_two, half_closes) = (how & 1 == 1, how & 2 == 2);
    // The last line has a newline too. If the server still reads, it replies to one more line in any case.
    let mut sent = input.to_vec();
    sent.push(b'\n');
    let last = FromClient::Post { group_name: "nobody is here".into(), message: String::new() };
    sent.extend(encode_line(&last).unwrap());

    let (mut expected, ends) = model(&sent);
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let at = if in_two { sent.len() * usize::from(*at) / 256 } else { sent.len() };
    // This fails if the server has refused the first piece and ended the connection.
    let _ = (&stream).write_all(&sent[..at]).and_then(|()| (&stream).write_all(&sent[at..]));
    if half_closes {
        let _ = stream.shutdown(Shutdown::Write);
    }
    if ends || half_closes {
        // What cannot be written at once may be lost: the grace period is zero.
        let mut replies = read_replies(&stream, usize::MAX);
        expected.errors.truncate(replies.errors.len());
        for (group, messages) in &mut expected.messages {
            let received = replies.messages.entry(group.clone()).or_default().len();
            messages.truncate(received);
        }
        replies.messages.retain(|_, messages| !messages.is_empty());
        expected.messages.retain(|_, messages| !messages.is_empty());
        assert_eq!(replies, expected);
    } else {
        let messages: usize = expected.messages.values().map(Vec::len).sum();
        assert_eq!(read_replies(&stream, expected.errors.len() + messages), expected);
    }
    drop(stream);
    let start = Instant::now();
    loop {
        let count = handle.count();
        if (count.connections, count.groups, count.memberships) == (0, 0, 0) {
            return;
        }
        assert!(start.elapsed() < DEADLINE, "stays at {count:?}");
        thread::yield_now();
    }
});
