//! An echo server, and a hundred clients that check what comes back.
//!
//!     cargo run --release --example echo
//!     cargo run --release --example echo HOST [PORT]    (only the clients, with that server; default port 7)
//!
//! Each connection has a task, written as if it had a thread to itself: read, write, repeat. But only the
//! task waits. The threads move on to the next task that is ready.

use std::time::{Duration, Instant};
use std::{env, io, process};

use executor::{stream::StreamExt, task};
use reactor::io::{AsyncReadExt, AsyncWriteExt};
use reactor::net::{TcpListener, TcpStream};

const CLIENTS: usize = 100;
const MESSAGES: usize = 100;

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    task::block_on(async {
        match words.as_slice() {
            [] => {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                let port = listener.local_addr()?.port();
                let server = task::spawn(serve(listener));
                clients("127.0.0.1", port).await?;
                // The server would run forever. Dropping its future closes the listener, and `cancel` returns
                // after that has happened.
                assert!(server.cancel().await.is_none());
                assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
                println!("The server is cancelled, and its port is closed.");
                Ok(())
            }
            [host] => clients(host, 7).await,
            [host, word] => clients(host, port(word)).await,
            _ => refuse("more than two arguments"),
        }
    })
}

fn port(word: &str) -> u16 {
    word.parse().unwrap_or_else(|_| refuse(&format!("PORT is a number up to 65535, not {word:?}")))
}

/// Says what is wrong with the arguments, and how to use the program.
fn refuse(what: &str) -> ! {
    eprintln!("echo: {what}\nusage: echo [HOST [PORT]]");
    process::exit(2)
}

/// Accepts connections, and spawns a task for each one.
async fn serve(listener: TcpListener) -> io::Result<()> {
    let mut incoming = listener.incoming();
    while let Some(stream) = incoming.next().await {
        // The handle is dropped. The task continues without it, as a thread would.
        drop(task::spawn(echo(stream?)));
    }
    Ok(())
}

/// Sends back what it receives, until the client closes its side.
async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length]).await?;
    }
}

/// Runs all the clients at once, and prints how long they waited for their messages.
async fn clients(host: &str, port: u16) -> io::Result<()> {
    println!("{CLIENTS} clients: each sends {MESSAGES} messages, and waits for each one to come back.");
    let begun = Instant::now();
    let clients: Vec<_> =
        (0..CLIENTS).map(|client| task::spawn(talk(host.to_owned(), port, client))).collect();
    let mut waits = Vec::new();
    for client in clients {
        waits.extend(client.await?);
    }
    let took = begun.elapsed();
    waits.sort_unstable();

    assert_eq!(waits.len(), CLIENTS * MESSAGES);
    println!("{} messages came back, unchanged, in {took:.1?}.", waits.len());
    for (share, name) in [(50, "half"), (99, "99 in 100"), (100, "all")] {
        let wait = waits[(waits.len() - 1) * share / 100];
        println!("    {name:<9} came back within {wait:>8.1?}");
    }
    Ok(())
}

/// One client: sends each message and waits for the echo. Returns how long each echo took.
async fn talk(host: String, port: u16, client: usize) -> io::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let mut waits = Vec::new();
    for number in 0..MESSAGES {
        let message = format!("message {number} of client {client}");
        let sent = Instant::now();
        stream.write_all(message.as_bytes()).await?;
        let mut back = vec![0; message.len()];
        stream.read_exact(&mut back).await?;
        waits.push(sent.elapsed());
        assert_eq!(back, message.as_bytes());
    }
    Ok(waits)
}
