//! Attempts never wait, tell the truth, and lose no event for those that wait.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::pin::pin;
use std::time::Instant;

use executor::task;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use reactor::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use reactor::{Async, Interest};

use crate::support::{Count, PATIENCE, connection, poll_with, run, settle, until};

fn would_block<T: std::fmt::Debug>(outcome: std::io::Result<T>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// Polls a stream until it waits.
async fn drained(stream: &mut TcpStream) {
    while future::poll_once(stream.read(&mut [0; 64])).await.is_some() {}
}

#[test]
fn an_attempt_returns_what_is_there_and_never_waits() {
    run(|| async {
        let (ours, mut theirs) = connection();
        let mut buffer = [0; 8];
        assert!(would_block(ours.try_read(&mut buffer)));
        theirs.write_all(b"abc").unwrap();
        ours.readable().await.unwrap();
        assert_eq!(ours.try_read(&mut buffer).unwrap(), 3);
        assert!(would_block(ours.try_read(&mut buffer)));
        assert_eq!(ours.try_write(b"defg").unwrap(), 4);
        theirs.read_exact(&mut buffer[..4]).unwrap();
        assert_eq!(&buffer[..4], b"defg");
        theirs.shutdown(Shutdown::Write).unwrap();
        ours.readable().await.unwrap();
        assert_eq!(ours.try_read(&mut buffer).unwrap(), 0, "the end");
        drop(theirs);
    });
}

/// No thread turns the reactor meanwhile, so no event is handled; the attempt asks the system all the same.
#[test]
fn an_attempt_needs_no_turn_of_the_reactor() {
    let (mut ours, mut theirs) = connection();
    task::block_on(drained(&mut ours));
    theirs.write_all(b"abc").unwrap();
    let end = Instant::now() + PATIENCE;
    while would_block(ours.try_read(&mut [0; 8])) {
        assert!(Instant::now() < end, "the bytes are never seen");
        std::thread::yield_now();
    }
}

/// An attempt that finds nothing clears readiness; the event that comes after it ends the wait.
#[test]
fn an_attempt_that_finds_nothing_loses_no_later_event() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        for round in 0..200_u8 {
            assert!(would_block(ours.try_read(&mut [0; 8])));
            if round % 2 == 0 {
                theirs.write_all(&[round]).unwrap();
            }
            assert!(round % 2 == 0 || would_block(ours.try_read(&mut [0; 8])));
            if round % 2 == 1 {
                theirs.write_all(&[round]).unwrap();
            }
            let mut byte = [0];
            if round % 3 == 0 {
                ours.readable().await.unwrap();
                assert_eq!(ours.try_read(&mut byte).unwrap(), 1);
            } else {
                ours.read_exact(&mut byte).await.unwrap();
            }
            assert_eq!(byte, [round]);
        }
    });
}

/// An attempt that takes some of the bytes leaves the direction ready: the next read gets the rest, although no
/// further event comes.
#[test]
fn an_attempt_that_succeeds_clears_nothing() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        for _ in 0..100 {
            drained(&mut ours).await;
            theirs.write_all(b"abcdef").unwrap();
            ours.readable().await.unwrap();
            let mut all: Vec<u8> = Vec::new();
            let mut buffer = [0; 2];
            // Full buffers and short ones, by attempts and by reads.
            let first = ours.try_read(&mut buffer).unwrap();
            all.extend(&buffer[..first]);
            while all.len() < 6 {
                let count = ours.read(&mut buffer).await.unwrap();
                all.extend(&buffer[..count]);
            }
            assert_eq!(all, b"abcdef");
        }
    });
}

