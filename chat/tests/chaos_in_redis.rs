//! Three server processes on one Redis, under clients that reconnect elsewhere, while servers and Redis are killed
//! and stopped at random: each member receives every message once, in the same order everywhere.
//!
//! The run is seeded: `UNROLLED_SEED=N` makes the same choices again, though not the same timing. With
//! `UNROLLED_DEEP=1` it takes three minutes and has 300 clients; `UNROLLED_SECONDS=N` makes it longer.

mod common;
#[path = "common/redis.rs"]
mod redis;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chat::history::{Reply, Request};
use common::random::Random;
use common::{Client, DEADLINE, Program, deep, size};
use redis::RedisServer;
use rustix::process::Signal;

const GROUPS: [&str; 3] = ["tea", "coffee", "milk"];
const SERVERS: usize = 3;

/// What all clients and the test share. ORDERING: all of it Relaxed or under locks: only checked at the end.
struct World {
    addresses: Mutex<Vec<SocketAddr>>,
    /// The text of each number, as the first member has received it.
    texts: [Mutex<Vec<Option<String>>>; 3],
    /// 0: talk; 1: post no more; 2: read up to `last`, and end.
    phase: AtomicUsize,
    last: [AtomicU64; 3],
    silent: AtomicUsize,
    posts: Mutex<Posts>,
    reconnects: AtomicUsize,
    received: AtomicUsize,
}

impl World {
    /// Checks what has become of all posts, and tells it.
    fn check(&self) {
        let mut all = HashSet::new();
        for (texts, last) in self.texts.iter().zip(&self.last) {
            let texts = texts.lock().unwrap();
            assert_eq!(texts.len() as u64, last.load(Ordering::Relaxed));
            for text in &*texts {
                assert!(all.insert(text.clone().expect("no gap")), "{text:?} comes twice");
            }
        }
        let posts = self.posts.lock().unwrap();
        let missing: Vec<_> = posts.acknowledged.iter().filter(|text| !all.contains(*text)).collect();
        assert!(missing.is_empty(), "acknowledged, and lost: {missing:?}");
        let there: Vec<_> = posts.refused.iter().filter(|text| all.contains(*text)).collect();
        assert!(there.is_empty(), "refused, and posted: {there:?}");
        println!(
            "{} messages, each received by every client, {} in all; of the posts {} were acknowledged, {} refused, \
             {} unknown; {} connections",
            all.len(),
            self.received.load(Ordering::Relaxed),
            posts.acknowledged.len(),
            posts.refused.len(),
            posts.unknown,
            self.reconnects.load(Ordering::Relaxed),
        );
    }
}

#[derive(Default)]
struct Posts {
    acknowledged: Vec<String>,
    refused: Vec<String>,
    unknown: usize,
}

/// A post whose fate is not known yet.
struct Outstanding {
    text: String,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Acknowledged,
    Refused,
    Unknown,
}

struct Talker<'a> {
    world: &'a World,
    name: usize,
    random: Random,
    posted: usize,
    last: [u64; 3],
    outstanding: [Option<Outstanding>; 3],
    /// It posts no more, and knows the fate of each post.
    silent: bool,
    /// It posts in one of this many turns.
    rarely: usize,
}

