//! The tour: a chat server, people who talk, one who never reads, and what the runtime did meanwhile.
//!
//!     cargo run --release --example tour
//!
//! Server and clients are tasks of one pool, in this process. They talk over TCP, as they would over a
//! network. Read [`tour`] first: it is the whole story, and each of its steps is a function below.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::{Duration, Instant};

use chat::server::{Options, Server};
use chat::{FromClient, FromServer, receive_as_json, send_as_json};
use executor::task;
use futures_lite::{Stream, StreamExt};
use reactor::io::BufReader;
use reactor::net::TcpStream;

/// Each talk has this many rounds; in each, everyone makes a number of remarks at once.
const ROUNDS: usize = 100;
const REMARKS: usize = 50;

fn main() -> io::Result<()> {
    let begun = Instant::now();
    task::block_on(tour())?;
    println!("\nThe end, after {:.1?}.", begun.elapsed());
    Ok(())
}

async fn tour() -> io::Result<()> {
    let begun = Instant::now();
    let server = Server::bind("127.0.0.1:0", Options::default()).await?;
    let address = server.local_addr()?;
    let handle = server.handle();
    let server = task::spawn(server.run());
    println!("1. The chat server is up: a task of the pool, at {address}.\n");

    println!("2. Ada, Ben and Cleo join the group \"tea\".\n");
    let mut friends = Vec::new();
    for name in ["Ada", "Ben", "Cleo"] {
        friends.push(Client::join(name, address).await?);
        say(&mut friends, name, "hello!").await?;
    }
    say(&mut friends, "Ada", "Is the kettle on?").await?;
    say(&mut friends, "Ben", "It sings.").await?;
    say(&mut friends, "Cleo", "I brought biscuits.").await?;
    ask_in_vain(&mut friends[1]).await?;

    println!("\n3. They talk faster. Then Sid joins; he never reads, and they go on.\n");
    println!("                      messages    of each remark, its speaker's own copy was back");
    println!("                      delivered   half within   99 in 100 within   all within");
    talk("without Sid", &mut friends, 0).await?;
    let mut sid = Client::join("Sid", address).await?;
    sid.post("tea", "Sid: hello!").await?;
    for friend in &mut friends {
        assert_eq!(friend.message().await?, "Sid: hello!");
    }
    talk("Sid does not read", &mut friends, 1).await?;
    friends[0].post("tea", "Ada: that is all.").await?;

    println!("\n4. Now Sid reads. The server kept a bounded part for him, and told him of the rest:\n");
    read_at_last(&mut sid, (friends.len() * ROUNDS * REMARKS) as u64).await?;

    drop((friends, sid));
    // The server lets nobody in any more, and ends when the last connection has.
    handle.stop();
    server.await?;
    println!("\n5. What the runtime did in these {:.1?}:\n", begun.elapsed());
    account();
    Ok(())
}

/// One who talks: a connection, and what comes out of it.
struct Client {
    name: &'static str,
    outgoing: TcpStream,
    incoming: Pin<Box<dyn Stream<Item = io::Result<FromServer>> + Send>>,
}

impl Client {
    /// Connects, and joins the group "tea".
    async fn join(name: &'static str, server: SocketAddr) -> io::Result<Client> {
        let mut outgoing = TcpStream::connect(server).await?;
        outgoing.set_nodelay(true)?;
        let group_name = "tea".to_owned();
        send_as_json(&mut outgoing, &FromClient::Join { group_name }).await?;
        // A clone is the same socket: one half of it writes, the other reads.
        let incoming = Box::pin(receive_as_json(BufReader::new(outgoing.clone())));
        Ok(Client { name, outgoing, incoming })
    }

    async fn post(&mut self, group: &str, message: &str) -> io::Result<()> {
        let post = FromClient::Post { group_name: group.to_owned(), message: message.to_owned() };
        send_as_json(&mut self.outgoing, &post).await
    }

    /// The next thing that the server says.
    async fn hear(&mut self) -> io::Result<FromServer> {
        let gone = || Err(io::ErrorKind::UnexpectedEof.into());
        self.incoming.next().await.unwrap_or_else(gone)
    }

    /// The next thing that the server says, which is a message.
    async fn message(&mut self) -> io::Result<String> {
        match self.hear().await? {
            FromServer::Message { message, .. } => Ok(message),
            FromServer::Error(text) => Err(io::Error::other(text)),
        }
    }
}

/// One of the friends says something, and all of them hear it.
async fn say(friends: &mut [Client], name: &str, words: &str) -> io::Result<()> {
    let speaker = friends.iter_mut().find(|friend| friend.name == name);
    let said = format!("{name}: {words}");
    let begun = Instant::now();
    speaker.expect("the speaker is one of them").post("tea", &said).await?;
    for friend in friends.iter_mut() {
        assert_eq!(friend.message().await?, said);
    }
    let heard: Vec<&str> = friends.iter().map(|friend| friend.name).collect();
    println!("   {said:<28} heard by {:<15} after {:>4} µs", heard.join(", "), begun.elapsed().as_micros());
    Ok(())
}

