//! A client that cannot keep up loses messages and is sent their number. No other client waits for it.

mod common;

use std::time::{Duration, Instant};

use chat::server::Options;
use common::{Client, InProcess, Program};

/// Posts messages with these numbers, each of about 8 KB, so that the sockets' buffers are soon full.
fn flood(poster: &mut Client, numbers: std::ops::Range<u32>) {
    let filling = "x".repeat(8000);
    for number in numbers {
        poster.post("g", &format!("{number} {filling}"));
        // The poster is a member too: it must not fall behind.
        let line = poster.line();
        assert!(line.contains(&format!("\"message\":\"{number} x")), "{line:.80}");
    }
}

/// Reads up to the message with this number. Returns how many messages were received, and how many were lost.
fn read_up_to(client: &mut Client, last: u32) -> (u64, u64) {
    let (mut received, mut lost) = (0, 0);
    let mut expected = 0;
    loop {
        let line = client.line();
        if let Some(rest) = line.strip_prefix("{\"Error\":\"Dropped ") {
            let (count, rest) = rest.split_once(' ').unwrap();
            assert_eq!(rest, "messages from g.\"}\n");
            let count: u64 = count.parse().unwrap();
            assert!(count > 0);
            lost += count;
            expected += count;
            continue;
        }
        let rest = line.strip_prefix("{\"Message\":{\"group_name\":\"g\",\"message\":\"");
        let (number, _) = rest.expect(&line).split_once(' ').unwrap();
        let number: u64 = number.parse().unwrap();
        // The next message is the one after the lost ones.
        assert_eq!(number, expected);
        expected += 1;
        received += 1;
        if number == u64::from(last) {
            return (received, lost);
        }
    }
}

#[test]
fn what_was_lost_and_what_came_add_up() {
    let server = InProcess::start(Options::default());
    let (mut slow, mut poster) = (server.client(), server.client());
    slow.join_and_wait("g");
    poster.join_and_wait("g");
    let posted = 4000;
    flood(&mut poster, 0..posted);
    let (received, lost) = read_up_to(&mut slow, posted - 1);
    assert!(lost > 0, "nothing was lost: the sockets took it all");
    assert_eq!(received + lost, u64::from(posted));
    assert!(received >= 1000, "at least the last thousand are kept");
    // The slow client is still a member.
    flood(&mut poster, posted..posted + 10);
    for number in posted..posted + 10 {
        let line = slow.line();
        assert!(line.contains(&format!("\"message\":\"{number} x")), "{line:.80}");
    }
}

#[test]
fn no_member_waits_for_one_that_never_reads() {
    let server = InProcess::start(Options::default());
    let (mut poster, mut other) = (server.client(), server.client());
    poster.join_and_wait("g");
    other.join_and_wait("g");
    let mut round = |numbers: std::ops::Range<u32>| {
        let start = Instant::now();
        for number in numbers {
            flood(&mut poster, number..number + 1);
            let line = other.line();
            assert!(line.contains(&format!("\"message\":\"{number} x")));
        }
        start.elapsed()
    };
    let alone = round(0..1000);
    let mut silent: Vec<Client> = (0..5).map(|_| server.client()).collect();
    for client in &mut silent {
        client.join_and_wait("g");
    }
    let beside = round(1000..3000);
    // Generous, since the machine may be busy. A server that waited for the silent clients would never end.
    assert!(beside < 10 * alone + Duration::from_secs(5), "{alone:?}, then {beside:?}");
    server.settles_at(7, 1, 7);
}

/// Returns members of "g" that never read. Their buffers are small, and so are soon full.
fn silent_members(server: &Program, count: usize) -> Vec<Client> {
    let join = |_| {
        let mut client = server.client();
        rustix::net::sockopt::set_socket_recv_buffer_size(client.socket(), 4096).unwrap();
        client.join_and_wait("g");
        client
    };
    (0..count).map(join).collect()
}