/// One task waits in a read; another makes attempts on a clone. The one that waits is woken for what is left.
#[test]
fn attempts_of_one_task_take_no_event_from_another() {
    run(|| async {
        let (ours, mut theirs) = connection();
        let mut waiting = ours.clone();
        let reader = task::spawn_local(async move {
            let mut sum = 0;
            let mut byte = [0];
            while waiting.read(&mut byte).await.unwrap() == 1 {
                sum += usize::from(byte[0]);
            }
            sum
        });
        let mut sum = 0;
        for byte in 1..=100_u8 {
            task::yield_now().await;
            theirs.write_all(&[byte]).unwrap();
            let mut taken = [0];
            while let Ok(1) = ours.try_read(&mut taken) {
                sum += usize::from(taken[0]);
            }
        }
        drop(theirs);
        assert_eq!(sum + reader.await, (1..=100).sum::<usize>());
    });
}

/// A write that fills the buffer returns `WouldBlock`, and `writable` waits until there is room.
#[test]
fn an_attempt_to_write_stops_when_the_buffer_is_full() {
    run(|| async {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let ours = UnixStream::try_from(ours).unwrap();
        let mut sent = 0;
        let full = loop {
            match ours.try_write(&[7; 10_000]) {
                Ok(count) => sent += count,
                full => break full,
            }
        };
        assert!(would_block(full));
        assert!(future::poll_once(ours.writable()).await.is_none(), "there is no room");
        let (count, waker) = Count::new();
        let mut writable = pin!(ours.writable());
        assert!(poll_with(writable.as_mut(), &waker).is_pending());
        let mut all = vec![0; sent];
        (&theirs).read_exact(&mut all).unwrap();
        until("there is room", || count.wakes() > 0).await;
        writable.await.unwrap();
        assert_eq!(ours.try_write(b"x").unwrap(), 1);
    });
}

#[test]
fn ready_returns_each_way_that_is_ready() {
    run(|| async {
        let (ours, mut theirs) = connection();
        assert_eq!(ours.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap(), Interest::WRITABLE);
        assert!(future::poll_once(ours.ready(Interest::READABLE)).await.is_none());
        theirs.write_all(b"!").unwrap();
        assert_eq!(ours.ready(Interest::READABLE).await.unwrap(), Interest::READABLE);
        let both = ours.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
        assert!(both.is_readable() && both.is_writable());
        assert_eq!(both, Interest::READABLE | Interest::WRITABLE);
    });
}

/// No turn of the reactor comes between the event and the call.
#[test]
fn ready_returns_a_way_whose_event_is_not_handled_yet() {
    let (ours, mut theirs) = connection();
    let both = Interest::READABLE | Interest::WRITABLE;
    assert_eq!(task::block_on(ours.ready(both)).unwrap(), Interest::WRITABLE);
    theirs.write_all(b"!").unwrap();
    let end = Instant::now() + PATIENCE;
    while task::block_on(ours.ready(both)).unwrap() != both {
        assert!(Instant::now() < end, "it is never seen");
    }
    // The same for the end.
    assert_eq!(ours.try_read(&mut [0; 8]).unwrap(), 1);
    assert_eq!(task::block_on(ours.ready(both)).unwrap(), Interest::WRITABLE);
    drop(theirs);
    while task::block_on(ours.ready(both)).unwrap() != both {
        assert!(Instant::now() < end, "the end is never seen");
    }
}

/// While neither way is ready it waits, and either one wakes it.
#[test]
fn ready_is_woken_by_either_way() {
    run(|| async {
        for readable in [true, false] {
            let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
            let ours = UnixStream::try_from(ours).unwrap();
            let mut sent = 0;
            while let Ok(count) = ours.try_write(&[7; 10_000]) {
                sent += count;
            }
            let (count, waker) = Count::new();
            let mut ready = Box::pin(ours.ready(Interest::READABLE | Interest::WRITABLE));
            assert!(poll_with(ready.as_mut(), &waker).is_pending());
            settle().await;
            assert_eq!(count.wakes(), 0, "nothing has happened");
            if readable {
                theirs.write_all(b"!").unwrap();
            } else {
                theirs.read_exact(&mut vec![0; sent]).unwrap();
            }
            until("woken", || count.wakes() > 0).await;
            let found = ready.await.unwrap();
            assert_eq!((found.is_readable(), found.is_writable()), (readable, !readable));
        }
    });
}

