//! A future that is dropped at an await: what it has done, what is lost, and how to lose nothing.
//!
//!     cargo run --release --example cancelled
//!
//! A reader of packets is one branch of a `select` in a loop. Each turn of the loop drops the branch that was not
//! ready. The program loses a packet in this way, and shows three cures. Then a timeout cuts off a write.
//!
//! Nothing here depends on time. The sender waits until the receiver has taken a piece before it goes on.

use std::cell::Cell;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use executor::future::{Selected, poll_once, select};
use executor::sync::mpsc;
use executor::task::{self, AbortOnDrop, JoinHandle};
use reactor::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use reactor::net::UnixStream;
use reactor::time::timeout;

fn main() -> io::Result<()> {
    task::block_on(async {
        dropped_at_an_await().await;
        println!("\nA select in a loop, three packets and two ticks:");
        a_loop_that_loses().await?;
        state_outside_of_the_future().await?;
        one_future_for_all_turns().await?;
        a_task_that_reads().await?;
        println!("\nA timeout around a write of {} bytes:", MUCH.len());
        a_write_that_is_cut_off().await?;
        a_write_that_goes_on().await
    })
}

// ANCHOR: cancelled_breakfast
/// A breakfast in three steps, with an await after each of the first two.
async fn breakfast() {
    println!("  the kettle is on");
    let _kettle = OnDrop("the kettle is off");
    task::yield_now().await;
    println!("  the tea is made");
    let _pot = OnDrop("the pot is empty");
    task::yield_now().await;
    println!("  breakfast");
}

/// Polls it twice, and drops it.
async fn dropped_at_an_await() {
    println!("Dropped at the second await:");
    let mut morning = Box::pin(breakfast());
    assert!(poll_once(&mut morning).await.is_none());
    assert!(poll_once(&mut morning).await.is_none());
    drop(morning);
}
// ANCHOR_END: cancelled_breakfast

/// Says so when it is dropped.
struct OnDrop(&'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        println!("  {}", self.0);
    }
}

// ANCHOR: cancelled_read_packet
/// Reads a packet: one byte, which holds a length, and that many bytes.
async fn read_packet(mut stream: impl AsyncRead + Unpin) -> io::Result<String> {
    let mut length = [0];
    stream.read_exact(&mut length).await?;
    let mut packet = vec![0; length[0].into()];
    stream.read_exact(&mut packet).await?;
    String::from_utf8(packet).map_err(io::Error::other)
}
// ANCHOR_END: cancelled_read_packet

// ANCHOR: cancelled_loses
/// Each turn of the loop makes a future that reads a packet, and drops it if a tick comes first.
async fn a_loop_that_loses() -> io::Result<()> {
    let (stream, mut ticks, _sender) = packets_and_ticks()?;
    let mut log = Log::new("a future for each turn");
    loop {
        match select((read_packet(&stream), ticks.recv())).await {
            Selected::First(Ok(packet)) => log.packet(&packet),
            Selected::First(Err(error)) => break log.end(&error),
            Selected::Second(_) => log.tick(),
        }
    }
    assert!(log.packets.is_empty(), "the second future takes the `a` of tea for a length");
    Ok(())
}
// ANCHOR_END: cancelled_loses

