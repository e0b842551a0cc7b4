//! The tour: a chat server, clients that talk, one that does not read, and what the runtime did meanwhile.
//!
//!     cargo run --release -p unrolled --example tour
//!
//! The server and the clients are tasks of one pool, in one process. They communicate over TCP, as they would
//! over a network. Read [`tour`] first: it has the whole story, and its steps are the functions below.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::{Duration, Instant};

use chat::server::{Options, Server};
use chat::{FromClient, FromServer, receive_as_json, send_as_json};
use executor::stream::{Stream, StreamExt};
use executor::task;
use reactor::io::BufReader;
use reactor::net::TcpStream;

/// The number of rounds in each talk, and the number of remarks that each friend makes at once in a round.
const ROUNDS: usize = 100;
const REMARKS: usize = 50;

fn main() -> io::Result<()> {
    let begun = Instant::now();
    task::block_on(tour())?;
    println!("\nThe end, after {:.1?}.", begun.elapsed());
    if std::env::var_os("UNROLLED_TRACE").is_none() {
        println!("To see what each thread and task did, set UNROLLED_TRACE=tour.html, and open that page.");
    }
    Ok(())
}

async fn tour() -> io::Result<()> {
    let begun = Instant::now();
    let server = Server::bind("127.0.0.1:0", Options::default()).await?;
    let address = server.local_addr()?;
    let handle = server.handle();
    let server = task::spawn(server.run());
    println!("1. The chat server is running: a task of the pool, at {address}.\n");

    println!("2. Ada, Ben and Cleo join the group \"tea\".\n");
    let mut friends = Vec::new();
    for name in ["Ada", "Ben", "Cleo"] {
        friends.push(Client::join(name, address).await?);
        say(&mut friends, name, "hello!").await?;
    }
    say(&mut friends, "Ada", "Is the kettle on?").await?;
    say(&mut friends, "Ben", "It sings.").await?;
    say(&mut friends, "Cleo", "I brought biscuits.").await?;
    post_to_no_group(&mut friends[1]).await?;

    println!("\n3. They talk faster. Then Sid joins. He does not read, and they talk on.\n");
    println!("                      messages    time until a speaker received its own remark");
    println!("                      delivered   50 % within   99 % within        all within");
    talk("without Sid", &mut friends, 0).await?;
    let mut sid = Client::join("Sid", address).await?;
    sid.post("tea", "Sid: hello!").await?;
    for friend in &mut friends {
        assert_eq!(friend.message().await?, "Sid: hello!");
    }
    talk("Sid does not read", &mut friends, 1).await?;
    friends[0].post("tea", "Ada: that is all.").await?;

    println!(
        "\n4. Now Sid reads. The server kept a bounded number of messages, and reports the rest as dropped:\n"
    );
    read_at_last(&mut sid, (friends.len() * ROUNDS * REMARKS) as u64).await?;

    drop((friends, sid));
    // The server accepts no more clients, and ends after its last connection.
    handle.stop();
    server.await?;
    println!("\n5. What the runtime did in these {:.1?}:\n", begun.elapsed());
    account();
    Ok(())
}

/// A chat client: a connection, and the stream of messages that arrive on it.
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
        // A clone is the same socket: `outgoing` writes to it, the clone reads from it.
        let incoming = Box::pin(receive_as_json(BufReader::new(outgoing.clone())));
        Ok(Client { name, outgoing, incoming })
    }

    async fn post(&mut self, group: &str, message: &str) -> io::Result<()> {
        let post = FromClient::Post { group_name: group.to_owned(), message: message.to_owned() };
        send_as_json(&mut self.outgoing, &post).await
    }

    /// Receives the next packet from the server.
    async fn receive(&mut self) -> io::Result<FromServer> {
        let closed = || Err(io::ErrorKind::UnexpectedEof.into());
        self.incoming.next().await.unwrap_or_else(closed)
    }

    /// Receives the next packet from the server, which must be a message.
    async fn message(&mut self) -> io::Result<String> {
        match self.receive().await? {
            FromServer::Message { message, .. } => Ok(message),
            FromServer::Error(text) => Err(io::Error::other(text)),
        }
    }
}

