//! The load for the servers: one thread on one epoll, the same for all. Next: `beside`.
//!
//! It checks every byte that comes back, and the order. The result is the server's CPU time during the load:
//! `cpu_ns` per request or delivery. Wall time would include the work of the load itself.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Instant;

use chat::{FromClient, FromServer, encode_line};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, Event, EventData, EventFlags};

use crate::machine;
use crate::sample::{Sample, quantile, scaled};
use crate::server::Server;

/// Connections are made in groups of this size, and each group is served before the next: a listener's queue
/// holds 128.
const GROUP: usize = 100;

pub struct Poller(OwnedFd);

impl Poller {
    pub fn new() -> Self {
        Self(epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll"))
    }

    fn register(&self, stream: &TcpStream, key: usize) {
        stream.set_nonblocking(true).unwrap();
        epoll::add(&self.0, stream, EventData::new_u64(key as u64), EventFlags::IN).unwrap();
    }

    /// Waits, and returns the keys of the streams that can be read.
    pub fn wait(&self, events: &mut Vec<Event>) -> impl Iterator<Item = usize> + use<> {
        events.clear();
        epoll::wait(&self.0, spare_capacity(events), None).unwrap();
        let keys: Vec<_> = events.iter().map(|event| event.data.u64() as usize).collect();
        keys.into_iter()
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads the bytes that have arrived, and returns how many; 0 if there are none.
pub fn read(mut stream: &TcpStream, buffer: &mut [u8]) -> usize {
    match stream.read(buffer) {
        Ok(0) => panic!("the server has closed a connection"),
        Ok(length) => length,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        Err(error) => panic!("{error}"),
    }
}

/// Measures the server's CPU time and the wall time, per operation.
struct Meter<'a>(&'a Server, u64, Instant);

impl<'a> Meter<'a> {
    fn start(server: &'a Server) -> Self {
        Self(server, server.cpu(), Instant::now())
    }

    fn stop(self, operations: usize) -> Sample {
        let (wall, cpu) = (self.2.elapsed().as_nanos() as f64, (self.0.cpu() - self.1) as f64);
        let operations = operations as f64;
        Sample::new(&[("wall_ns", wall / operations), ("cpu_ns", cpu / operations)])
    }
}

// ---- echo

/// Bytes of a message.
const MESSAGE: usize = 64;

/// A connection with one request outstanding.
struct Client {
    stream: TcpStream,
    sent: [u8; MESSAGE],
    got: usize,
    replies: u64,
}

impl Client {
    fn ask(&mut self, key: usize) {
        self.sent = std::array::from_fn(|i| (i + key) as u8);
        self.sent[..8].copy_from_slice(&self.replies.to_le_bytes());
        self.got = 0;
        (&self.stream).write_all(&self.sent).expect("room for one message");
    }

    /// Reads, and returns whether the reply is complete.
    fn received(&mut self) -> bool {
        let mut buffer = [0; MESSAGE];
        let got = self.got + read(&self.stream, &mut buffer[..MESSAGE - self.got]);
        assert_eq!(buffer[..got - self.got], self.sent[self.got..got], "not what was sent");
        self.got = got;
        self.replies += u64::from(got == MESSAGE);
        got == MESSAGE
    }
}

/// How many requests are measured: fewer with one connection, where each takes longer.
pub fn echo_requests(connections: usize) -> usize {
    scaled(if connections == 1 { 20_000 } else { 100_000 }).max(connections)
}

/// Echo over this many connections, each with one request outstanding.
pub fn echo(server: &Server, connections: usize) -> Sample {
    let _pinned = machine::pin(machine::LOAD_CORE);
    machine::raise_descriptor_limit();
    let poller = Poller::new();
    let mut clients: Vec<Client> = Vec::new();
    let mut events = Vec::with_capacity(1024);
    while clients.len() < connections {
        let first = clients.len();
        for key in first..connections.min(first + GROUP) {
            let stream = connect(server.address);
            poller.register(&stream, key);
            clients.push(Client { stream, sent: [0; MESSAGE], got: 0, replies: 0 });
            clients[key].ask(key);
        }
        let mut missing = clients.len() - first;
        while missing > 0 {
            missing -= poller.wait(&mut events).filter(|&key| clients[key].received()).count();
        }
    }
    let mut rounds = |requests: usize| {
        let (mut asked, mut received) = (connections, 0);
        clients.iter_mut().enumerate().for_each(|(key, client)| client.ask(key));
        while received < requests {
            for key in poller.wait(&mut events) {
                if clients[key].received() {
                    received += 1;
                    if asked < requests {
                        asked += 1;
                        clients[key].ask(key);
                    }
                }
            }
        }
    };
    let requests = echo_requests(connections);
    rounds((requests / 10).max(connections));
    let meter = Meter::start(server);
    rounds(requests);
    meter.stop(requests)
}

// ---- chat

pub const GROUP_NAME: &str = "bench";

/// A message of a hundred bytes.
fn message(number: usize) -> String {
    format!("{number:0100}")
}

/// Makes `count` connections, and lets each join the group.
pub fn members(server: &Server, count: usize, poller: &Poller) -> Vec<TcpStream> {
    let join = encode_line(&FromClient::Join { group_name: GROUP_NAME.into() }).unwrap();
    // The server does not reply to a join. It replies to a post to an unknown group, after the join.
    let post = FromClient::Post { group_name: "nowhere".into(), message: String::new() };
    let nowhere = encode_line(&post).unwrap();
    let reply = encode_line(&FromServer::Error("Group 'nowhere' does not exist".into())).unwrap();
    let mut streams = Vec::new();
    while streams.len() < count {
        let first = streams.len();
        for _ in first..count.min(first + GROUP) {
            let mut stream = connect(server.address);
            stream.write_all(&[&join[..], &nowhere].concat()).unwrap();
            streams.push(stream);
        }
        for (key, mut stream) in streams.iter().enumerate().skip(first) {
            let mut received = vec![0; reply.len()];
            stream.read_exact(&mut received).unwrap();
            assert_eq!(received, reply);
            poller.register(stream, key);
        }
    }
    streams
}

/// One poster, `members_count` members, and at most `in_flight` posts in flight: a post is sent when all members
/// have received the one that was sent `in_flight` posts before it.
pub fn chat(server: &Server, members_count: usize, in_flight: usize) -> Sample {
    let _pinned = machine::pin(machine::LOAD_CORE);
    machine::raise_descriptor_limit();
    let poller = Poller::new();
    let members = members(server, members_count, &poller);
    let posts = scaled(200_000).div_ceil(members_count).max(2 * in_flight);
    let mut talk = Talk::new(connect(server.address), posts + posts / 10, members_count);
    let mut events = Vec::with_capacity(1024);
    talk.run_until(posts / 10, in_flight, &members, &poller, &mut events);
    talk.latencies.clear();
    let meter = Meter::start(server);
    talk.run_until(posts + posts / 10, in_flight, &members, &poller, &mut events);
    let sample = meter.stop(posts * members_count);
    assert_eq!(talk.latencies.len(), posts * members_count, "each delivery came");
    let (half, most) = (quantile(&mut talk.latencies, 0.5), quantile(&mut talk.latencies, 0.99));
    sample.with(&[("p50_us", half), ("p99_us", most)])
}

struct Talk {
    poster: TcpStream,
    /// All lines that each member must receive, in this order. They have one length.
    expected: Vec<u8>,
    line: usize,
    /// How many of these bytes each member has received.
    positions: Vec<usize>,
    /// When each post was sent, and how many members have not received it yet.
    posts: Vec<(Instant, usize)>,
    /// The number of posts that all members have received.
    complete: usize,
    latencies: Vec<f64>,
}

impl Talk {
    fn new(poster: TcpStream, posts: usize, members: usize) -> Self {
        let packet = |number| FromServer::Message { group_name: GROUP_NAME.into(), message: message(number) };
        let lines: Vec<_> = (0..posts).map(|number| encode_line(&packet(number)).unwrap()).collect();
        let (line, positions) = (lines[0].len(), vec![0; members]);
        let (posts, latencies) = (Vec::new(), Vec::with_capacity(posts * members));
        Self { poster, expected: lines.concat(), line, positions, posts, complete: 0, latencies }
    }

    fn run_until(
        &mut self,
        posts: usize,
        in_flight: usize,
        members: &[TcpStream],
        poller: &Poller,
        events: &mut Vec<Event>,
    ) {
        while self.complete < posts {
            while self.posts.len() < posts.min(self.complete + in_flight) {
                self.post(members.len());
            }
            for key in poller.wait(events) {
                self.receive(key, &members[key]);
            }
        }
    }

    fn post(&mut self, members: usize) {
        let message = message(self.posts.len());
        let post = FromClient::Post { group_name: GROUP_NAME.into(), message };
        let line = encode_line(&post).unwrap();
        self.posts.push((Instant::now(), members));
        self.poster.write_all(&line).unwrap();
    }

    /// Reads for one member, and checks that each line is the next one.
    fn receive(&mut self, key: usize, member: &TcpStream) {
        let mut buffer = [0; 16 * 1024];
        let length = read(member, &mut buffer);
        let position = self.positions[key];
        let next = position + length;
        assert!(
            self.expected.get(position..next) == Some(&buffer[..length]),
            "lost, doubled or out of order"
        );
        self.positions[key] = next;
        let now = Instant::now();
        for number in position / self.line..next / self.line {
            let (posted, missing) = &mut self.posts[number];
            *missing -= 1;
            self.latencies.push((now - *posted).as_nanos() as f64 / 1e3);
        }
        while self.posts.get(self.complete).is_some_and(|&(_, missing)| missing == 0) {
            self.complete += 1;
        }
    }
}

/// Measures the bytes that the server holds for each joined connection.
pub fn chat_memory(server: &Server, connections: usize) -> Sample {
    let _pinned = machine::pin(machine::LOAD_CORE);
    machine::raise_descriptor_limit();
    let (poller, connections) = (Poller::new(), scaled(connections));
    let _warm = members(server, 10, &poller);
    let before = server.resident();
    let meter = Meter::start(server);
    let members = members(server, connections, &poller);
    let bytes = server.resident().saturating_sub(before) as f64 / members.len() as f64;
    meter.stop(connections).with(&[("bytes", bytes)])
}
