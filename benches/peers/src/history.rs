//! What it costs to keep the messages: posts a second, and how long a post takes, with and without a history.
//!
//! A post is delivered when it is on the disk, so it takes at least as long as a sync to disk.
//! How many posts there are in a second need not depend on that: those that wait share a transaction. So the
//! load has several posters, with one post each on the way, or several.
//!
//! One member receives all messages. The posters send the next post when it has received an earlier one. Next:
//! `recording`.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chat::history::Reply;
use chat::{FromClient, encode_line};
use rustix::event::epoll::Event;

use crate::load::{GROUP_NAME, Poller, connect, members, read};
use crate::machine;
use crate::sample::{Sample, quantile, scaled};
use crate::server::Server;

/// How long the load runs before it is measured, and how long it is measured. In milliseconds.
const WARM: usize = 500;
const MEASURED: usize = 3000;

/// Posters, and the posts of each that are on the way: in all less than the thousand lines that a group keeps for
/// its member.
const LOADS: &[(usize, usize)] = &[(1, 1), (16, 1), (64, 1), (1, 16), (16, 16), (64, 15)];

/// What the table shows.
pub const ABOUT: &str = "\
By `peers history`: posters send messages of 100 bytes to a group of the chat server, and one member receives them.
The time of a post is that from its sending to its receipt. The server has one core, and the load the other; Redis takes any, and
its CPU is not counted.";

/// Measures all loads, without a history, with one on disk, and with one in Redis, and returns a table.
pub fn table() -> Result<String, Box<dyn std::error::Error>> {
    let mut table = String::from(
        "| history | posters | on the way, each | posts/s | p50, µs | p99, µs | server's CPU a post, µs |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let kinds = [
        ("none", "chat", None),
        ("on disk", "chat_history", None),
        ("in Redis, in memory", "chat_redis", Some("no")),
        ("in Redis, appendfsync always", "chat_redis", Some("yes")),
    ];
    for (name, kind, append_only) in kinds {
        for &(posters, on_the_way) in LOADS {
            let redis = append_only.map(Redis::start).transpose()?;
            let kind = redis.as_ref().map_or(kind.to_owned(), |redis| format!("{kind}:{}", redis.url));
            let sample = posts(&Server::start(&kind, "ours", &[]), posters, on_the_way);
            let get = |key| sample.get(key).ok_or("a figure is missing");
            let (rate, half, most, cpu) = (get("posts_s")?, get("p50_us")?, get("p99_us")?, get("cpu_ns")?);
            let cpu = cpu / 1e3;
            writeln!(
                table,
                "| {name} | {posters} | {on_the_way} | {rate:.0} | {half:.0} | {most:.0} | {cpu:.1} |"
            )?;
        }
    }
    Ok(table)
}

/// Posts for a fixed time. A poster is a connection, which has this many posts on the way.
pub fn posts(server: &Server, posters: usize, on_the_way: usize) -> Sample {
    let _pinned = machine::pin(machine::LOAD_CORE);
    let poller = Poller::new();
    let member = members(server, 1, &poller).remove(0);
    let mut posters: Vec<_> = (0..posters).map(|number| Poster::new(server, number)).collect();
    for poster in &mut posters {
        (0..on_the_way).for_each(|_| poster.post());
    }
    let mut received = Received::default();
    let millis = |millis| Duration::from_millis(scaled(millis) as u64);
    received.run(millis(WARM), &member, &poller, &mut posters);
    received.latencies.clear();
    let (cpu, start) = (server.cpu(), Instant::now());
    received.run(millis(MEASURED), &member, &poller, &mut posters);
    let (took, cpu) = (start.elapsed().as_secs_f64(), (server.cpu() - cpu) as f64);
    let count = received.latencies.len() as f64;
    let (half, most) = (quantile(&mut received.latencies, 0.5), quantile(&mut received.latencies, 0.99));
    Sample::new(&[
        ("wall_ns", took * 1e9 / count),
        ("cpu_ns", cpu / count),
        ("posts_s", count / took),
        ("p50_us", half),
        ("p99_us", most),
    ])
}

/// A `redis-server`, which takes any core. Dropping it ends it.
struct Redis {
    url: String,
    child: Child,
}

impl Redis {
    fn start(append_only: &str) -> io::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let directory = std::env::current_exe()?.with_file_name("peers-redis");
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory)?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--save", "", "--appendfsync", "always"]);
        command.args(["--appendonly", append_only, "--dir"]).arg(directory).stdout(Stdio::null());
        let child = command.spawn().map_err(|error| io::Error::other(format!("redis-server: {error}")))?;
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if started.elapsed() > Duration::from_secs(30) {
                return Err(io::Error::other("redis-server does not listen"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Self { url: format!("redis://127.0.0.1:{port}"), child })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Poster {
    stream: TcpStream,
    number: usize,
    posts: usize,
    /// When the posts on the way were sent.
    sent: VecDeque<Instant>,
}

impl Poster {
    fn new(server: &Server, number: usize) -> Self {
        Self { stream: connect(server.address), number, posts: 0, sent: VecDeque::new() }
    }

    fn post(&mut self) {
        let message = format!("{:03} {:096}", self.number, self.posts);
        let post = FromClient::Post { group_name: GROUP_NAME.into(), message };
        self.posts += 1;
        self.sent.push_back(Instant::now());
        self.stream.write_all(&encode_line(&post).unwrap()).unwrap();
    }
}

#[derive(Default)]
struct Received {
    /// The start of a line.
    rest: Vec<u8>,
    latencies: Vec<f64>,
}

impl Received {
    fn run(&mut self, time: Duration, member: &TcpStream, poller: &Poller, posters: &mut [Poster]) {
        let start = Instant::now();
        let mut events: Vec<Event> = Vec::with_capacity(16);
        let mut buffer = vec![0; 64 * 1024];
        while start.elapsed() < time {
            let _ = poller.wait(&mut events);
            let length = read(member, &mut buffer);
            self.rest.extend_from_slice(&buffer[..length]);
            let now = Instant::now();
            let rest = std::mem::take(&mut self.rest);
            for line in rest.split_inclusive(|&byte| byte == b'\n') {
                if line.ends_with(b"\n") {
                    self.take(line, now, posters);
                } else {
                    self.rest = line.to_vec();
                }
            }
        }
    }

    /// Takes a message, and lets its poster send another.
    fn take(&mut self, line: &[u8], now: Instant, posters: &mut [Poster]) {
        let Ok(Reply::Message { message, .. }) = serde_json::from_slice(line) else {
            panic!("{}", String::from_utf8_lossy(line))
        };
        let (poster, number) = message.split_once(' ').expect("a post of ours");
        let poster = &mut posters[poster.parse::<usize>().unwrap()];
        let sent = poster.sent.pop_front().expect("a post on the way");
        assert_eq!(number.parse::<usize>().unwrap(), poster.posts - poster.sent.len() - 1, "out of order");
        self.latencies.push((now - sent).as_nanos() as f64 / 1e3);
        poster.post();
    }
}
