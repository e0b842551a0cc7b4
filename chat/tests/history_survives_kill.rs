//! The server is killed under load at random moments, again and again. What anybody has seen with its number is
//! in the history afterwards, with the same text; the numbers have no gaps; and members that join after the
//! last number that they have seen receive every message once.

mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use chat::history::Reply;
use common::history::{Directory, join_request, kept_after, reply};
use common::random::{Random, seed};
use common::{Client, eventually, posted, size};

const GROUPS: [&str; 3] = ["tea", "coffee", "milk"];

/// What the members have seen: the text of each number of each group.
type Seen = Mutex<BTreeMap<(usize, u64), String>>;

/// Receives until the server is killed. `last` are the numbers that this member has seen last.
fn receive(mut client: Client, last: &mut [u64], seen: &Seen, count: &AtomicU64) {
    for (group, last) in GROUPS.iter().zip(&*last) {
        if client.socket().write_all(join_request(group, *last).as_bytes()).is_err() {
            return; // It was killed before this thread began.
        }
    }
    loop {
        match reply(&mut client) {
            None => return,
            Some(Reply::Message { group_name, message, seq: Some(number) }) => {
                let group = GROUPS.iter().position(|group| *group == group_name).unwrap();
                last[group] += 1;
                assert_eq!(number, last[group], "lost, doubled or out of order");
                let before = seen.lock().unwrap().insert((group, number), message.clone());
                assert!(before.is_none_or(|before| before == message), "{group_name} {number} has changed");
                // ORDERING: Relaxed; only counted.
                count.fetch_add(1, Ordering::Relaxed);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Posts different texts in bursts, until the server is killed.
fn post(client: &Client, name: &str, mut random: Random) {
    for number in 0.. {
        let burst: String = (0..=random.below(20))
            .map(|at| {
                let group = GROUPS[random.below(3)];
                let text = if random.below(20) == 0 { "x".repeat(9000) } else { String::new() };
                posted(group, &format!("{name} {number} {at} {text}"))
            })
            .collect();
        if client.socket().write_all(burst.as_bytes()).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(random.below(5) as u64));
    }
}

#[test]
fn what_was_seen_is_there_after_a_kill() {
    let mut random = Random(seed());
    let rounds = size(20, 1000);
    let directory = Directory::new("kill");
    let seen = Seen::default();
    let mut lasts = vec![[0; GROUPS.len()]; 4];
    let mut kept: Vec<Vec<String>> = vec![Vec::new(); GROUPS.len()];
    for round in 0..=rounds {
        let mut server = directory.program(&["--history-messages", "100000000"]);
        let mut client = server.client();
        for (group, kept) in GROUPS.iter().zip(&mut kept) {
            kept.extend(kept_after(&mut client, group, kept.len() as u64));
        }
        for ((group, number), text) in &*seen.lock().unwrap() {
            let there = kept[*group].get(usize::try_from(*number).unwrap() - 1);
            assert_eq!(there, Some(text), "round {round}, {} {number}", GROUPS[*group]);
        }
        // Checked now, and after all rounds once more.
        seen.lock().unwrap().clear();
        if round == rounds {
            break;
        }
        let count = AtomicU64::new(0);
        thread::scope(|scope| {
            for last in &mut lasts {
                let (client, seen, count) = (server.client(), &seen, &count);
                scope.spawn(move || receive(client, last, seen, count));
            }
            for poster in 0..4 {
                let (client, seed) = (server.client(), random.next());
                scope.spawn(move || post(&client, &format!("{round} {poster}"), Random(seed)));
            }
            let wanted = random.below(400) as u64;
            // ORDERING: Relaxed; only counted.
            eventually("they receive", || count.load(Ordering::Relaxed) > wanted);
            thread::sleep(Duration::from_micros(random.below(20_000) as u64));
            server.child.kill().unwrap();
        });
    }
    let server = directory.program(&[]);
    let mut posts = 0;
    for (group, kept) in GROUPS.iter().zip(&kept) {
        assert!(kept_after(&mut server.client(), group, 0) == *kept, "{group} has changed");
        let mut texts: Vec<_> = kept.iter().collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), kept.len(), "a post is there twice in {group}");
        posts += kept.len();
    }
    println!("{rounds} kills, {posts} messages, of which the members saw {:?}", lasts);
}

#[test]
fn a_server_that_is_killed_while_it_creates_the_history_starts_the_next_time() {
    let mut random = Random(seed());
    for round in 0..size(5, 100) {
        let directory = Directory::new("create");
        for _ in 0..5 {
            let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
            command.args(["127.0.0.1:0", "--history", directory.0.to_str().unwrap()]);
            let mut child = command.stdout(Stdio::null()).spawn().unwrap();
            thread::sleep(Duration::from_micros(random.below(15_000) as u64));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let server = directory.program(&[]);
        let (mut client, mut member) = (server.client(), server.client());
        member.join_and_wait("tea");
        common::history::post(&mut client, "tea", 1..=3);
        println!("round {round}: it starts");
    }
}
