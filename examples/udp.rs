//! UDP: requests and responses over a line that loses some.
//!
//!     cargo run --release --example udp
//!
//! A datagram comes whole or not at all, once or twice, in any order. So each request has a number, the
//! response repeats it, and a client that receives nothing for a while asks again. `timeout` makes that a
//! loop of a few lines.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use std::{io, str};

use executor::task;
use reactor::net::UdpSocket;
use reactor::time::timeout;

const CLIENTS: u32 = 4;
const QUESTIONS: u32 = 6;
const PATIENCE: Duration = Duration::from_millis(15);
const ATTEMPTS: u32 = 50;

fn main() -> io::Result<()> {
    task::block_on(async {
        whole_or_cut().await?;

        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let address = socket.local_addr()?;
        let lost = Rc::new(Cell::new(0));
        let server = task::spawn_local(serve(socket, lost.clone()));
        let clients: Vec<_> =
            (0..CLIENTS).map(|client| task::spawn_local(ask_all(client, address))).collect();
        let mut asked = 0;
        for (client, attempts) in clients.into_iter().enumerate() {
            let attempts = attempts.await?;
            println!("client {client} has all its responses; attempts for each: {attempts:?}");
            asked += attempts.iter().sum::<u32>();
        }
        server.cancel().await;

        let answered = CLIENTS * QUESTIONS;
        println!("{answered} requests answered; asked {asked} times, {} datagrams lost", lost.get());
        assert!(lost.get() > 0 && asked > answered);
        Ok(())
    })
}

/// A receiver's buffer is the measure: what does not fit of a datagram is gone, and the next one is the next.
async fn whole_or_cut() -> io::Result<()> {
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
/// Replies to each request with its square, to its sender: one socket serves all. But the line is bad: every
/// third request does not come through, nor does every fifth response. To the client it is the same.
async fn serve(socket: UdpSocket, lost: Rc<Cell<u32>>) -> io::Result<()> {
    let mut buffer = [0; 64];
    for received in 1.. {
        let (length, from) = socket.recv_from(&mut buffer).await?;
        if received % 3 == 0 || received % 5 == 0 {
            lost.set(lost.get() + 1);
            continue;
        }
        if let Some((number, value)) = parse(&buffer[..length]) {
            let answer = format!("{number} {}", value * value);
            socket.send_to(answer.as_bytes(), from).await?;
        }
    }
    unreachable!("the numbers do not end")
}
// ANCHOR_END: udp_serve

// ANCHOR: udp_ask
/// Asks until there is a response, and waits a little longer each time. Returns it, and how often it asked.
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
                    // A late response to an earlier request, or none of ours at all.
                    _ => {}
                }
            }
        };
        // Else the deadline has elapsed: on to the next attempt.
        if let Ok(response) = timeout(PATIENCE * attempt.min(4), response).await {
            return Ok((response?, attempt));
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, format!("no response to request {number}")))
}
// ANCHOR_END: udp_ask

/// One client: all its questions, one after another. Returns how often it asked each.
async fn ask_all(client: u32, server: SocketAddr) -> io::Result<Vec<u32>> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    // Now it hears nobody but the server.
    socket.connect(server).await?;
    let mut attempts = Vec::new();
    for question in 0..QUESTIONS {
        let number = client * 100 + question;
        let (answer, times) = ask(&socket, number, number + 7).await?;
        assert_eq!(answer, (number + 7) * (number + 7));
        attempts.push(times);
    }
    Ok(attempts)
}

/// Two numbers with a space between them.
fn parse(datagram: &[u8]) -> Option<(u32, u32)> {
    let (number, value) = str::from_utf8(datagram).ok()?.split_once(' ')?;
    Some((number.parse().ok()?, value.parse().ok()?))
}
