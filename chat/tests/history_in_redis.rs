//! Servers with `--redis`: one order for the members of all of them, and what happens when Redis is away, full,
//! empty, stalled, or talks nonsense.

mod common;
#[path = "common/redis.rs"]
mod redis;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use chat::server::{History, Options, Server};
use common::history::{
    ask, end, join_after, no_long_reply_for_a_long_name, no_seam_in_a_flood, numbered, post,
};
use common::{Client, DEADLINE, InProcess, eventually, unused_address};
use redis::{Mode, Proxy, RedisServer, options};

/// Posts, and asks for nothing of the group's history. Returns whether each of the two was refused: Redis may come or
/// go in between.
#[track_caller]
fn refused(client: &mut Client, group: &str, message: &str) -> (bool, bool) {
    client.post(group, message);
    ask(client, group, 0, 0);
    let mut is_posted = true;
    loop {
        let reply = client.line();
        if reply.starts_with("{\"History") {
            return (!is_posted, false);
        } else if reply.contains("': no history: ") {
            return (!is_posted, true);
        }
        is_posted = false;
    }
}

/// Posts until one post is not refused: until the server has found Redis again.
#[track_caller]
fn post_when_it_is_back(client: &mut Client, group: &str, message: &str) {
    eventually("Redis is used again", || refused(client, group, message) == (false, false));
}

#[test]
fn several_servers_have_one_order() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let servers: Vec<_> = (0..3).map(|_| InProcess::start(redis.options())).collect();
    let mut members: Vec<_> = servers.iter().map(InProcess::client).collect();
    let mut first = servers[0].client();
    first.join_and_wait("tea");
    // A member that names no number may lose some in a flood.
    members.iter().for_each(|member| join_after(member, "tea", 0));
    let posters: Vec<_> = servers
        .iter()
        .enumerate()
        .map(|(server, InProcess { address, .. })| {
            let client = Client::connect(*address);
            thread::spawn(move || {
                (0..500).for_each(|number| client.post("tea", &format!("{server}-{number}")));
                client
            })
        })
        .collect();
    let lists: Vec<Vec<String>> =
        members.iter_mut().map(|member| (0..1500).map(|_| member.line()).collect()).collect();
    assert!(lists[0] == lists[1] && lists[1] == lists[2]);
    let mut next = BTreeMap::new();
    for (number, line) in (1..).zip(&lists[0]) {
        let text = line.split("\"message\":\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(line.trim_end(), numbered("tea", text, number));
        // The posts of one connection stay in order.
        let (server, count) = text.split_once('-').unwrap();
        let next = next.entry(server.to_owned()).or_insert(0);
        assert_eq!(count, next.to_string());
        *next += 1;
    }
    posters.into_iter().for_each(|poster| drop(poster.join().unwrap()));
}

#[test]
fn a_client_goes_on_at_another_server() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let first = InProcess::start(redis.options());
    let (mut member, mut poster) = (first.client(), first.client());
    member.join_and_wait("tea");
    post(&mut poster, "tea", 1..=2500);
    drop((member, poster, first));
    let second = InProcess::start(redis.options());
    let (mut late, mut asking) = (second.client(), second.client());
    // The group exists, although nobody has joined it here.
    late.post("tea", "2501");
    join_after(&late, "tea", 1);
    for number in 2..=2501 {
        late.expect(&numbered("tea", &number.to_string(), number));
    }
    ask(&asking, "tea", 0, 1_000_000);
    (1..=1000).for_each(|number| asking.expect(&numbered("tea", &number.to_string(), number)));
    asking.expect(&end("tea", 1000, true));
    ask(&asking, "tea", 2498, 2);
    asking.expect(&numbered("tea", "2499", 2499));
    asking.expect(&numbered("tea", "2500", 2500));
    asking.expect(&end("tea", 2500, true));
    ask(&asking, "tea", 2502, 2);
    asking.expect_error_with("message 2502 is not there yet, the last one is 2501");
    ask(&asking, "coffee", 0, 2);
    asking.expect("{\"Error\":\"Group 'coffee' does not exist\"}");
    asking.post("coffee", "");
    asking.expect("{\"Error\":\"Group 'coffee' does not exist\"}");
    asking.join_and_wait("ünï:\\\"\\n ");
    asking.post("ünï:\\\"\\n ", "ç\\u0000\\r\\n$5");
    asking.expect(&numbered("ünï:\\\"\\n ", "ç\\u0000\\r\\n$5", 1));
}

#[test]
fn a_join_in_a_flood_has_no_seam() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let servers = [InProcess::start(redis.options()), InProcess::start(redis.options())];
    no_seam_in_a_flood(&servers[0], &servers[1]);
}

