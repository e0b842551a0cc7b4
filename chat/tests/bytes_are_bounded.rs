//! Memory that the server keeps for its clients is bounded in bytes, even where the limits in numbers allow
//! more; and each lost message is reported.

mod common;

use chat::server::Options;
use common::{Client, InProcess, Program};

const MIB: u64 = 1 << 20;

/// A server with an address space of 1 GiB.
fn limited(arguments: &[&str]) -> Program {
    if std::env::var_os("UNROLLED_SANITIZED").is_some() {
        return Program::start(arguments);
    }
    Program::start_limited("ulimit -v 1048576", arguments)
}

/// Posts to the groups "0", "1" and so on, which the poster has not joined. Returns when all posts are
/// carried out.
fn flood(poster: &mut Client, groups: usize, each: usize) {
    let message = "x".repeat(60_000);
    for number in 0..each {
        for group in 0..groups {
            poster.post(&group.to_string(), &format!("{number} {message}"));
        }
    }
    poster.post("no such group", "");
    poster.expect_error_with("does not exist");
}

fn silent_member(server: &Program, groups: impl IntoIterator<Item = usize>) -> Client {
    let mut silent = server.client();
    rustix::net::sockopt::set_socket_recv_buffer_size(silent.socket(), 4096).unwrap();
    groups.into_iter().for_each(|group| silent.join(&group.to_string()));
    // The reply is read before the flood.
    silent.join_and_wait("last");
    silent
}

#[test]
fn a_silent_member_of_many_groups() {
    for (groups, each) in [(4, 400), (40, 60)] {
        let server = limited(&[]);
        let mut poster = server.client();
        let _silent = silent_member(&server, 0..groups);
        let before = server.memory();
        flood(&mut poster, groups, each);
        let grown = server.memory().saturating_sub(before);
        println!("{groups} groups: grew by {grown} bytes");
        assert!(grown < 32 * MIB, "{groups} groups: grew by {grown} bytes");
        poster.join_and_wait("still served");
    }
}

#[test]
fn many_silent_members_of_a_group_each() {
    let server = limited(&["--memory", "33554432"]);
    let mut poster = server.client();
    let members: Vec<Client> = (0..30).map(|group| silent_member(&server, [group])).collect();
    let before = server.memory();
    flood(&mut poster, members.len(), 120);
    let grown = server.memory().saturating_sub(before);
    println!("30 members: grew by {grown} bytes");
    // The lines alone were 216 MB. Besides the 16 MiB that the groups keep there are the lines that are being
    // written, and what the allocator keeps.
    assert!(grown < 64 * MIB, "grew by {grown} bytes");
    // A client that reads is still served.
    poster.join_and_wait("tea");
    for _ in 0..10 {
        poster.post("tea", "hello");
        poster.expect_message("tea", "hello");
    }
}

#[test]
fn long_names() {
    let server = limited(&["--memory", "33554432"]);
    let before = server.memory();
    let mut clients: Vec<Client> = (0..20).map(|_| server.client()).collect();
    let filling = "x".repeat(60_000);
    let mut refused = 0;
    for (number, client) in clients.iter_mut().enumerate() {
        for group in 0..99 {
            client.join(&format!("{number} {group} {filling}"));
        }
        client.post("no such group", "");
        loop {
            let line = client.line();
            if line.contains("does not exist") {
                break;
            }
            assert!(
                line.ends_with(" not joined: the server has no memory for more\"}\n"),
                "{} bytes",
                line.len()
            );
            refused += 1;
        }
    }
    let grown = server.memory().saturating_sub(before);
    println!("{refused} refused; grew by {grown} bytes");
    assert!(refused > 0 && grown < 32 * MIB, "{refused} refused; grew by {grown} bytes");
    // When they have gone, new names are accepted again.
    clients.into_iter().for_each(Client::reset);
    common::eventually("they have gone", || server.held().connections == 0);
    let mut ann = server.client();
    ann.join_and_wait(&filling);
    ann.post(&filling, "hello");
    ann.expect_message(&filling, "hello");
}

#[test]
fn the_names_of_a_connections_groups() {
    let server = InProcess::start(Options { connection_bytes: 1000, ..Options::default() });
    let mut ann = server.client();
    let name = |number: usize| format!("{number}{}", "x".repeat(299));
    (0..3).for_each(|number| ann.join(&name(number)));
    ann.join(&name(3));
    let refused = "not joined: names of 1000 bytes altogether are the limit";
    ann.expect(&format!("{{\"Error\":\"Group '{}' {refused}\"}}", name(3)));
    server.settles_at(1, 3, 3);
}

/// Whichever limit a member exceeds: the messages that it received, and those that were reported as lost, are
/// together the messages that were posted.
#[test]
fn what_was_lost_and_what_came_add_up() {
    let cases = [
        Options::default(),
        Options { connection_bytes: 1 << 20, ..Options::default() },
        Options { group_bytes: 1 << 20, ..Options::default() },
        Options { group_bytes: 0, ..Options::default() },
        Options { memory: 4 << 20, connection_bytes: 64 << 20, ..Options::default() },
    ];
    for options in cases {
        let server = InProcess::start(options);
        let (mut slow, mut poster) = (server.client(), server.client());
        rustix::net::sockopt::set_socket_recv_buffer_size(slow.socket(), 1 << 16).unwrap();
        (0..2).for_each(|group| slow.join(&group.to_string()));
        slow.join_and_wait("2");
        flood(&mut poster, 2, 300);
        (0..2).for_each(|group| poster.post(&group.to_string(), "the last"));
        for _ in 0..2 {
            // The last message is delivered at the latest when everything before it has been read.
            poster.post("no such group", "");
            poster.expect_error_with("does not exist");
        }
        let (mut came, mut lost, mut last) = ([0; 2], [0; 2], 0);
        while last < 2 {
            let line = slow.line();
            if let Some(rest) = line.strip_prefix("{\"Error\":\"Dropped ") {
                let (count, group) = rest.split_once(" messages from ").unwrap();
                lost[group[..1].parse::<usize>().unwrap()] += count.parse::<u64>().unwrap();
                continue;
            }
            let rest = line.strip_prefix("{\"Message\":{\"group_name\":\"").unwrap();
            let group: usize = rest[..1].parse().unwrap();
            if rest.contains("the last") {
                last += 1;
                assert_eq!(came[group] + lost[group], 300, "group {group}: {} lost", lost[group]);
                continue;
            }
            let number: u64 = rest[14..].split(' ').next().unwrap().parse().unwrap();
            assert_eq!(number, came[group] + lost[group], "it goes on just where the lost ones end");
            came[group] += 1;
        }
        println!("came {came:?}, lost {lost:?}");
        assert!(lost[0] + lost[1] > 0);
    }
}
