//! Graceful shutdown: a server that stops on a signal, after its connections have finished their work.
//!
//!     cargo run --release --example graceful_shutdown           (stops itself)
//!     cargo run --release --example graceful_shutdown PORT      (until Control-C; try `nc localhost PORT`)
//!
//! On SIGTERM or Control-C it stops accepting clients, notifies the connections, and gives them time to
//! finish the work that they have begun. A connection that is not done by the deadline is cancelled: its
//! future is dropped, which closes its socket. A client sends `work MILLISECONDS`, and receives `begun`, then
//! `done`. At the end it receives `bye`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, io, process};

use executor::future::{Selected::*, select};
use executor::stream::StreamExt;
use executor::sync::broadcast;
use executor::task::{self, JoinHandle};
use reactor::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use reactor::net::{TcpListener, TcpStream};
use reactor::signal::{SIGINT, SIGTERM, Signals};
use reactor::time::{sleep, timeout};

/// How long the connections have to finish.
const DRAIN: Duration = Duration::from_millis(1000);

fn main() -> io::Result<()> {
    task::block_on(async {
        let words: Vec<String> = env::args().skip(1).collect();
        match words.as_slice() {
            [] => show().await,
            [word] => {
                let listener = TcpListener::bind(("127.0.0.1", port(word))).await?;
                println!("server: listening on {}", listener.local_addr()?);
                run(listener).await.map(drop)
            }
            _ => refuse("more than one argument"),
        }
    })
}

fn port(word: &str) -> u16 {
    word.parse().unwrap_or_else(|_| refuse(&format!("PORT is a number up to 65535, not {word:?}")))
}

/// Says what is wrong with the arguments, and how to use the program.
fn refuse(what: &str) -> ! {
    eprintln!("graceful_shutdown: {what}\nusage: graceful_shutdown [PORT]");
    process::exit(2)
}

// ANCHOR: graceful_shutdown_run
/// Serves until a signal comes, then stops. Returns how many connections had to be cancelled.
async fn run(listener: TcpListener) -> io::Result<usize> {
    let mut signals = Signals::new(&[SIGINT, SIGTERM])?;
    // Nothing is ever sent. Dropping the sender is the message.
    let (stop, _) = broadcast::channel::<Infallible>(1);
    let mut connections = Vec::new();
    loop {
        match select((listener.accept(), signals.next())).await {
            First(accepted) => {
                connections.retain(|connection: &JoinHandle<_>| !connection.is_finished());
                connections.push(task::spawn(serve(accepted?.0, stop.subscribe())));
            }
            Second(signal) => {
                let signal = signal.expect("the stream of signals is endless");
                println!("server: signal {signal}; no new clients");
                break;
            }
        }
    }
    drop(listener);
    drop(stop);
    drain(connections).await
}
// ANCHOR_END: graceful_shutdown_run

// ANCHOR: graceful_shutdown_drain
/// Waits for all connections until the deadline, and cancels those that are left. Returns how many it has
/// cancelled.
async fn drain(connections: Vec<JoinHandle<io::Result<()>>>) -> io::Result<usize> {
    let deadline = Instant::now() + DRAIN;
    let mut cancelled = 0;
    for mut connection in connections {
        let left = deadline.saturating_duration_since(Instant::now());
        match timeout(left, &mut connection).await {
            Ok(ended) => {
                if let Err(error) = ended {
                    println!("server: a connection failed: {error}");
                }
            }
            Err(_) => {
                // When this returns, the connection's future has been dropped and its socket is closed.
                connection.cancel().await;
                cancelled += 1;
            }
        }
    }
    println!("server: all connections have ended; {cancelled} had to be cancelled");
    Ok(cancelled)
}
// ANCHOR_END: graceful_shutdown_drain

// ANCHOR: graceful_shutdown_serve
/// Serves one connection. It checks for the stop only between two lines, not during the work. So it finishes
/// what it has begun.
async fn serve(mut stream: TcpStream, mut stop: broadcast::Receiver<Infallible>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.clone()).lines();
    loop {
        let Second(Some(line)) = select((stop.recv(), lines.next())).await else { break };
        let line = line?;
        let milliseconds = line.strip_prefix("work ").and_then(|number| number.parse().ok());
        let Some(milliseconds) = milliseconds else {
            stream.write_all(b"usage: work MILLISECONDS\n").await?;
            continue;
        };
        stream.write_all(b"begun\n").await?;
        sleep(Duration::from_millis(milliseconds)).await;
        stream.write_all(b"done\n").await?;
    }
    stream.write_all(b"bye\n").await
}
// ANCHOR_END: graceful_shutdown_serve

/// Three clients are connected when the signal comes: one idle, one with a little work, one with too much.
async fn show() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = task::spawn(run(listener));

    let mut idle = Client::connect("idle", address).await?;
    let mut busy = Client::connect("busy", address).await?;
    let mut endless = Client::connect("endless", address).await?;
    // A wrong word and its response show that the connection has been accepted.
    idle.say("hello").await?;
    assert_eq!(idle.hear().await?.as_deref(), Some("usage: work MILLISECONDS"));
    for (client, work) in [(&mut busy, "work 50"), (&mut endless, "work 3600000")] {
        client.say(work).await?;
        assert_eq!(client.hear().await?.as_deref(), Some("begun"));
    }

    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("kill -TERM {}", process::id())]);
    assert!(task::spawn_blocking(move || shell.status()).await?.success());

    let endings = [(&mut idle, &["bye"][..]), (&mut busy, &["done", "bye"]), (&mut endless, &[])];
    for (client, expected) in endings {
        let mut heard = Vec::new();
        while let Some(line) = client.hear().await? {
            heard.push(line);
        }
        assert_eq!(heard, expected);
    }
    assert_eq!(server.await?, 1);
    let refused = TcpStream::connect(address).await.expect_err("the listener is gone");
    println!("a new client: {refused}");
    Ok(())
}

/// A client that prints what it sends and receives.
struct Client {
    name: &'static str,
    stream: BufReader<TcpStream>,
}

impl Client {
    async fn connect(name: &'static str, address: SocketAddr) -> io::Result<Client> {
        let stream = BufReader::new(TcpStream::connect(address).await?);
        Ok(Client { name, stream })
    }

    async fn say(&mut self, words: &str) -> io::Result<()> {
        println!("{:<8} > {words}", self.name);
        self.stream.get_mut().write_all(format!("{words}\n").as_bytes()).await
    }

    /// Receives a line, or `None` if the server has closed the connection.
    async fn hear(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let length = self.stream.read_line(&mut line).await?;
        let line = (length > 0).then(|| line.trim_end().to_owned());
        println!("{:<8} < {}", self.name, line.as_deref().unwrap_or("(the end)"));
        Ok(line)
    }
}
