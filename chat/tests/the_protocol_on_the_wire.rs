//! What a client of the server receives, byte for byte.

mod common;

use std::thread;
use std::time::Duration;

use common::InProcess;

#[test]
fn members_get_what_is_posted_and_the_poster_too() {
    let server = InProcess::start(Default::default());
    let (mut ann, mut bob, mut eve) = (server.client(), server.client(), server.client());
    ann.join_and_wait("tea");
    bob.join_and_wait("tea");
    eve.join_and_wait("coffee");
    ann.post("tea", "hello");
    ann.expect_message("tea", "hello");
    bob.expect_message("tea", "hello");
    // Posting needs no membership.
    eve.post("tea", "is there coffee?");
    ann.expect_message("tea", "is there coffee?");
    bob.expect_message("tea", "is there coffee?");
    // She, who is not a member, received none of it.
    eve.post("coffee", "well");
    eve.expect_message("coffee", "well");
}

#[test]
fn a_group_that_does_not_exist_is_an_error() {
    let server = InProcess::start(Default::default());
    let mut ann = server.client();
    ann.post("G", "hello");
    ann.expect("{\"Error\":\"Group 'G' does not exist\"}");
    ann.join("G");
    ann.post("G", "hello");
    ann.expect_message("G", "hello");
}

#[test]
fn a_join_takes_effect_before_the_next_request_is_read() {
    let server = InProcess::start(Default::default());
    for round in 0..200 {
        let mut ann = server.client();
        let group = format!("g{round}");
        let both =
            format!("{{\"Join\":{{\"group_name\":\"{group}\"}}}}\n{}", common::posted(&group, "first"));
        ann.send(both);
        ann.expect_message(&group, "first");
    }
}

#[test]
fn joining_twice_does_not_deliver_twice() {
    let server = InProcess::start(Default::default());
    let mut ann = server.client();
    ann.join("tea");
    ann.join("tea");
    ann.join_and_wait("tea");
    ann.post("tea", "one");
    ann.post("tea", "two");
    ann.expect_message("tea", "one");
    ann.expect_message("tea", "two");
    server.settles_at(1, 1, 1);
}

#[test]
fn lines_are_taken_in_every_form() {
    let server = InProcess::start(Default::default());
    let mut ann = server.client();
    ann.send("{\"Join\":[\"g\"]}\r\n");
    ann.send("{\"Post\":{\"group_name\":\"g\",\"at\":[1,2],\"message\":\"return\"}}\r\n");
    ann.expect_message("g", "return");
    ann.send("{\"Post\":{\"group_name\":\"g\",\"message\":\"no newline\"}}");
    ann.half_close();
    ann.expect_message("g", "no newline");
}

#[test]
fn a_request_may_come_in_pieces() {
    let server = InProcess::start(Default::default());
    let mut ann = server.client();
    ann.join("g");
    for byte in common::posted("g", "in pieces, \u{e9} too").bytes() {
        ann.send([byte]);
    }
    ann.expect_message("g", "in pieces, \u{e9} too");
}

#[test]
fn any_string_is_a_group_name() {
    let server = InProcess::start(Default::default());
    for name in ["", " ", "'", "\\\"", "\\\\", "\\n", "\\u0000", "\u{1f375}", "a b/c", "\u{7f}"] {
        let mut ann = server.client();
        ann.join(name);
        ann.post(name, "m");
        ann.expect_message(name, "m");
    }
}

#[test]
fn order_is_kept_within_a_group() {
    let server = InProcess::start(Default::default());
    let mut members = [server.client(), server.client()];
    for member in &mut members {
        member.join_and_wait("g");
    }
    let posters: Vec<_> = (0..3)
        .map(|poster| {
            let client = server.client();
            thread::spawn(move || {
                for number in 0..300 {
                    client.post("g", &format!("{poster} {number}"));
                    // Pauses, so that no member falls behind.
                    if number % 100 == 99 {
                        thread::sleep(Duration::from_millis(20));
                    }
                }
                client
            })
        })
        .collect();
    let heard = members.map(|mut member| (0..900).map(|_| member.line()).collect::<Vec<_>>());
    assert_eq!(heard[0], heard[1], "all members hear the same");
    for poster in 0..3 {
        let from = format!("\"message\":\"{poster} ");
        let its: Vec<_> = heard[0].iter().filter(|line| line.contains(&from)).collect();
        for (number, line) in its.iter().enumerate() {
            assert_eq!(**line, common::message_line("g", &format!("{poster} {number}")) + "\n");
        }
        assert_eq!(its.len(), 300);
    }
    for poster in posters {
        poster.join().unwrap();
    }
}

#[test]
fn several_groups_share_a_connection_in_whole_lines() {
    let server = InProcess::start(Default::default());
    let mut ann = server.client();
    for group in 0..20 {
        ann.join(&format!("g{group}"));
    }
    ann.join_and_wait("last");
    let poster = server.client();
    for number in 0..50 {
        for group in 0..20 {
            poster.post(&format!("g{group}"), &number.to_string());
        }
    }
    let mut next = [0; 20];
    for _ in 0..1000 {
        let line = ann.line();
        let digits = line.trim_start_matches("{\"Message\":{\"group_name\":\"g");
        let group: usize = digits.split('"').next().unwrap().parse().expect(&line);
        let expected = common::message_line(&format!("g{group}"), &next[group].to_string());
        assert_eq!(line, expected + "\n");
        next[group] += 1;
    }
}

#[test]
fn a_connection_may_join_a_limited_number_of_groups() {
    let options = chat::server::Options { groups: 3, ..Default::default() };
    let server = InProcess::start(options);
    let mut ann = server.client();
    for group in ["a", "b", "c", "a"] {
        ann.join(group);
    }
    ann.join("d");
    ann.expect("{\"Error\":\"Group 'd' not joined: 3 groups are the limit\"}");
    ann.post("d", "");
    ann.expect("{\"Error\":\"Group 'd' does not exist\"}");
    ann.post("c", "still here");
    ann.expect_message("c", "still here");
    server.settles_at(1, 3, 3);
}