/// Posting where there is nobody is an error, and only the poster is told.
async fn ask_in_vain(client: &mut Client) -> io::Result<()> {
    client.post("coffee", "anybody here?").await?;
    let FromServer::Error(text) = client.hear().await? else {
        panic!("coffee does not exist");
    };
    println!("   {} asks in \"coffee\" and is told: {text}", client.name);
    Ok(())
}

/// All friends talk at once, each in a task of its own. `before` talks came before this one.
async fn talk(title: &str, friends: &mut Vec<Client>, before: usize) -> io::Result<()> {
    let names: Vec<&str> = friends.iter().map(|friend| friend.name).collect();
    let tasks: Vec<_> = friends
        .drain(..)
        .map(|friend| task::spawn(chatter(friend, names.clone(), before * ROUNDS * REMARKS)))
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        let (friend, its_waits) = task.await?;
        friends.push(friend);
        waits.extend(its_waits);
    }
    waits.sort_unstable();
    let within = |share: usize| waits[(waits.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!(
        "   {title:<18} {:>9}   {:>8.2} ms   {:>13.2} ms   {:>7.2} ms",
        grouped((waits.len() * names.len()) as u64),
        within(50),
        within(99),
        within(100)
    );
    Ok(())
}

/// One friend's part: make some remarks, hear those of all, again. Nobody gets far ahead, for a round
/// ends with the remarks of the others. Returns how long each remark took to come back.
async fn chatter(
    mut client: Client,
    names: Vec<&'static str>,
    first: usize,
) -> io::Result<(Client, Vec<Duration>)> {
    let mut waits = Vec::new();
    let mut spoken = VecDeque::new();
    // Which of each friend's remarks comes next: none is lost, doubled or late.
    let mut next: BTreeMap<&str, usize> = names.iter().map(|name| (*name, first)).collect();
    for round in 0..ROUNDS {
        for number in 0..REMARKS {
            let remark = remark(client.name, first + round * REMARKS + number);
            spoken.push_back(Instant::now());
            client.post("tea", &remark).await?;
        }
        for _ in 0..REMARKS * names.len() {
            let heard = client.message().await?;
            let (name, _) = heard.split_once(':').expect("a remark has a speaker");
            let number = next.get_mut(name).expect("the speaker is a friend");
            assert_eq!(heard, remark(name, *number));
            *number += 1;
            if name == client.name {
                let began = spoken.pop_front().expect("it was spoken before");
                waits.push(began.elapsed());
            }
        }
    }
    Ok((client, waits))
}

/// A remark of about a kilobyte.
fn remark(name: &str, number: usize) -> String {
    format!("{name}: remark {number} {}", "and so on ".repeat(100))
}

/// Reads all that is there for Sid, whom `posted` remarks were meant for.
async fn read_at_last(sid: &mut Client, posted: u64) -> io::Result<()> {
    assert_eq!(sid.message().await?, "Sid: hello!");
    let (mut read, mut dropped, mut since) = (0, 0, 0);
    loop {
        match sid.hear().await? {
            FromServer::Message { message, .. } if message == "Ada: that is all." => break,
            FromServer::Message { .. } => {
                read += 1;
                since += 1;
            }
            FromServer::Error(text) => {
                println!("   {:>7} messages, one after another", grouped(since));
                println!("           \"{text}\"");
                since = 0;
                // "Dropped 1234 messages from tea."
                let count = text.split(' ').nth(1).expect("the second word");
                dropped += count.parse::<u64>().expect("is a number");
            }
        }
    }
    println!("   {:>7} messages, up to the last", grouped(since));
    println!(
        "\n   {} read and {} dropped are the {} that were posted.",
        grouped(read),
        grouped(dropped),
        grouped(posted)
    );
    assert_eq!(read + dropped, posted);
    assert!(dropped > 0, "he was too slow, and lost nothing");
    Ok(())
}

/// What the executor and the reactor counted.
fn account() {
    let executor = executor::metrics();
    let reactor = reactor::metrics();
    let rows = [
        ("tasks spawned", executor.spawned, "the server, its connections and subscriptions, the friends"),
        ("still alive", executor.alive, "when a connection ends, so do its tasks"),
        ("polls", executor.polls, "a task ran until it had to wait"),
        ("wakes", executor.wakes, "what a task waited for had come"),
        ("steals", executor.steals, "a worker with nothing to do took from another"),
        ("parks", executor.parks, "a thread with nothing to do slept, or waited for the sockets"),
        ("system waits", reactor.turns, "one thread at a time asks the system which sockets are ready"),
        ("socket events", reactor.events, "what the system reported"),
    ];
    for (name, count, meaning) in rows {
        println!("   {name:<13} {:>9}   {meaning}", grouped(count));
    }
    println!("\n   worker            polls    steals     parks");
    for worker in executor.workers {
        println!(
            "   {:<13} {:>9} {:>9} {:>9}",
            worker.index,
            grouped(worker.polls),
            grouped(worker.steals),
            grouped(worker.parks)
        );
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