// ANCHOR: cancelled_packets
/// The first cure: what was read of a packet is here, and not in a future.
struct Packets<S> {
    stream: S,
    bytes: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Packets<S> {
    /// Returns the next packet. Cancel-safe: what was read stays in `self`.
    async fn next(&mut self) -> io::Result<String> {
        loop {
            let length = self.bytes.first().map(|&length| usize::from(length));
            if let Some(length) = length
                && self.bytes.len() > length
            {
                let packet = self.bytes.drain(..=length).skip(1).collect();
                return String::from_utf8(packet).map_err(io::Error::other);
            }
            let mut piece = [0; 64];
            let count = self.stream.read(&mut piece).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.bytes.extend_from_slice(&piece[..count]); // There is no await since the read.
        }
    }
}
// ANCHOR_END: cancelled_packets

async fn state_outside_of_the_future() -> io::Result<()> {
    let (stream, mut ticks, _sender) = packets_and_ticks()?;
    let mut log = Log::new("state outside of the future");
    let mut packets = Packets { stream: &stream, bytes: Vec::new() };
    loop {
        match select((packets.next(), ticks.recv())).await {
            Selected::First(Ok(packet)) => log.packet(&packet),
            Selected::First(Err(error)) => break log.end(&error),
            Selected::Second(_) => log.tick(),
        }
    }
    log.assert_complete();
    Ok(())
}

// ANCHOR: cancelled_pinned
/// The second cure: one future, polled by reference in each turn until it is ready. Only then is another made.
async fn one_future_for_all_turns() -> io::Result<()> {
    let (stream, mut ticks, _sender) = packets_and_ticks()?;
    let mut log = Log::new("one future for all turns");
    let mut reading = pin!(read_packet(&stream));
    loop {
        match select((reading.as_mut(), ticks.recv())).await {
            Selected::First(Ok(packet)) => {
                log.packet(&packet);
                reading.set(read_packet(&stream));
            }
            Selected::First(Err(error)) => break log.end(&error),
            Selected::Second(_) => log.tick(),
        }
    }
    log.assert_complete();
    Ok(())
}
// ANCHOR_END: cancelled_pinned

// ANCHOR: cancelled_task
/// The third cure: a task reads, and nobody drops its future. The loop receives from a channel, and dropping a
/// `recv` loses nothing.
async fn a_task_that_reads() -> io::Result<()> {
    let (stream, mut ticks, _sender) = packets_and_ticks()?;
    let mut log = Log::new("a task that reads");
    let (packet, mut packets) = mpsc::channel(1);
    let _reader = AbortOnDrop::new(task::spawn_local(async move {
        loop {
            let read = read_packet(&stream).await;
            let is_last = read.is_err();
            if packet.send(read).await.is_err() || is_last {
                break;
            }
        }
    }));
    loop {
        match select((packets.recv(), ticks.recv())).await {
            Selected::First(Some(Ok(packet))) => log.packet(&packet),
            Selected::First(Some(Err(error))) => break log.end(&error),
            Selected::First(None) => unreachable!("the last that it sends is an error"),
            Selected::Second(_) => log.tick(),
        }
    }
    log.assert_complete();
    Ok(())
}
// ANCHOR_END: cancelled_task

/// Starts a sender of three packets, tea, milk and rye, in pieces. It sends a tick in the middle of a packet, twice.
fn packets_and_ticks() -> io::Result<(Tapped, mpsc::Receiver<()>, JoinHandle<io::Result<()>>)> {
    let (stream, mut peer) = UnixStream::pair()?;
    let taken = Rc::new(Cell::new(0));
    let tapped = Tapped { stream, taken: Rc::clone(&taken) };
    let (tick, ticks) = mpsc::channel(1);
    let sender = task::spawn_local(async move {
        let mut sent = 0;
        for (piece, then_tick) in
            [(&b"\x03te"[..], true), (b"a\x04mil", true), (b"k", false), (b"\x03rye", false)]
        {
            peer.write_all(piece).await?;
            sent += piece.len();
            while taken.get() < sent {
                task::yield_now().await;
            }
            if then_tick {
                tick.send(()).await.map_err(io::Error::other)?;
                _ = tick.reserve().await; // There is room when the tick was received.
            }
        }
        // Dropping `tick` would end the ticks. So it is kept until the loop has dropped its receiver.
        peer.close().await?;
        tick.closed().await;
        Ok(())
    });
    Ok((tapped, ticks, sender))
}

/// A stream that counts how many bytes were taken from it.
struct Tapped {
    stream: UnixStream,
    taken: Rc<Cell<usize>>,
}

impl AsyncRead for &Tapped {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let read = Pin::new(&mut &self.stream).poll_read(cx, into);
        if let Poll::Ready(Ok(count)) = read {
            self.taken.set(self.taken.get() + count);
        }
        read
    }
}

/// What a loop has received.
struct Log {
    name: &'static str,
    packets: Vec<String>,
    ticks: usize,
}

impl Log {
    fn new(name: &'static str) -> Log {
        Log { name, packets: Vec::new(), ticks: 0 }
    }

    fn packet(&mut self, packet: &str) {
        self.packets.push(packet.to_owned());
    }

    fn tick(&mut self) {
        self.ticks += 1;
    }

    fn end(&self, error: &io::Error) {
        let packets: Vec<String> = self.packets.iter().map(|packet| format!("{packet:?}")).collect();
        let packets = if packets.is_empty() { "nothing".to_owned() } else { packets.join(", ") };
        println!("  {:27}  {} ticks, received {packets}; {}", self.name, self.ticks, error.kind());
    }

    fn assert_complete(&self) {
        assert_eq!((&self.packets[..], self.ticks), (&["tea", "milk", "rye"].map(String::from)[..], 2));
    }
}

/// More than the buffers of a socket hold.
static MUCH: [u8; 4 << 20] = [7; 4 << 20];

/// Long enough for the system to fill a socket's buffers.
const MOMENT: Duration = Duration::from_millis(20);

// ANCHOR: cancelled_write
/// The peer does not read. At the deadline a part was written, and only the dropped future knew how much.
async fn a_write_that_is_cut_off() -> io::Result<()> {
    let (mut stream, mut peer) = UnixStream::pair()?;
    let written = timeout(MOMENT, stream.write_all(&MUCH)).await;
    assert!(written.is_err());
    stream.close().await?;
    let mut received = Vec::new();
    peer.read_to_end(&mut received).await?;
    assert!(!received.is_empty() && received.len() < MUCH.len());
    println!("  write_all: cut off, and the peer has received {} bytes", received.len());
    Ok(())
}
// ANCHOR_END: cancelled_write

// ANCHOR: cancelled_write_on
/// The count is outside of the future. A single `write` that is dropped has written nothing, so the count is right.
async fn write_on(mut stream: &UnixStream, bytes: &[u8], written: &mut usize) -> io::Result<()> {
    while *written < bytes.len() {
        *written += stream.write(&bytes[*written..]).await?;
    }
    Ok(())
}

async fn a_write_that_goes_on() -> io::Result<()> {
    let (stream, mut peer) = UnixStream::pair()?;
    let mut written = 0;
    let outcome = timeout(MOMENT, write_on(&stream, &MUCH, &mut written)).await;
    assert!(outcome.is_err() && 0 < written && written < MUCH.len());
    print!("  write_on: cut off after {written} bytes; ");
    let reader = task::spawn_local(async move {
        let mut received = Vec::new();
        peer.read_to_end(&mut received).await.map(|_| received)
    });
    write_on(&stream, &MUCH, &mut written).await?;
    drop(stream);
    let received = reader.await?;
    assert_eq!(received, MUCH);
    println!("called again, and the peer has received {}", received.len());
    Ok(())
}
// ANCHOR_END: cancelled_write_on
