//! However a connection ends, its subscriptions end, its socket is closed, and a group without members is
//! gone. This holds also in a group without posts, where no failing write tells the server that the client is
//! gone.

mod common;

use std::net::Shutdown;

use chat::server::Options;
use common::{Client, InProcess, Program};

fn members(connect: impl Fn() -> Client, count: usize) -> Vec<Client> {
    (0..count)
        .map(|number| {
            let mut client = connect();
            client.join_and_wait("quiet");
            client.join_and_wait(&format!("own {number}"));
            client
        })
        .collect()
}

/// Ends 50 clients in the given way, and waits until the server holds what it held before.
fn all_comes_back(arguments: &[&str], end: impl Fn(Client)) {
    let server = Program::start(arguments);
    let mut witness = server.client();
    witness.join_and_wait("quiet");
    let before = server.held();
    let clients = members(|| server.client(), 50);
    assert!(server.descriptors() >= before.descriptors + 50);
    clients.into_iter().for_each(end);
    server.comes_back_to(before);
    witness.post("own 7", "");
    witness.expect("{\"Error\":\"Group 'own 7' does not exist\"}");
    witness.post("quiet", "it is still served");
    witness.expect_message("quiet", "it is still served");
}

#[test]
fn when_it_is_reset() {
    all_comes_back(&["--grace", "600"], Client::reset);
}

#[test]
fn when_it_closes() {
    // A close looks like a half-close until something is written, or the grace period has elapsed.
    all_comes_back(&["--grace", "0.2"], drop);
}

#[test]
fn when_it_closes_with_words_unread() {
    all_comes_back(&["--grace", "600"], |client| {
        client.post("no such group", "");
        // The reply has arrived and is unread, so closing the socket resets the connection.
        let mut byte = [0];
        client.socket().peek(&mut byte).unwrap();
    });
}

#[test]
fn when_it_breaks_the_rules() {
    all_comes_back(&["--grace", "600", "--line-limit", "200"], |mut client| {
        client.send([b'x'; 201]);
        client.expect_error_with("longer than 200 bytes");
        client.expect_end();
    });
}

#[test]
fn when_it_is_gone_in_mid_line() {
    all_comes_back(&["--grace", "600"], |client| {
        client.send("{\"Post\":{\"group");
        client.reset();
    });
}

#[test]
fn subscriptions_and_groups_go_with_it() {
    let server = InProcess::start(Options::default());
    let mut witness = server.client();
    witness.join_and_wait("quiet");
    let clients = members(|| server.client(), 20);
    server.settles_at(21, 21, 41);
    for (number, client) in clients.into_iter().enumerate() {
        client.reset();
        server.settles_at(20 - number, 20 - number, 39 - 2 * number);
    }
    witness.post("quiet", "hello");
    witness.expect_message("quiet", "hello");
    // A group that is gone can be created again.
    witness.join_and_wait("own 3");
    server.settles_at(1, 2, 2);
}

#[test]
fn one_that_never_read_goes_too() {
    let server = InProcess::start(Options::default());
    let (mut silent, mut poster) = (server.client(), server.client());
    silent.join_and_wait("g");
    poster.join_and_wait("g");
    let filling = "x".repeat(8000);
    for _ in 0..2000 {
        poster.post("g", &filling);
        poster.line();
    }
    // There are unread bytes, so the drop resets the connection. That wakes the task that waits to write.
    drop(silent);
    server.settles_at(1, 1, 1);
}

#[test]
fn one_that_has_shut_both_halves_goes_by_the_next_line() {
    let server = InProcess::start(Options::default());
    let (mut shut, mut poster) = (server.client(), server.client());
    shut.join_and_wait("g");
    poster.join_and_wait("g");
    shut.socket().shutdown(Shutdown::Both).unwrap();
    common::eventually("it is noticed", || {
        poster.post("g", "anyone?");
        poster.line();
        server.handle.count().connections == 1
    });
}

#[test]
fn twenty_thousand_groups_leave_no_memory_behind() {
    let server = Program::start(&["--groups", "20001"]);
    let round = || {
        let mut ann = server.client();
        for group in 0..20_000 {
            ann.join(&format!("a group with a longer name {group}"));
        }
        ann.join_and_wait("last");
        let held = server.memory();
        ann.reset();
        held
    };
    let idle = server.memory();
    let held = round().saturating_sub(idle);
    println!("a group without posts costs {} bytes", held / 20_000);
    assert!(held < 20_000 * 4096, "20,000 groups cost {held} bytes");
    let mut witness = server.client();
    let mut all_gone = || {
        witness.post("last", "");
        witness.post("no such group", "");
        let gone = witness.line().contains("'last'");
        if gone {
            witness.line();
        }
        gone
    };
    common::eventually("the groups go", &mut all_gone);
    server.comes_to_leave_nothing(2 << 20, || {
        round();
        common::eventually("the groups go", &mut all_gone);
    });
}