#[test]
fn a_long_name_does_not_make_a_long_reply() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    no_long_reply_for_a_long_name(&InProcess::start(redis.options()));
}

#[test]
fn nothing_is_lost_when_redis_is_killed() {
    let Some(mut redis) = RedisServer::safe() else { return };
    let servers = [InProcess::start(redis.options()), InProcess::start(redis.options())];
    let (mut member, mut poster) = (servers[0].client(), servers[1].client());
    join_after(&member, "tea", 0);
    servers[0].settles_at(1, 1, 1);
    poster.join_and_wait("wait until the other join is carried out");
    eventually("the group exists", || {
        ask(&poster, "tea", 0, 0);
        poster.line().contains("\"last\":0")
    });
    post(&mut poster, "tea", 1..=1000);
    redis.kill();
    poster.post("tea", "lost");
    poster.expect_error_with("Group 'tea': ");
    eventually("the server has noticed it", || {
        poster.post("tea", "lost");
        poster.line().contains("'tea': not posted: Redis is away: ")
    });
    join_after(&poster, "coffee", 0);
    poster.expect_error_with("Group 'coffee' not joined: Redis is away: ");
    redis.start_again();
    post_when_it_is_back(&mut poster, "tea", "1001");
    for number in 1..=1001 {
        member.expect(&numbered("tea", &number.to_string(), number));
    }
}

#[test]
fn a_client_that_leaves_during_a_join_that_waits_for_redis_is_gone() {
    let Some(mut redis) = RedisServer::start(&[]) else { return };
    let options = Options { grace: Duration::from_millis(100), ..redis.options() };
    let server = InProcess::start(options);
    let (mut member, mut poster) = (server.client(), server.client());
    member.join_and_wait("tea");
    redis.kill();
    eventually("the server has noticed it", || {
        poster.post("tea", "lost");
        poster.line().contains("'tea': not posted: Redis is away: ")
    });
    let (resets, mut closes) = (server.client(), server.client());
    join_after(&resets, "tea", 0);
    join_after(&closes, "tea", 0);
    server.settles_at(4, 1, 3);
    resets.reset();
    server.settles_at(3, 1, 2);
    closes.half_close();
    closes.expect_error_with("Group 'tea' not joined: the log was not read within the grace period");
    closes.expect_end();
    server.settles_at(2, 1, 1);
    // A client that stays receives what was posted meanwhile.
    let mut stays = server.client();
    join_after(&stays, "tea", 0);
    server.settles_at(3, 1, 2);
    redis.start_again();
    post_when_it_is_back(&mut poster, "tea", "again");
    stays.expect(&numbered("tea", "again", 1));
}

#[test]
fn numbers_go_on_when_redis_has_lost_everything() {
    let Some(mut redis) = RedisServer::start(&[]) else { return };
    let servers = [InProcess::start(redis.options()), InProcess::start(redis.options())];
    let (mut member, mut poster) = (servers[0].client(), servers[0].client());
    let mut elsewhere = servers[1].client();
    member.join_and_wait("tea");
    elsewhere.join_and_wait("tea");
    post(&mut poster, "tea", 1..=3);
    for client in [&mut member, &mut elsewhere] {
        (1..=3).for_each(|number| client.expect(&numbered("tea", &number.to_string(), number)));
    }
    redis.kill();
    redis.start_again();
    post_when_it_is_back(&mut poster, "tea", "four");
    member.expect(&numbered("tea", "four", 4));
    elsewhere.expect(&numbered("tea", "four", 4));
    // Also while the connections stay.
    redis.command(&["FLUSHALL"]);
    poster.post("tea", "five");
    member.expect(&numbered("tea", "five", 5));
    elsewhere.expect(&numbered("tea", "five", 5));
    join_after(&poster, "tea", 0);
    poster.expect("{\"Error\":\"Dropped 4 messages from tea.\"}");
    poster.expect(&numbered("tea", "five", 5));
}