impl Talker<'_> {
    /// Talks until the end, over as many connections as that takes.
    fn run(mut self) {
        let mut since = None;
        while !self.has_all() {
            if self.world.phase.load(Ordering::Relaxed) == 2 {
                let since = *since.get_or_insert_with(Instant::now);
                assert!(since.elapsed() < 2 * DEADLINE, "client {} stays at {:?}", self.name, self.last);
            }
            let address = {
                let addresses = self.world.addresses.lock().unwrap();
                addresses[self.random.below(SERVERS)]
            };
            if self.talk(address).is_none() {
                thread::sleep(Duration::from_millis(self.random.next() % 200));
            }
            self.world.reconnects.fetch_add(1, Ordering::Relaxed);
            for outstanding in &mut self.outstanding {
                if outstanding.take().is_some() {
                    self.world.posts.lock().unwrap().unknown += 1;
                }
            }
        }
    }

    /// Returns whether it has every message, after the end. Before, it reports when it has no post under way.
    fn has_all(&mut self) -> bool {
        let phase = self.world.phase.load(Ordering::Relaxed);
        if phase == 1 && !self.silent && self.outstanding.iter().all(Option::is_none) {
            self.silent = true;
            self.world.silent.fetch_add(1, Ordering::Relaxed);
        }
        let last = self.world.last.each_ref().map(|last| last.load(Ordering::Relaxed));
        phase == 2 && self.last == last
    }

    /// Uses one connection, until it ends, or until the client has had enough of it. Returns `None` if it failed.
    fn talk(&mut self, address: SocketAddr) -> Option<()> {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        for (group, last) in GROUPS.iter().zip(self.last) {
            send(&mut stream, &Request::Join { group_name: (*group).into(), after: Some(last) })?;
        }
        let turns = 50 + self.random.below(500);
        let mut line = Vec::new();
        for _ in 0..turns {
            if self.has_all() {
                return Some(());
            }
            if self.world.phase.load(Ordering::Relaxed) == 0 && self.random.below(self.rarely) == 0 {
                self.post(&mut stream)?;
            }
            match lines.read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) if line.ends_with(b"\n") => {
                    self.understand(&line)?;
                    line.clear();
                }
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return None,
            }
        }
        Some(())
    }

    /// Posts, and asks for the number of the last message: its reply comes after the outcome of the post.
    fn post(&mut self, stream: &mut TcpStream) -> Option<()> {
        let at = self.random.below(GROUPS.len());
        if self.outstanding[at].is_some() {
            return Some(());
        }
        self.posted += 1;
        let text = format!("{}-{}", self.name, self.posted);
        let group_name = GROUPS[at].to_owned();
        self.outstanding[at] = Some(Outstanding { text: text.clone(), fate: Fate::Acknowledged });
        send(stream, &Request::Post { group_name: group_name.clone(), message: text })?;
        send(stream, &Request::History { group_name, after: 0, limit: 0 })
    }

    /// Returns `None` if the connection is of no more use.
    fn understand(&mut self, line: &[u8]) -> Option<()> {
        let shown = String::from_utf8_lossy(line).into_owned();
        match serde_json::from_slice(line).expect(&shown) {
            Reply::Message { group_name, message, seq } => {
                let at = GROUPS.iter().position(|group| *group == group_name).unwrap();
                let number = seq.expect("a number");
                assert_eq!(number, self.last[at] + 1, "client {} in {group_name}", self.name);
                self.last[at] = number;
                self.world.received.fetch_add(1, Ordering::Relaxed);
                let mut texts = self.world.texts[at].lock().unwrap();
                let index = number as usize - 1;
                if texts.len() <= index {
                    texts.resize(index + 1, None);
                }
                let text = texts[index].get_or_insert_with(|| message.clone());
                assert_eq!(*text, message, "{group_name} {number} is not the same everywhere");
            }
            Reply::History { group_name, .. } => self.settle(&group_name),
            Reply::Error(text) => {
                let group = text.split('\'').nth(1).expect(&shown).to_owned();
                let at = GROUPS.iter().position(|name| *name == group).expect(&shown);
                let fate = match &text {
                    text if text.contains("it may be posted, or not: ") => Fate::Unknown,
                    text if text.contains(": not posted: ") => Fate::Refused,
                    text if text.contains(": no history: Redis is away: ") => {
                        self.settle(&group);
                        return Some(());
                    }
                    text if text.contains(" not joined: Redis is away: ") => return None,
                    text if text.contains(" is loading ") => return None,
                    _ => panic!("client {}: {text}", self.name),
                };
                if let Some(outstanding) = &mut self.outstanding[at] {
                    outstanding.fate = fate;
                }
            }
        }
        Some(())
    }

    fn settle(&mut self, group: &str) {
        let at = GROUPS.iter().position(|name| *name == group).unwrap();
        let Some(Outstanding { text, fate }) = self.outstanding[at].take() else { return };
        let mut posts = self.world.posts.lock().unwrap();
        match fate {
            Fate::Acknowledged => posts.acknowledged.push(text),
            Fate::Refused => posts.refused.push(text),
            Fate::Unknown => posts.unknown += 1,
        }
    }
}