#[test]
fn a_hundred_that_never_read_hold_bounded_memory() {
    let server = Program::start(&["--grace", "0.5"]);
    let mut poster = server.client();
    poster.join_and_wait("g");
    let mut number = 0;
    let mut round = || {
        let mut post = |poster: &mut Client, messages| {
            flood(poster, number..number + messages);
            number += messages;
        };
        let silent = silent_members(&server, 100);
        let before = server.memory();
        // The channel keeps 1000 lines of 8 KB, shared by all members; each connection keeps a batch.
        post(&mut poster, 3000);
        let grown = server.memory().saturating_sub(before);
        println!("a hundred that never read: grew by {grown} bytes");
        assert!(grown < 20 << 20, "grew by {grown} bytes");
        // Requests whose error replies are not read cost no memory either.
        for client in &silent {
            client.socket().set_nonblocking(true).unwrap();
        }
        let before = server.memory();
        let nonsense = b"nonsense\n{\"Join\":[\"g\"]}\n".repeat(1000);
        for _ in 0..100 {
            for client in &silent {
                use std::io::Write;
                let _ = client.socket().write(&nonsense);
            }
        }
        post(&mut poster, 100);
        let grown = server.memory().saturating_sub(before);
        assert!(grown < 2 << 20, "grew by {grown} bytes");
        // When the clients are gone, nothing is kept for them.
        drop(silent);
        post(&mut poster, 100);
        common::eventually("they have gone", || server.held().connections == 1);
    };
    round();
    let held = server.held();
    round();
    // The channel held 8 MB.
    server.comes_back_within(held, 24 << 20);
}

/// Returns the time from the post to the delivery to another member for each of `count` posts, the slowest last.
fn deliveries(poster: &mut Client, other: &mut Client, count: usize) -> Vec<Duration> {
    let mut took: Vec<_> = (0..count)
        .map(|number| {
            let start = Instant::now();
            poster.post("g", &number.to_string());
            other.expect_message("g", &number.to_string());
            let took = start.elapsed();
            poster.expect_message("g", &number.to_string());
            took
        })
        .collect();
    took.sort();
    took
}

/// The long form asserts the promised bound, so it needs a quiet machine and a release build. The bound of
/// the short form is larger, but would be exceeded if a client waited for those that never read.
#[test]
fn deliveries_beside_a_hundred_that_never_read() {
    let server = Program::start(&["--grace", "0.5"]);
    let (mut poster, mut other) = (server.client(), server.client());
    poster.join_and_wait("g");
    other.join_and_wait("g");
    // Fills the channel, so that the group keeps as much memory without the silent members as with them.
    for number in 0..1500 {
        flood(&mut poster, number..number + 1);
        other.line();
    }
    let held = server.held();
    let count = common::size(300, 10_000);
    deliveries(&mut poster, &mut other, count);
    let alone = deliveries(&mut poster, &mut other, count);
    let silent = silent_members(&server, 100);
    // Fills the buffers of the silent members, and the channel.
    for number in 0..1500 {
        flood(&mut poster, number..number + 1);
        other.line();
    }
    let beside = deliveries(&mut poster, &mut other, count);
    let figure = |sorted: &[Duration], percent: usize| sorted[(sorted.len() - 1) * percent / 100];
    for (name, sorted) in [("alone", &alone), ("beside a hundred that never read", &beside)] {
        let [median, p99, last] = [50, 99, 100].map(|percent| figure(sorted, percent));
        println!("{count} deliveries {name}: median {median:?}, p99 {p99:?}, the slowest {last:?}");
    }
    let (alone, beside) = (figure(&alone, 99), figure(&beside, 99));
    let allowed = if common::deep() { 2 * alone } else { 10 * alone + Duration::from_secs(1) };
    assert!(beside <= allowed, "p99 {alone:?} alone, {beside:?} beside them");
    drop(silent);
    deliveries(&mut poster, &mut other, 10);
    // The channel held 8 MB.
    server.comes_back_within(held, 24 << 20);
}