#[test]
fn a_server_logs_in() {
    let Some(redis) = RedisServer::start(&["--requirepass", "geheim %"]) else { return };
    let address = redis.address;
    let server = InProcess::start(options(&format!("redis://:geheim%20%25@{address}/3")));
    let mut client = server.client();
    client.join_and_wait("tea");
    client.post("tea", "1");
    client.expect(&numbered("tea", "1", 1));
    // Another database has other groups.
    let other = InProcess::start(options(&format!("redis://default:geheim%20%25@{address}/4")));
    let mut stranger = other.client();
    stranger.join_and_wait("tea");
    client.post("tea", "2");
    client.expect(&numbered("tea", "2", 2));
    stranger.post("tea", "one");
    stranger.expect(&numbered("tea", "one", 1));
    // What a user of Redis must be permitted at least.
    let login = ["AUTH", "geheim %"];
    let least = "~unrolled:* &unrolled:* +hello +ping +select +eval +xadd +xrange +xrevrange +publish +subscribe +unsubscribe";
    let user: Vec<&str> =
        ["ACL", "SETUSER", "chat", "on", ">secret"].into_iter().chain(least.split(' ')).collect();
    assert_eq!(redis.commands(&[&login, &user]), "+OK\r\n+OK\r\n");
    let server = InProcess::start(options(&format!("redis://chat:secret@{address}/3")));
    let mut least = server.client();
    join_after(&least, "tea", 1);
    least.expect(&numbered("tea", "2", 2));
    least.post("tea", "3");
    least.expect(&numbered("tea", "3", 3));
    client.expect(&numbered("tea", "3", 3));
    let user = ["ACL", "SETUSER", "chat", "-publish"];
    assert_eq!(redis.commands(&[&login, &user]), "+OK\r\n+OK\r\n");
    for (url, reason) in [
        (format!("redis://chat:secret@{address}"), "NOPERM"),
        (format!("redis://:wrong@{address}"), "WRONGPASS"),
        (format!("redis://nobody:wrong@{address}"), "WRONGPASS"),
        (format!("redis://{address}"), "NOAUTH"),
        (format!("redis://:geheim%20%25@{address}/99"), "DB index is out of range"),
        (format!("redis://:wrong@{}", unused_address()), "refused"),
        ("redis://:wrong@".to_owned(), "the host is missing"),
    ] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_server")).args(["127.0.0.1:0", "--redis", &url]).output();
        let output = output.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(if url.ends_with('@') { 2 } else { 1 }), "{said}");
        assert!(
            said.contains(reason)
                && !said.contains("wrong")
                && !said.contains("geheim")
                && !said.contains("secret"),
            "{said}"
        );
    }
}

/// A server with other limits on what is kept, and on the time of a reply, takes a post.
#[track_caller]
fn a_post_is_taken_with(messages: u64, timeout: Duration) {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let history = History::Redis { url: redis.url().parse().unwrap(), messages, timeout };
    let server = InProcess::start(Options { history, ..Options::default() });
    let mut client = server.client();
    client.join_and_wait("tea");
    client.post("tea", "1");
    client.expect(&numbered("tea", "1", 1));
}

#[test]
fn any_number_of_messages_may_be_kept() {
    a_post_is_taken_with(u64::MAX, Duration::from_secs(10));
}

#[test]
fn the_time_of_a_reply_may_have_no_limit() {
    a_post_is_taken_with(100, Duration::MAX);
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for (arguments, reason) in [
        (&["--redis", "redis://h", "--history", "d"][..], "--history and --redis"),
        (&["--redis", "redis://h", "--history-age", "1"], "--history-age: with --redis only"),
        (&["--redis", "redis://h", "--history-bytes", "1"], "--history-bytes and"),
        (&["--redis", "redis://h", "--history-messages", "0"], "--history-messages 0"),
        (&["--redis", "http://h"], "--redis: a URL such as redis://"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_server")).args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(reason), "{arguments:?}: {said}");
    }
}

/// A server behind a proxy, which gives up after a second.
fn behind(proxy: &Proxy) -> InProcess {
    InProcess::start(impatient(proxy.address))
}

fn impatient(redis: SocketAddr) -> Options {
    let url = format!("redis://{redis}").parse().unwrap();
    let history = History::Redis { url, messages: 100_000, timeout: Duration::from_secs(1) };
    Options { history, ..Options::default() }
}

#[test]
fn a_redis_that_stalls_after_the_login_does_not_hang_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It replies to HELLO and to PING, and reads on. The thread ends with the server's connection.
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for reply in ["%0\r\n", "+PONG\r\n"] {
            let _ = (stream.read(&mut [0; 4096]).unwrap(), stream.write_all(reply.as_bytes()).unwrap());
        }
        io::copy(&mut stream, &mut io::sink())
    });
    let (sender, bound) = mpsc::channel();
    thread::spawn(move || {
        let bind = Server::bind("127.0.0.1:0", impatient(address));
        sender.send(executor::task::block_on(bind).map(drop))
    });
    let error = bound.recv_timeout(DEADLINE).expect("the start ends").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), format!("redis://{address}: it has not replied for 1 seconds"));
}