fn send(stream: &mut TcpStream, request: &Request) -> Option<()> {
    stream.write_all(&chat::encode_line(request).unwrap()).ok()
}

#[test]
fn each_member_receives_every_message_once_in_one_order() {
    let Some(mut redis) = RedisServer::safe() else { return };
    let seed = std::env::var("UNROLLED_SEED")
        .map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    let (clients, rarely) = (size(30, 300), size(10, 400));
    let seconds = std::env::var("UNROLLED_SECONDS").map_or(size(5, 180), |seconds| seconds.parse().unwrap());
    let url = redis.url();
    let mut servers: Vec<Program> = (0..SERVERS).map(|_| Program::start(&["--redis", &url])).collect();
    let world = World {
        addresses: Mutex::new(servers.iter().map(|server| server.address).collect()),
        texts: Default::default(),
        phase: AtomicUsize::new(0),
        last: Default::default(),
        silent: AtomicUsize::new(0),
        posts: Mutex::default(),
        reconnects: AtomicUsize::new(0),
        received: AtomicUsize::new(0),
    };
    println!("UNROLLED_SEED={seed}: {clients} clients, {seconds} s");
    let mut done = [0; 5];
    thread::scope(|scope| {
        let talkers: Vec<_> = (0..clients)
            .map(|name| {
                let talker = Talker {
                    world: &world,
                    name,
                    random: Random(seed ^ (name as u64 + 1) << 32),
                    posted: 0,
                    last: [0; 3],
                    outstanding: [const { None }; 3],
                    silent: false,
                    rarely,
                };
                scope.spawn(|| talker.run())
            })
            .collect();
        let mut random = Random(seed);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(seconds as u64)
            && !talkers.iter().any(|it| it.is_finished())
        {
            let pause = Duration::from_millis(random.next() % 400);
            thread::sleep(pause);
            let (what, which) = (random.below(done.len()), random.below(SERVERS));
            done[what] += 1;
            match what {
                0 | 1 => {
                    let signal = [Signal::KILL, Signal::TERM][what];
                    servers[which].signal(signal);
                    servers[which] = Program::start(&["--redis", &url]);
                    world.addresses.lock().unwrap()[which] = servers[which].address;
                }
                2 => {
                    servers[which].signal(Signal::STOP);
                    thread::sleep(pause);
                    servers[which].signal(Signal::CONT);
                }
                3 => {
                    redis.kill();
                    thread::sleep(pause);
                    redis.start_again();
                }
                _ => {
                    redis.signal(Signal::STOP);
                    // Once in a while for longer than the servers wait for a reply.
                    let long = deep() && random.below(20) == 0;
                    thread::sleep(if long { Duration::from_secs(11) } else { pause });
                    redis.signal(Signal::CONT);
                }
            }
        }
        world.phase.store(1, Ordering::Relaxed);
        let waited = Instant::now();
        while world.silent.load(Ordering::Relaxed) < clients && !talkers.iter().any(|it| it.is_finished()) {
            assert!(waited.elapsed() < 2 * DEADLINE, "the clients do not become silent");
            thread::sleep(Duration::from_millis(10));
        }
        for (group, last) in GROUPS.iter().zip(&world.last) {
            last.store(last_number(&servers[0], group), Ordering::Relaxed);
        }
        world.phase.store(2, Ordering::Relaxed);
        talkers.into_iter().for_each(|talker| talker.join().expect("UNROLLED_SEED"));
    });
    world.check();
    println!(
        "servers killed {}, terminated {}, stopped {}; Redis killed {}, stopped {}",
        done[0], done[1], done[2], done[3], done[4]
    );
}

/// Returns the number of a group's last message.
fn last_number(server: &Program, group: &str) -> u64 {
    let start = Instant::now();
    loop {
        let mut client = Client::connect(server.address);
        client.send(format!("{{\"History\":{{\"group_name\":\"{group}\",\"after\":0,\"limit\":0}}}}\n"));
        match serde_json::from_str(&client.line()).unwrap() {
            Reply::History { last, .. } => return last,
            Reply::Error(error) if start.elapsed() > DEADLINE => panic!("{error}"),
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
}
