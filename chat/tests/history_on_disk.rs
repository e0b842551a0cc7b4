//! A server with `--history`: messages have numbers, are there after a restart, and can be asked for.

mod common;

use chat::server::{Options, Retention};
use common::InProcess;
use common::history::{
    Directory, ask, end, join_after, no_long_reply_for_a_long_name, no_seam_in_a_flood, numbered, post,
};

#[test]
fn messages_have_numbers_and_survive_the_server() {
    let directory = Directory::new("survive");
    {
        let server = directory.server();
        let (mut member, mut poster) = (server.client(), server.client());
        member.join_and_wait("tea");
        post(&mut poster, "tea", 1..=3);
        for number in 1..=3 {
            member.expect(&numbered("tea", &number.to_string(), number));
        }
    }
    let server = directory.server();
    let (mut member, mut late) = (server.client(), server.client());
    member.join_and_wait("tea");
    // The group exists, since messages of it are kept.
    late.post("tea", "four");
    member.expect(&numbered("tea", "four", 4));
    join_after(&late, "tea", 1);
    for (number, message) in [(2, "2"), (3, "3"), (4, "four")] {
        late.expect(&numbered("tea", message, number));
    }
    late.post("tea", "five");
    late.expect(&numbered("tea", "five", 5));
}

#[test]
fn history_comes_in_pages() {
    let directory = Directory::new("pages");
    let server = directory.server();
    let mut client = server.client();
    client.join_and_wait("other");
    ask(&client, "tea", 0, 10);
    client.expect_error_with("Group 'tea' does not exist");
    ask(&client, "other", 0, 10);
    client.expect(&end("other", 0, false));
    let mut member = server.client();
    member.join_and_wait("tea");
    post(&mut client, "tea", 1..=2500);
    let (mut after, mut more) = (0, true);
    while more {
        // A million is more than a reply contains.
        ask(&client, "tea", after, 1_000_000);
        let until = (after + 1000).min(2500);
        for number in after + 1..=until {
            client.expect(&numbered("tea", &number.to_string(), number));
        }
        more = until < 2500;
        client.expect(&end("tea", until, more));
        after = until;
    }
    ask(&client, "tea", 2500, 10);
    client.expect(&end("tea", 2500, false));
    ask(&client, "tea", 2497, 2);
    client.expect(&numbered("tea", "2498", 2498));
    client.expect(&numbered("tea", "2499", 2499));
    client.expect(&end("tea", 2499, true));
}

#[test]
fn a_number_that_is_not_there_yet_is_an_error() {
    let directory = Directory::new("future");
    let server = directory.server();
    let (mut client, mut member) = (server.client(), server.client());
    member.join_and_wait("tea");
    post(&mut client, "tea", 1..=2);
    for after in [3, u64::MAX] {
        join_after(&client, "tea", after);
        let why = format!("message {after} is not there yet, the last one is 2");
        client.expect(&format!("{{\"Error\":\"Group 'tea' not joined: {why}\"}}"));
        ask(&client, "tea", after, 1);
        client.expect(&format!("{{\"Error\":\"Group 'tea': no history: {why}\"}}"));
    }
    server.settles_at(2, 1, 1);
    join_after(&client, "tea", 2);
    join_after(&client, "tea", 0);
    client.expect_error_with("Group 'tea' not joined: it was joined before");
    client.post("tea", "three");
    client.expect(&numbered("tea", "three", 3));
}

#[test]
fn a_server_without_history_says_so() {
    let server = InProcess::start(Options::default());
    let mut client = server.client();
    join_after(&client, "tea", 0);
    client.expect("{\"Error\":\"Group 'tea' not joined: this server keeps no history\"}");
    client.join_and_wait("tea");
    ask(&client, "tea", 0, 10);
    client.expect("{\"Error\":\"Group 'tea': no history: this server keeps no history\"}");
    client.post("tea", "one");
    client.expect_message("tea", "one");
    server.settles_at(1, 1, 1);
}

#[test]
fn a_join_in_a_flood_has_no_seam() {
    let directory = Directory::new("seam");
    let server = directory.server();
    no_seam_in_a_flood(&server, &server);
}

#[test]
fn a_slow_member_that_named_a_number_loses_nothing() {
    let directory = Directory::new("slow");
    let server =
        InProcess::start(Options { group_bytes: 1 << 20, ..directory.options(Retention::default()) });
    let mut slow = server.client();
    join_after(&slow, "tea", 0);
    // 20 MB are more than the group's channel and the sockets take together.
    let mut poster = server.client();
    poster.join_and_wait("wait until the other join is carried out");
    let text = "x".repeat(10_000);
    server.settles_at(2, 2, 2);
    for _ in 0..2000 {
        poster.post("tea", &text);
    }
    ask(&poster, "tea", 2000, 0);
    poster.expect(&end("tea", 2000, false));
    for number in 1..=2000 {
        slow.expect(&numbered("tea", &text, number));
    }
}

#[test]
fn retention_removes_the_oldest_and_tells_how_many() {
    let directory = Directory::new("retention");
    let retention = Retention { messages: 10, ..Retention::default() };
    let server = InProcess::start(directory.options(retention));
    let (mut client, mut member) = (server.client(), server.client());
    member.join_and_wait("tea");
    post(&mut client, "tea", 1..=100);
    ask(&client, "tea", 0, 1000);
    for number in 91..=100 {
        client.expect(&numbered("tea", &number.to_string(), number));
    }
    client.expect(&end("tea", 100, false));
    join_after(&client, "tea", 50);
    client.expect("{\"Error\":\"Dropped 40 messages from tea.\"}");
    for number in 91..=100 {
        client.expect(&numbered("tea", &number.to_string(), number));
    }
}

#[test]
fn a_join_comes_after_the_posts_before_it() {
    let directory = Directory::new("order");
    let server = directory.server();
    let (mut client, mut member) = (server.client(), server.client());
    member.join_and_wait("tea");
    for round in 0..20 {
        // At once: the first two wait for the disk when the join is read. The group does not exist yet, and the
        // join does not make the posts before it valid.
        let [group, post, more] = ["Join", "Post", "Post"].map(|kind| match kind {
            "Join" => format!("{{\"Join\":{{\"group_name\":\"group {round}\"}}}}\n"),
            _ => common::posted(&format!("group {round}"), "early"),
        });
        let late = common::posted(&format!("group {round}"), "late");
        client.send([common::posted("tea", "one"), post, more, group, late].concat());
        for _ in 0..2 {
            client.expect(&format!("{{\"Error\":\"Group 'group {round}' does not exist\"}}"));
        }
        client.expect(&numbered(&format!("group {round}"), "late", 1));
    }
}

#[test]
fn who_joins_does_not_receive_its_earlier_posts() {
    let directory = Directory::new("earlier");
    let server = directory.server();
    let mut member = server.client();
    member.join_and_wait("tea");
    for round in 0..20 {
        let mut client = server.client();
        let join = "{\"Join\":{\"group_name\":\"tea\"}}\n".to_string();
        let post = |text| common::posted("tea", text);
        client.send([post("early"), post("early"), join, post("late")].concat());
        client.expect(&numbered("tea", "late", 3 * round + 3));
    }
}

#[test]
fn a_long_name_does_not_make_a_long_reply() {
    let directory = Directory::new("name");
    no_long_reply_for_a_long_name(&directory.server());
}