#[test]
fn a_redis_that_stalls_cuts_or_talks_nonsense_costs_only_time() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::start(redis.address);
    let (server, other) = (behind(&proxy), InProcess::start(redis.options()));
    let (mut member, mut poster, mut elsewhere) = (server.client(), server.client(), other.client());
    member.join_and_wait("tea");
    elsewhere.join_and_wait("tea");
    let mut last = 0;
    let modes = [
        Mode::Cut,
        Mode::Stall,
        Mode::LoseReplies,
        Mode::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Mode::Say(b"$1073741824\r\n"),
        Mode::Say(b"*1000000\r\n"),
        Mode::Say(b">3\r\n+message\r\n+unrolled:0:tea\r\n+nonsense\r\n"),
        Mode::Say(b":-1\r\n"),
        Mode::Say(b"+OK\r\n"),
        Mode::Say(b"*2\r\n:1\r\n:1\r\n"),
        Mode::Say(b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"),
        Mode::Say(&[0; 100_000]),
    ];
    for mode in modes {
        proxy.set(mode);
        eventually("a post is refused", || refused(&mut poster, "tea", "perhaps") == (true, true));
        elsewhere.post("tea", "meanwhile");
        proxy.set(Mode::Forward);
        post_when_it_is_back(&mut poster, "tea", "again");
        // Both receive the same, each number once, whatever has become of the posts without a reply.
        let mut seen = String::new();
        while !seen.contains("again") {
            seen = member.line();
            last += 1;
            assert!(seen.ends_with(&format!(",\"seq\":{last}}}}}\n")), "{last}: {seen}");
            assert_eq!(elsewhere.line(), seen);
        }
    }
    // What was posted by hand and is no message ends nothing for good.
    redis.command(&["PUBLISH", "unrolled:0:tea", "nonsense"]);
    redis.command(&["PUBLISH", "unrolled:0:tea", "999999 nonsense"]);
    post_when_it_is_back(&mut poster, "tea", "again");
}

#[test]
fn a_full_redis_refuses_and_goes_on() {
    let Some(redis) = RedisServer::start(&["--maxmemory-policy", "noeviction"]) else { return };
    let servers = [InProcess::start(redis.options()), InProcess::start(redis.options())];
    let (mut member, mut poster) = (servers[0].client(), servers[1].client());
    member.join_and_wait("tea");
    post(&mut poster, "tea", 1..=10);
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..10 {
        poster.post("tea", "too much");
        poster.expect_error_with("Group 'tea': not posted: Redis: OOM ");
    }
    join_after(&poster, "coffee", 0);
    poster.expect_error_with("Group 'coffee' not joined: Redis: OOM ");
    ask(&poster, "tea", 9, 10);
    poster.expect(&numbered("tea", "10", 10));
    poster.expect(&end("tea", 10, false));
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    post(&mut poster, "tea", 11..=11);
    (1..=11).for_each(|number| member.expect(&numbered("tea", &number.to_string(), number)));
}

#[test]
fn members_are_told_what_was_removed_before_their_server_has_read_it() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::start(redis.address);
    let keep = |options: Options| match options.history {
        History::Redis { url, timeout, .. } => {
            let history = History::Redis { url, messages: 10, timeout };
            InProcess::start(Options { history, ..Options::default() })
        }
        _ => unreachable!("it is in Redis"),
    };
    let (server, other) = (keep(options(&format!("redis://{}", proxy.address))), keep(redis.options()));
    let (mut member, mut poster) = (server.client(), other.client());
    let mut catching_up = server.client();
    member.join_and_wait("tea");
    join_after(&catching_up, "tea", 0);
    post(&mut poster, "tea", 1..=3);
    for client in [&mut member, &mut catching_up] {
        (1..=3).for_each(|number| client.expect(&numbered("tea", &number.to_string(), number)));
    }
    proxy.set(Mode::Cut);
    post(&mut poster, "tea", 4..=100);
    proxy.set(Mode::Forward);
    for client in [&mut member, &mut catching_up] {
        client.expect("{\"Error\":\"Dropped 87 messages from tea.\"}");
        (91..=100).for_each(|number| client.expect(&numbered("tea", &number.to_string(), number)));
    }
}

#[test]
fn many_reads_at_once_are_not_too_much_for_redis() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let server = InProcess::start(redis.options());
    let (mut member, mut poster) = (server.client(), server.client());
    member.join_and_wait("tea");
    let text = "x".repeat(50_000);
    (0..5).for_each(|_| poster.post("tea", &text));
    ask(&poster, "tea", 5, 0);
    poster.expect(&end("tea", 5, false));
    // The replies, of 250 kB each, are more than Redis keeps for one connection by default, 32 MB.
    let mut asking: Vec<_> = (0..400).map(|_| server.client()).collect();
    for client in &asking {
        ask(client, "tea", 0, 5);
    }
    for client in &mut asking {
        (1..=5).for_each(|number| client.expect(&numbered("tea", &text, number)));
        client.expect(&end("tea", 5, false));
    }
}

