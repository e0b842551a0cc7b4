//! A client that was refused, or has closed its half, is disconnected after the grace period, whether or not
//! it reads. Otherwise a client that never reads could keep its connection, and its memory, for ever.

mod common;

use chat::server::Options;
use common::{Client, InProcess};
use std::io::Write;
use std::time::Duration;

fn server() -> InProcess {
    InProcess::start(Options { grace: Duration::from_millis(500), ..Options::default() })
}

/// Returns a member of "g" that never reads, with more queued than the sockets hold, and the client that posts.
fn silent_member(server: &InProcess, small_buffer: bool) -> (Client, Client) {
    let (mut silent, mut poster) = (server.client(), server.client());
    if small_buffer {
        rustix::net::sockopt::set_socket_recv_buffer_size(silent.socket(), 4096).unwrap();
    }
    silent.join_and_wait("g");
    poster.join_and_wait("g");
    let message = "x".repeat(60_000);
    for _ in 0..200 {
        poster.post("g", &message);
        poster.expect_message("g", &message);
    }
    server.settles_at(2, 1, 2);
    (silent, poster)
}

#[test]
fn it_half_closes_after_a_bad_line() {
    for sent in ["[]\n", "[]\n[]\n[]\n", "[]\n{\"Join\":{\"group_name\":\"h\"}}\n"] {
        let server = server();
        let (silent, _poster) = silent_member(&server, true);
        silent.send(sent);
        silent.half_close();
        server.settles_at(1, 1, 1);
    }
}

#[test]
fn it_half_closes_after_requests_that_have_replies() {
    for count in [1, 2, 1000] {
        let server = server();
        let (silent, _poster) = silent_member(&server, true);
        silent.send(common::posted("no such group", "").repeat(count));
        silent.half_close();
        server.settles_at(1, 1, 1);
    }
}

#[test]
fn it_half_closes_later() {
    let server = server();
    let (silent, mut poster) = silent_member(&server, true);
    silent.send(common::posted("no such group", "").repeat(3));
    // The first request has been carried out, and its reply waits.
    poster.post("g", "in between");
    poster.expect_message("g", "in between");
    silent.half_close();
    server.settles_at(1, 1, 1);
}

#[test]
fn its_line_is_too_long() {
    let server = server();
    let (silent, _poster) = silent_member(&server, true);
    silent.send(vec![b'x'; 70_000]);
    server.settles_at(1, 1, 1);
}

#[test]
fn it_sends_too_many_bad_lines() {
    let server = server();
    let (silent, _poster) = silent_member(&server, true);
    silent.send("[]\n".repeat(32));
    server.settles_at(1, 1, 1);
}

#[test]
fn it_sends_bad_lines_without_end() {
    let server = server();
    let (mut silent, _poster) = silent_member(&server, true);
    let bad = format!("{{\"{}\":1}}\n", "x".repeat(60_000));
    // The write fails when the server has closed the connection.
    while silent.stream.get_mut().write_all(bad.as_bytes()).is_ok() {}
    server.settles_at(1, 1, 1);
}

/// A client that reads still gets its replies, in order.
#[test]
fn one_that_reads_late_gets_its_replies_in_order() {
    let server = InProcess::start(Options { grace: Duration::from_secs(600), ..Options::default() });
    let (mut silent, _poster) = silent_member(&server, false);
    silent.send("[]\n[\n");
    silent.post("no such group", "");
    silent.post("g", "the last");
    silent.half_close();
    let mut errors = Vec::new();
    loop {
        let line = silent.line();
        if line.starts_with("{\"Error\"") {
            errors.push(line);
        } else if line.contains("the last") {
            break;
        }
    }
    errors.retain(|line| !line.contains("Dropped"));
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[2].contains("does not exist"), "{errors:?}");
    silent.reset();
    server.settles_at(1, 1, 1);
}
