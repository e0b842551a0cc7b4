//! The chat: a post goes through the real server to all members of its group.
//!
//! Measured: 20 members on loopback, the time until each has received 1 post, or 10 posts that were sent at once;
//! an element is one delivery. The server runs on the pool, the members on this thread, in one process. Left out:
//! the server's own cost, and the textbook server, which `peers` measures.

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chat::server::{Options, Server};
use chat::{FromClient, FromServer, LineReader, encode_line};
use criterion::{BenchmarkId, Criterion, Throughput};
use executor::task;
use futures_lite::AsyncWriteExt;
use futures_lite::io::BufReader;
use reactor::net::TcpStream;

const MEMBERS: usize = 20;
const GROUP: &str = "bench";

type Lines = LineReader<BufReader<TcpStream>>;

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The next line, which must be this packet.
async fn expect(lines: &mut Lines, packet: &FromServer) {
    let line = lines.next_line().await.unwrap().expect("the server is running");
    assert_eq!(line, encode_line(packet).unwrap().trim_ascii_end());
}

/// Joins. The server does not reply to a join. It replies to a post to an unknown group, after the join.
async fn join(address: SocketAddr) -> Lines {
    let mut stream = connect(address).await;
    let join = FromClient::Join { group_name: GROUP.into() };
    let nowhere = FromClient::Post { group_name: "nowhere".into(), message: String::new() };
    let requests = [encode_line(&join).unwrap(), encode_line(&nowhere).unwrap()];
    stream.write_all(&requests.concat()).await.unwrap();
    let mut lines = LineReader::new(BufReader::new(stream), 4096);
    expect(&mut lines, &FromServer::Error("Group 'nowhere' does not exist".into())).await;
    lines
}

/// Sends `posts` posts at once, `times` times. Returns the time until all members have them.
async fn talk(posts: usize, times: u64) -> Duration {
    let server = Server::bind("127.0.0.1:0", Options::default()).await.unwrap();
    let (address, handle) = (server.local_addr().unwrap(), server.handle());
    let running = task::spawn(server.run());
    let mut members = Vec::new();
    for _ in 0..MEMBERS {
        members.push(join(address).await);
    }
    let mut poster = connect(address).await;

    let start = Instant::now();
    for time in 0..times {
        let message = format!("{time:0100}");
        let (group_name, text) = (GROUP.to_string(), message.clone());
        let post = encode_line(&FromClient::Post { group_name, message: text }).unwrap();
        poster.write_all(&post.repeat(posts)).await.unwrap();
        let packet = FromServer::Message { group_name: GROUP.into(), message };
        for member in &mut members {
            for _ in 0..posts {
                expect(member, &packet).await;
            }
        }
    }
    let time = start.elapsed();
    handle.stop();
    running.await.unwrap();
    time
}

fn chat(c: &mut Criterion) {
    let mut group = c.benchmark_group("chat");
    for posts in [1, 10] {
        group.throughput(Throughput::Elements((MEMBERS * posts) as u64));
        group.bench_function(BenchmarkId::new("posts at once", posts), |b| {
            b.iter_custom(|times| task::block_on(talk(posts, times)));
        });
    }
    group.finish();
}

fn main() {
    common::run(
        "how long a post takes through the real server to all members of a group",
        "chat-server.md",
        chat,
    );
}
