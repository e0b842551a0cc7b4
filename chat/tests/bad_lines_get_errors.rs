//! The reply to a line that is not a request is an error, and the next line is carried out. Neither nonsense
//! nor a line without an end may cost the server its memory, or hide the requests after it.

mod common;

use std::io::{Read, Write};
use std::thread;

use chat::server::Options;
use common::random::{Random, seed};
use common::{InProcess, Program};
use rustix::process::Signal;

const BAD: [&[u8]; 10] = [
    b"nonsense\n",
    b"{\"Join\":{\"group_name\":\"g\"}\n",
    b"{\"Shout\":{\"group_name\":\"g\"}}\n",
    b"{\"Join\":{\"group_name\":7}}\r\n",
    b"{\"Post\":{\"group_name\":\"g\",\"message\":\"\xff\xfe\"}}\n",
    b"\xc3\x28\n",
    // In an unknown field.
    b"{\"Join\":{\"group_name\":\"h\",\"x\":\"\xff\xfe\"}}\n",
    b"{\"Join\":{\"group_name\":\"h\",\"x\":{\"y\":[\"\xed\xa0\x80\"]}}}\n",
    b"{\"Join\":{\"\xff\":0,\"group_name\":\"h\"}}\n",
    b"\0\0\0\n",
];

#[test]
fn the_connection_goes_on_at_the_newline() {
    let server = InProcess::start(Options::default());
    let mut ann = server.client();
    ann.join_and_wait("g");
    for bad in BAD {
        ann.send(bad);
        ann.expect_error_with("malformed request");
        ann.post("g", "after");
        ann.expect_message("g", "after");
    }
    // All in one piece, a good line at the end.
    ann.send(BAD.concat());
    ann.post("g", "after");
    for _ in BAD {
        ann.expect_error_with("malformed request");
    }
    ann.expect_message("g", "after");
}

#[test]
fn too_many_in_a_row_end_it() {
    let options = Options { bad_lines: 3, ..Options::default() };
    let server = InProcess::start(options);
    let mut ann = server.client();
    // A request in between resets the count.
    for _ in 0..5 {
        ann.send("bad\nbad\n");
        ann.join("g");
        ann.expect_error_with("malformed request");
        ann.expect_error_with("malformed request");
    }
    ann.send("bad\nbad\nbad\n");
    ann.post("g", "unheard");
    ann.expect_error_with("malformed request");
    ann.expect_error_with("malformed request");
    ann.expect_error_with("too many in a row");
    ann.expect_end();
    drop(ann);
    server.settles_at(0, 0, 0);
}

#[test]
fn a_line_over_the_limit_gets_an_error_and_a_close() {
    let server = InProcess::start(Options::default());
    let mut ann = server.client();
    ann.join_and_wait("g");
    let room = "x".repeat(64 * 1024 - common::posted("g", "").len() + 1);
    ann.post("g", &room);
    ann.expect_message("g", &room);
    ann.post("g", &(room + "x"));
    ann.expect_error_with("longer than 65536 bytes");
    ann.expect_end();
    drop(ann);
    server.settles_at(0, 0, 0);
}

#[test]
fn the_line_limit_is_an_option() {
    let options = Options { line_limit: 100, ..Options::default() };
    let server = InProcess::start(options);
    let mut ann = server.client();
    ann.join("g");
    ann.send([b'x'; 101]);
    ann.expect_error_with("longer than 100 bytes");
    ann.expect_end();
}

#[test]
fn blank_lines_are_passed_over() {
    let options = Options { bad_lines: 3, ..Options::default() };
    let server = InProcess::start(options);
    let mut ann = server.client();
    ann.send("\n\r\n \t\r\n".repeat(100));
    ann.join_and_wait("g");
    // A blank line is neither bad nor a request: it does not reset the count.
    ann.send("bad\n\n\nbad\n\n\nbad\n");
    ann.expect_error_with("malformed request");
    ann.expect_error_with("malformed request");
    ann.expect_error_with("too many in a row");
    ann.expect_end();
}

#[test]
fn a_byte_order_mark_before_the_first_request_is_passed_over() {
    let server = InProcess::start(Options::default());
    let mut ann = server.client();
    ann.send("\u{feff}");
    ann.join_and_wait("g");
    ann.post("g", "hello");
    ann.expect_message("g", "hello");
    // Before a later request it is malformed.
    ann.send("\u{feff}");
    ann.post("g", "hello");
    ann.expect_error_with("malformed request");
}

/// A page of any web site may make a browser post to any port, and the body may contain requests of this
/// protocol.
#[test]
fn what_a_browser_posts_is_not_carried_out() {
    for first in ["POST / HTTP/1.1\r\n", "PUT /chat?a=b HTTP/1.0\n", "PRI * HTTP/2.0\r\n"] {
        let server = InProcess::start(Options::default());
        let mut ann = server.client();
        ann.join_and_wait("g");
        let browser = server.client();
        browser.send(format!(
            "{first}Host: localhost\r\nContent-Type: text/plain\r\n\r\n{}",
            common::posted("g", "from a page")
        ));
        let mut browser = browser;
        browser.expect_error_with("HTTP");
        browser.expect_end();
        drop(browser);
        server.settles_at(1, 1, 1);
        ann.post("g", "from ann");
        ann.expect_message("g", "from ann");
    }
}