/// One of the friends posts a message, and all of them receive it.
async fn say(friends: &mut [Client], name: &str, words: &str) -> io::Result<()> {
    let speaker = friends.iter_mut().find(|friend| friend.name == name);
    let said = format!("{name}: {words}");
    let begun = Instant::now();
    speaker.expect("the speaker is one of them").post("tea", &said).await?;
    for friend in friends.iter_mut() {
        assert_eq!(friend.message().await?, said);
    }
    let heard: Vec<&str> = friends.iter().map(|friend| friend.name).collect();
    println!(
        "   {said:<28} received by {:<15} within {:>4} µs",
        heard.join(", "),
        begun.elapsed().as_micros()
    );
    Ok(())
}

/// Posting to a group that does not exist is an error, which only the sender receives.
async fn post_to_no_group(client: &mut Client) -> io::Result<()> {
    client.post("coffee", "anybody here?").await?;
    let FromServer::Error(text) = client.receive().await? else {
        panic!("coffee does not exist");
    };
    println!("   {} posts in \"coffee\" and receives an error: {text}", client.name);
    Ok(())
}

/// All friends talk at once, each in a task of its own. `before` is the number of earlier talks.
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

/// One friend's part. In each round it posts its remarks, then receives those of all the friends. So no
/// friend gets more than a round ahead. Returns how long each of its remarks took to come back.
async fn chatter(
    mut client: Client,
    names: Vec<&'static str>,
    first: usize,
) -> io::Result<(Client, Vec<Duration>)> {
    let mut waits = Vec::new();
    let mut posted = VecDeque::new();
    // The number of each friend's next remark: none may be lost, duplicated or reordered.
    let mut next: BTreeMap<&str, usize> = names.iter().map(|name| (*name, first)).collect();
    for round in 0..ROUNDS {
        for number in 0..REMARKS {
            let remark = remark(client.name, first + round * REMARKS + number);
            posted.push_back(Instant::now());
            client.post("tea", &remark).await?;
        }
        for _ in 0..REMARKS * names.len() {
            let heard = client.message().await?;
            let (name, _) = heard.split_once(':').expect("a remark has a speaker");
            let number = next.get_mut(name).expect("the speaker is a friend");
            assert_eq!(heard, remark(name, *number));
            *number += 1;
            if name == client.name {
                let at = posted.pop_front().expect("it was posted before");
                waits.push(at.elapsed());
            }
        }
    }
    Ok((client, waits))
}

/// Returns a remark of about a kilobyte.
fn remark(name: &str, number: usize) -> String {
    format!("{name}: remark {number} {}", "and so on ".repeat(100))
}

/// Reads everything that the server has for Sid, and checks that it accounts for all `posted` remarks.
async fn read_at_last(sid: &mut Client, posted: u64) -> io::Result<()> {
    assert_eq!(sid.message().await?, "Sid: hello!");
    let (mut read, mut dropped, mut since) = (0, 0, 0);
    loop {
        match sid.receive().await? {
            FromServer::Message { message, .. } if message == "Ada: that is all." => break,
            FromServer::Message { .. } => {
                read += 1;
                since += 1;
            }
            FromServer::Error(text) => {
                println!("   {:>7} messages", grouped(since));
                println!("           \"{text}\"");
                since = 0;
                // "Dropped 1234 messages from tea."
                let count = text.split(' ').nth(1).expect("the second word");
                dropped += count.parse::<u64>().expect("is a number");
            }
        }
    }
    println!("   {:>7} messages", grouped(since));
    println!(
        "\n   {} read and {} dropped: together the {} that were posted.",
        grouped(read),
        grouped(dropped),
        grouped(posted)
    );
    assert_eq!(read + dropped, posted);
    assert!(dropped > 0, "he was too slow, but lost nothing");
    Ok(())
}

/// Prints what the executor and the reactor counted.
fn account() {
    let executor = executor::metrics();
    let reactor = reactor::metrics();
    let rows = [
        ("tasks spawned", executor.spawned, "the server, its connections and subscriptions, the friends"),
        ("still alive", executor.alive, "a connection's tasks end with it"),
        ("polls", executor.polls, "a task ran until it had to wait"),
        ("wakes", executor.wakes, "a task was made runnable again"),
        ("steals", executor.steals, "an idle worker took tasks from another worker"),
        ("parks", executor.parks, "an idle thread slept, or waited for the sockets"),
        ("system waits", reactor.turns, "one thread at a time asked the kernel which sockets are ready"),
        ("socket events", reactor.events, "the kernel reported a socket as ready"),
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

/// Formats `1234567` as `1,234,567`.
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
