//! A member of a chat group is slow for a moment, so that messages are lost, and then reads again.
//!
//! Called by `exhibits`; the exhibit is `exhibits/task_that_waits_for_itself.md`.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;

use chat::server::{Options, Server};
use executor::task::block_on;
use rustix::net::sockopt;

use super::{PATIENCE, Seen, text};

/// Far more than the sockets and the server hold for one connection.
const POSTS: usize = 120;
const LENGTH: usize = 60_000;

pub(super) fn show() -> Seen {
    let (start, started) = mpsc::channel();
    thread::spawn(move || {
        block_on(async {
            let options = Options { connection_bytes: 64 << 10, ..Options::default() };
            let server = Server::bind("127.0.0.1:0", options).await?;
            _ = start.send(server.local_addr()?);
            server.run().await
        })
    });
    let address = started.recv_timeout(PATIENCE).map_err(text)?;
    talk(address).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => format!(
            "a client that was slow for a moment reads again, and for {} s nothing comes: the task that serves it \
             waits for the outgoing half of the connection, which a future of the same task owns, and that future \
             is not polled meanwhile",
            PATIENCE.as_secs()
        ),
        _ => error.to_string(),
    })
}

/// A client of the chat, by hand.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Client(BufReader::new(stream)))
    }

    fn send(&mut self, request: &str) -> io::Result<()> {
        self.0.get_mut().write_all(format!("{request}\n").as_bytes())
    }

    fn post(&mut self, group: &str, message: &str) -> io::Result<()> {
        self.send(&format!("{{\"Post\":{{\"group_name\":\"{group}\",\"message\":\"{message}\"}}}}"))
    }

    /// Waits until all requests so far are carried out: that one comes after them shows it.
    fn settle(&mut self) -> io::Result<()> {
        self.post("nowhere", "")?;
        self.line().map(drop)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line)? {
            0 => Err(io::Error::other("the server has closed the connection")),
            _ => Ok(line),
        }
    }
}

/// Lets a slow client lose messages, and then read up to the last one.
fn talk(address: SocketAddr) -> io::Result<String> {
    let mut slow = Client::connect(address)?;
    sockopt::set_socket_recv_buffer_size(slow.0.get_ref(), 1 << 17)?;
    slow.send("{\"Join\":{\"group_name\":\"g\"}}")?;
    slow.settle()?;

    let mut poster = Client::connect(address)?;
    let long = "x".repeat(LENGTH);
    for _ in 0..POSTS {
        poster.post("g", &long)?;
    }
    // The slow client's task has had time to look at what waits for it.
    for _ in 0..50 {
        poster.settle()?;
    }
    poster.post("g", "the last")?;
    poster.settle()?;

    let mut lines = 0;
    let mut was_told = false;
    loop {
        let line = slow.line()?;
        lines += 1;
        was_told |= line.contains("Dropped");
        if line.contains("the last") {
            break;
        }
    }
    if !was_told {
        return Err(io::Error::other("the client was fast enough, and lost nothing"));
    }
    Ok(format!("a slow client lost messages, was told so, and then got the last one, after {lines} lines in all"))
}
