//! UDP: requests and responses over a network that loses some of them.
//!
//!     cargo run --release --example udp
//!
//! A datagram arrives whole or not at all. It may arrive twice, or out of order. So each request has a
//! number, the response repeats the number, and a client that receives no response for a while sends the
//! request again. With `timeout` that is a loop of a few lines.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use std::{io, str};

use executor::task;
use reactor::net::UdpSocket;
use reactor::time::timeout;

const CLIENTS: u32 = 4;
const REQUESTS: u32 = 6;
const PATIENCE: Duration = Duration::from_millis(15);
const ATTEMPTS: u32 = 50;

fn main() -> io::Result<()> {
    task::block_on(async {
        whole_or_truncated().await?;

        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let address = socket.local_addr()?;
        let lost = Rc::new(Cell::new(0));
        let server = task::spawn_local(serve(socket, lost.clone()));
        let clients: Vec<_> =
            (0..CLIENTS).map(|client| task::spawn_local(ask_all(client, address))).collect();
        let mut sent = 0;
        for (client, attempts) in clients.into_iter().enumerate() {
            let attempts = attempts.await?;
            println!("client {client} has all its responses; attempts for each: {attempts:?}");
            sent += attempts.iter().sum::<u32>();
        }
        server.cancel().await;

        let responses = CLIENTS * REQUESTS;
        println!("{responses} responses to {sent} datagrams sent; {} datagrams lost", lost.get());
        assert!(lost.get() > 0 && sent > responses);
        Ok(())
    })
}

/// A datagram that is longer than the receiver's buffer is truncated. The rest of it is lost: the next
/// receive returns the next datagram.
async fn whole_or_truncated() -> io::Result<()> {
    let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    let sender = UdpSocket::bind("127.0.0.1:0").await?;
    sender.send_to(b"a datagram too long", receiver.local_addr()?).await?;
    sender.send_to(b"another", receiver.local_addr()?).await?;
    let mut buffer = [0; 10];
    for expected in [&b"a datagram"[..], b"another"] {
        let (length, from) = receiver.recv_from(&mut buffer).await?;
        println!("received {:?}", String::from_utf8_lossy(&buffer[..length]));
        assert_eq!((&buffer[..length], from), (expected, sender.local_addr()?));
    }
    Ok(())
}

// ANCHOR: udp_serve
/// Responds to each request with the square of its value. One socket serves all clients. To simulate a bad
/// network, it ignores every third and every fifth request. A client cannot tell whether its request or the
/// response was lost.
async fn serve(socket: UdpSocket, lost: Rc<Cell<u32>>) -> io::Result<()> {
    let mut buffer = [0; 64];
    for received in 1.. {
        let (length, from) = socket.recv_from(&mut buffer).await?;
        if received % 3 == 0 || received % 5 == 0 {
            lost.set(lost.get() + 1);
            continue;
        }
        if let Some((number, value)) = parse(&buffer[..length]) {
            let response = format!("{number} {}", value * value);
            socket.send_to(response.as_bytes(), from).await?;
        }
    }
    unreachable!("the loop has no end")
}
// ANCHOR_END: udp_serve

// ANCHOR: udp_ask
/// Sends the request until there is a response, and waits a little longer each time. Returns the response,
/// and the number of attempts.
async fn ask(socket: &UdpSocket, number: u32, value: u32) -> io::Result<(u32, u32)> {
    let request = format!("{number} {value}");
    for attempt in 1..=ATTEMPTS {
        socket.send(request.as_bytes()).await?;
        let response = async {
            let mut buffer = [0; 64];
            loop {
                let length = socket.recv(&mut buffer).await?;
                match parse(&buffer[..length]) {
                    Some((its_number, square)) if its_number == number => return io::Result::Ok(square),
                    // A late response to an earlier request, or not a response at all.
                    _ => {}
                }
            }
        };
        // Otherwise the deadline has elapsed, and the next attempt follows.
        if let Ok(response) = timeout(PATIENCE * attempt.min(4), response).await {
            return Ok((response?, attempt));
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, format!("no response to request {number}")))
}
// ANCHOR_END: udp_ask

/// One client: sends its requests one after another. Returns the number of attempts for each.
async fn ask_all(client: u32, server: SocketAddr) -> io::Result<Vec<u32>> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    // Now it receives only from the server.
    socket.connect(server).await?;
    let mut attempts = Vec::new();
    for request in 0..REQUESTS {
        let number = client * 100 + request;
        let (square, times) = ask(&socket, number, number + 7).await?;
        assert_eq!(square, (number + 7) * (number + 7));
        attempts.push(times);
    }
    Ok(attempts)
}

/// Parses two numbers with a space between them.
fn parse(datagram: &[u8]) -> Option<(u32, u32)> {
    let (number, value) = str::from_utf8(datagram).ok()?.split_once(' ')?;
    Some((number.parse().ok()?, value.parse().ok()?))
}
