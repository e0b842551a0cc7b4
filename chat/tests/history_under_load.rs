//! A server with `--history` and clients that post without reading, read slowly, or make many groups.

mod common;

use std::time::Instant;

use chat::history::Reply;
use common::history::{Directory, ask, end, join_after, kept_after, numbered, reply};
use common::{posted, size};

#[test]
fn a_client_that_posts_and_never_reads_costs_bounded_memory() {
    let directory = Directory::new("flood");
    let server = directory.program(&["--history-messages", "1000"]);
    let mut flooder = server.client();
    flooder.join_and_wait("tea");
    let mut calm = server.client();
    calm.join_and_wait("calm");
    let before = server.memory();
    let (count, at_once) = (size(50_000, 1_000_000) as u64, 100);
    let posts = posted("tea", "a message that its poster does not read").repeat(at_once);
    let mut most = 0;
    for round in 0..count / at_once as u64 {
        flooder.send(&posts);
        if round % 100 == 0 {
            most = most.max(server.memory());
            calm.post("calm", "still here");
            calm.expect(&numbered("calm", "still here", round / 100 + 1));
        }
    }
    // All are there, although the member has read none.
    let mut other = server.client();
    common::eventually("all are kept", || {
        ask(&other, "tea", 0, 0);
        reply(&mut other) == Some(Reply::History { group_name: "tea".into(), last: count, more: false })
    });
    println!("{count} posts: from {before} to {most} bytes");
    assert!(most < before + (48 << 20), "from {before} to {most} bytes");
}

#[test]
fn a_slow_member_is_told_exactly_what_retention_removed() {
    let directory = Directory::new("removed");
    let server = directory.program(&["--history-messages", "300", "--group-bytes", "200000"]);
    let (mut slow, mut poster) = (server.client(), server.client());
    join_after(&slow, "tea", 0);
    slow.send(posted("no such group", ""));
    slow.expect("{\"Error\":\"Group 'no such group' does not exist\"}");
    let (count, text) = (size(5000, 20_000) as u64, "x".repeat(5000));
    let (mut last, mut lost, mut reports) = (0, 0, 0);
    let mut read_until = |slow: &mut common::Client, number: u64| {
        while last < number {
            match reply(slow) {
                Some(Reply::Message { seq: Some(number), message, .. }) => {
                    assert_eq!(number, last + lost + 1, "told of {lost} lost ones after {last}");
                    assert_eq!(message, text);
                    (last, lost) = (number, 0);
                }
                Some(Reply::Error(report)) => {
                    let report =
                        report.strip_prefix("Dropped ").and_then(|rest| rest.split_once(' ')).unwrap();
                    lost += report.0.parse::<u64>().unwrap();
                    reports += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        reports
    };
    // More than the sockets take, and many times what is kept. It reads a little meanwhile.
    for number in 1..=count {
        poster.post("tea", &text);
        if number % 500 == 0 {
            ask(&poster, "tea", number, 0);
            poster.expect(&end("tea", number, false));
            read_until(&mut slow, number / 4);
        }
    }
    let reports = read_until(&mut slow, count);
    println!("{count} posts, told {reports} times of lost ones");
    assert!(reports > 0, "none was lost: the test should post more");
}

#[test]
fn ten_thousand_groups() {
    let directory = Directory::new("groups");
    let count = size(2000, 10_000);
    {
        let server = directory.program(&["--groups", "100000"]);
        let mut client = server.client();
        for first in (0..count).step_by(100) {
            for number in first..first + 100 {
                client.join(&format!("group {number}"));
                client.post(&format!("group {number}"), "hello");
            }
            for _ in 0..100 {
                assert!(matches!(reply(&mut client), Some(Reply::Message { seq: Some(1), .. })));
            }
        }
        // It is killed: the next start has to repair the file.
    }
    for what in ["killed", "stopped"] {
        let start = Instant::now();
        let mut server = directory.program(&["--groups", "100000"]);
        println!("{count} groups, after the server was {what}: listens after {:?}", start.elapsed());
        let start = Instant::now();
        let mut client = server.client();
        for number in (0..count).step_by(100) {
            assert_eq!(kept_after(&mut client, &format!("group {number}"), 0), ["hello"]);
        }
        println!("{} History requests: {:?}", count / 100, start.elapsed());
        let start = Instant::now();
        for number in 0..count {
            join_after(&client, &format!("group {number}"), 0);
            client.expect(&numbered(&format!("group {number}"), "hello", 1));
        }
        println!("{count} joins after 0: {:?}", start.elapsed());
        drop(client);
        server.signal(rustix::process::Signal::TERM);
        assert!(server.wait().success());
    }
}