/// The bytes after a refused line are discarded, up to the end, wherever a poll's budget runs out.
#[test]
fn what_follows_a_refusal_is_thrown_away() {
    let server = Program::start(&["--line-limit", "100"]);
    let before = server.held_at_rest();
    // Each request takes several operations of the budget, and each piece that is discarded takes one.
    for (requests, pieces) in (0..22).flat_map(|requests| (0..8).map(move |pieces| (requests, pieces))) {
        let mut sent = common::posted("no such group", "").repeat(requests).into_bytes();
        // Whole pieces: after a short one the server would wait, with a new budget afterwards.
        sent.resize(4096 * (1 + pieces), b'x');
        // The server is stopped, so that all bytes have arrived when it reads.
        server.signal(Signal::STOP);
        let mut ann = server.client();
        ann.send(sent);
        ann.half_close();
        server.signal(Signal::CONT);
        (0..requests).for_each(|_| ann.expect_error_with("does not exist"));
        ann.expect_error_with("longer than 100 bytes");
        ann.expect_end();
    }
    server.comes_back_to(before);
}

#[test]
fn an_endless_line_costs_no_memory() {
    let server = Program::start(&[]);
    let mut ann = server.client();
    ann.join_and_wait("g");
    let before = server.memory();
    let mut flood = ann.socket().try_clone().unwrap();
    let flooding = thread::spawn(move || {
        let piece = vec![b'x'; 1 << 20];
        // The server closes before the last piece: then the write fails.
        (0..62).take_while(|_| flood.write_all(&piece).is_ok()).count()
    });
    ann.expect_error_with("longer than 65536 bytes");
    // The end may be followed by a reset, if the client still sends.
    let mut rest = Vec::new();
    let _ = ann.stream.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    flooding.join().unwrap();
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 2 << 20, "grew by {grown} bytes");
    let mut bob = server.client();
    bob.join_and_wait("still served");
}

impl Random {
    /// A line that is not a request, with its newline.
    fn bad_line(&mut self) -> Vec<u8> {
        loop {
            let mut line = match self.below(5) {
                0 => BAD[self.below(BAD.len())].to_vec(),
                1 => (0..self.below(200)).map(|_| self.below(256) as u8).collect(),
                2 => [b"[", &b"{\"Join\":"[..]][self.below(2)].repeat(self.below(3000)),
                // A request with a few bytes changed, taken out or put in.
                3 => self.damaged(common::posted("g", "a message")),
                _ => self.damaged("{\"Join\":{\"group_name\":\"another\"}}".to_string()),
            };
            line.retain(|&byte| byte != b'\n');
            // Blank lines are passed over.
            if !line.trim_ascii().is_empty() && serde_json::from_slice::<chat::FromClient>(&line).is_err() {
                line.push(b'\n');
                return line;
            }
        }
    }

    fn damaged(&mut self, line: String) -> Vec<u8> {
        let mut line = line.into_bytes();
        for _ in 0..1 + self.below(3) {
            let at = self.below(line.len());
            match self.below(4) {
                0 => line.truncate(at + 1),
                1 => drop(line.remove(at)),
                2 => line.insert(at, self.below(256) as u8),
                _ => line[at] ^= 1 << self.below(8),
            }
            line.push(b' ');
        }
        line
    }
}

/// Many thousand bad lines: each gets an error, and each post between them is delivered. The server does not
/// panic, and keeps nothing. `UNROLLED_SEED` repeats a run.
#[test]
fn bad_lines_without_end_leave_nothing_behind() {
    let mut random = Random(seed());
    let server = Program::start(&["--grace", "0.5"]);
    let before = server.held_at_rest();
    let mut ann = server.client();
    ann.join_and_wait("g");
    let mut count = 0;
    let mut send = |lines: usize| {
        for batch in 0..lines / 20 {
            let bad: Vec<u8> = (0..20).flat_map(|_| random.bad_line()).collect();
            ann.send([&bad, common::posted("g", &batch.to_string()).as_bytes()].concat());
            for _ in 0..20 {
                ann.expect_error_with("malformed request");
            }
            ann.expect_message("g", &batch.to_string());
            if batch % 25 == 0 {
                let mut bob = server.client();
                bob.send(vec![b'a' + (batch % 26) as u8; 64 * 1024 + 1 + random.below(10_000)]);
                bob.expect_error_with("longer than 65536 bytes");
                bob.expect_end();
            }
            if batch % 25 == 1 {
                let mut bob = server.client();
                bob.send(bad.repeat(2));
                (0..31).for_each(|_| bob.expect_error_with("malformed request"));
                bob.expect_error_with("too many in a row");
                bob.expect_end();
            }
        }
        count += lines;
    };
    send(common::size(5000, 50_000));
    let memory = server.memory();
    send(common::size(5000, 1_000_000));
    let grown = server.memory().saturating_sub(memory);
    println!("{count} bad lines; grew by {grown} bytes after the first of them");
    assert!(grown < 2 << 20, "grew by {grown} bytes");
    ann.reset();
    server.comes_back_to(before);
}