#[test]
fn the_error_of_a_connection_that_is_refused_keeps_its_number() {
    let url = format!("redis://{}", unused_address());
    let bound = executor::task::block_on(Server::bind("127.0.0.1:0", options(&url)));
    let error = bound.map(drop).expect_err("no Redis listens there");
    let sources: Vec<&dyn Error> = std::iter::successors(error.source(), |&error| error.source()).collect();
    let number = sources.last().and_then(|error| error.downcast_ref::<io::Error>()?.raw_os_error());
    assert!(number.is_some(), "{error} is made of {sources:?}");
    assert_eq!(error.to_string(), format!("{url}: {}", sources[0]));
}

#[test]
fn groups_of_departed_members_are_not_read_any_more() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let server = InProcess::start(redis.options());
    let (mut member, mut poster) = (server.client(), server.client());
    for _ in 0..50 {
        member.join_and_wait("tea");
        poster.post("tea", "x");
        member.line();
        member.reset();
        server.settles_at(1, 0, 0);
        member = server.client();
    }
    member.join_and_wait("coffee");
    eventually("only one group is subscribed to", || {
        redis.command(&["PUBSUB", "CHANNELS", "*"]) == "*1\r\n$17\r\nunrolled:0:coffee\r\n"
    });
    ask(&poster, "tea", 50, 0);
    poster.expect(&end("tea", 50, false));
}

#[test]
fn names_that_were_only_joined_do_not_stay_in_redis() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let (server, other) = (InProcess::start(redis.options()), InProcess::start(redis.options()));
    let (mut client, mut stays) = (server.client(), other.client());
    for group in ["tea", "coffee", "water"] {
        client.join_and_wait(group);
    }
    stays.join_and_wait("coffee");
    client.post("water", "x");
    client.line();
    client.reset();
    server.settles_at(0, 0, 0);
    // Tea is gone. Coffee has a member at the other server, and water has a message.
    eventually("a name without members and messages is removed", || {
        redis.command(&["EXISTS", "unrolled:tea"]) == ":0\r\n"
    });
    assert_eq!(redis.command(&["EXISTS", "unrolled:coffee", "unrolled:water"]), ":2\r\n");
    let mut poster = server.client();
    poster.post("coffee", "hello");
    stays.expect(&numbered("coffee", "hello", 1));
    poster.post("tea", "hello");
    poster.expect("{\"Error\":\"Group 'tea' does not exist\"}");
}

#[test]
fn names_whose_members_left_while_redis_was_away_do_not_stay_either() {
    let Some(redis) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::start(redis.address);
    let (server, other) = (behind(&proxy), InProcess::start(redis.options()));
    let (mut leaves, mut client, mut stays) = (server.client(), server.client(), other.client());
    for group in ["tea", "coffee", "water", "again"] {
        leaves.join_and_wait(group);
    }
    stays.join_and_wait("coffee");
    stays.post("water", "x");
    leaves.line();
    let there = |group: &str| redis.command(&["EXISTS", &format!("unrolled:{group}")]) == ":1\r\n";
    assert!(["tea", "coffee", "water", "again"].into_iter().all(there));
    let connected = |client: &mut Client| {
        eventually("the server is connected", || {
            ask(client, "coffee", 0, 0);
            client.line().starts_with("{\"History")
        });
    };
    // One more: its join reaches Redis, and the reply is lost, so the server does not know that Redis has it. If the
    // server loses the connection before the join, Redis does not have it: then again.
    eventually("Redis has it, and the reply is lost", || {
        proxy.set(Mode::Forward);
        connected(&mut client);
        proxy.set(Mode::LoseReplies);
        client.join("milk");
        client.expect_error_with("Group 'milk' not joined: Redis is away: ");
        there("milk")
    });
    leaves.reset();
    server.settles_at(1, 0, 0);
    proxy.set(Mode::Forward);
    connected(&mut client);
    client.join_and_wait("again");
    eventually("names without members and messages are removed", || !there("tea") && !there("milk"));
    // Coffee has a member at the other server, water has a message, and somebody has joined the last one again.
    assert!(["coffee", "water", "again"].into_iter().all(there));
    for (number, text) in [(1, "one"), (2, "two")] {
        stays.post("again", text);
        client.expect(&numbered("again", text, number));
        stays.post("coffee", text);
        stays.expect(&numbered("coffee", text, number));
    }
}
