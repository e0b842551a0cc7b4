//! A line that is no request is answered, and the next one is understood.

mod common;

use std::io::{Read, Write};
use std::thread;

use chat::server::Options;
use common::{InProcess, Program};

const BAD: [&[u8]; 8] = [
    b"\n",
    b"nonsense\n",
    b"{\"Join\":{\"group_name\":\"g\"}\n",
    b"{\"Shout\":{\"group_name\":\"g\"}}\n",
    b"{\"Join\":{\"group_name\":7}}\r\n",
    b"{\"Post\":{\"group_name\":\"g\",\"message\":\"\xff\xfe\"}}\n",
    b"\xc3\x28\n",
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
    // A good one in between starts the count anew.
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
fn an_endless_line_costs_no_memory() {
    let server = Program::start(&[]);
    let mut ann = server.client();
    ann.join_and_wait("g");
    let before = server.memory();
    let mut flood = ann.socket().try_clone().unwrap();
    let flooding = thread::spawn(move || {
        let piece = vec![b'x'; 1 << 20];
        // The server closes before the end: then writing fails.
        (0..62).take_while(|_| flood.write_all(&piece).is_ok()).count()
    });
    ann.expect_error_with("longer than 65536 bytes");
    // A reset may follow the end, if the flood goes on for long.
    let mut rest = Vec::new();
    let _ = ann.stream.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    flooding.join().unwrap();
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 2 << 20, "grew by {grown} bytes");
    let mut bob = server.client();
    bob.join_and_wait("still served");
}

#[test]
fn bad_lines_by_the_thousand_leave_nothing_behind() {
    let server = Program::start(&[]);
    let mut ann = server.client();
    ann.join_and_wait("g");
    let mut lines = Vec::new();
    for bad in BAD {
        lines.extend_from_slice(bad);
    }
    lines.extend_from_slice(common::posted("g", "good").as_bytes());
    let mut round = || {
        ann.send(&lines);
        for _ in BAD {
            ann.expect_error_with("malformed request");
        }
        ann.expect_message("g", "good");
    };
    (0..300).for_each(|_| round());
    let before = server.memory();
    (0..1000).for_each(|_| round());
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 1 << 20, "grew by {grown} bytes");
}