/// A `ready` that is dropped leaves no waker behind.
#[test]
fn a_dropped_ready_leaves_nothing() {
    run(|| async {
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let ours = Async::new(ours).unwrap();
        let (count, waker) = Count::new();
        let alone = std::sync::Arc::strong_count(&count);
        {
            let mut ready = pin!(ours.ready(Interest::READABLE));
            assert!(poll_with(ready.as_mut(), &waker).is_pending());
            assert!(std::sync::Arc::strong_count(&count) > alone, "it waits");
        }
        assert_eq!(std::sync::Arc::strong_count(&count), alone);
    });
}

#[test]
fn an_attempt_to_accept_never_waits() {
    run(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert!(would_block(listener.try_accept()));
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (far, from) = listener.try_accept().unwrap();
        assert_eq!(from, near.local_addr().unwrap());
        assert_eq!(far.peer_addr().unwrap(), from);
        assert!(would_block(listener.try_accept()));
        // The next one is accepted by a task that waits.
        let accept = listener.accept();
        let connect = TcpStream::connect(listener.local_addr().unwrap());
        let (accepted, connected) = future::zip(accept, connect).await;
        assert_eq!(accepted.unwrap().1, connected.unwrap().local_addr().unwrap());

        let path = std::env::temp_dir().join(format!("unrolled-attempts-{}", std::process::id()));
        let listener = UnixListener::bind(&path).await.unwrap();
        assert!(would_block(listener.try_accept()));
        let _near = UnixStream::connect(&path).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        listener.try_accept().unwrap();
    });
}

#[test]
fn an_attempt_to_receive_a_datagram_never_waits() {
    run(|| async {
        let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut buffer = [0; 8];
        assert!(would_block(one.try_recv_from(&mut buffer)));
        for round in 0..50_u8 {
            assert_eq!(other.try_send_to(&[round], one.local_addr().unwrap()).unwrap(), 1);
            one.readable().await.unwrap();
            assert_eq!(one.peek_from(&mut buffer).await.unwrap().0, 1);
            assert_eq!(one.try_recv_from(&mut buffer).unwrap(), (1, other.local_addr().unwrap()));
            assert_eq!(buffer[0], round);
            assert!(would_block(one.try_recv_from(&mut buffer)));
        }
        one.connect(other.local_addr().unwrap()).await.unwrap();
        assert_eq!(one.try_send(b"x").unwrap(), 1);
        other.readable().await.unwrap();
        assert_eq!(other.try_recv_from(&mut buffer).unwrap().0, 1);
        // A datagram of a stranger is not for `try_recv`.
        let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let _ = stranger.try_send_to(b"stranger", one.local_addr().unwrap());
        other.connect(one.local_addr().unwrap()).await.unwrap();
        other.try_send(b"peer").unwrap();
        one.readable().await.unwrap();
        assert_eq!(one.try_recv(&mut buffer).unwrap(), 4);
    });
}

/// Data that arrives between an attempt and a wait on another thread's clone, many times over.
#[test]
fn attempts_and_events_race() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        let writer = std::thread::spawn(move || {
            for number in 0..5_000_u32 {
                theirs.write_all(&number.to_le_bytes()).unwrap();
                if number % 64 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut all = Vec::new();
        let mut buffer = [0; 64];
        while all.len() < 20_000 {
            match ours.try_read(&mut buffer[..5]) {
                Ok(count) => all.extend(&buffer[..count]),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    let count = ours.read(&mut buffer).await.unwrap();
                    all.extend(&buffer[..count]);
                }
            }
        }
        let numbers = all.chunks_exact(4).map(|four| u32::from_le_bytes(four.try_into().unwrap()));
        assert!(numbers.eq(0..5_000));
        writer.join().unwrap();
        let _ = ours.close().await;
    });
}
