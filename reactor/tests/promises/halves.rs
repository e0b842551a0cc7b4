//! A stream in two halves: the drop of the writing one is the end for the peer, whatever the other does.

use std::io::{Read, Write};

use executor::task;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use reactor::net::{ReadHalf, TcpStream, UnixStream, WriteHalf};

use crate::support::{connection, run, settle};

#[test]
fn a_dropped_write_half_is_the_end_for_the_peer() {
    run(|| async {
        let (ours, mut theirs) = connection();
        let (mut read, mut write) = ours.into_split();
        write.write_all(b"question").await.unwrap();
        drop(write);
        let mut text = String::new();
        theirs.read_to_string(&mut text).unwrap();
        assert_eq!(text, "question");
        // The other direction goes on.
        theirs.write_all(b"reply").unwrap();
        drop(theirs);
        text.clear();
        read.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "reply");
    });
}

/// Also if the task that has the half is cancelled, or panics.
#[test]
fn a_cancelled_writer_is_the_end_for_the_peer() {
    run(|| async {
        for panics in [false, true] {
            let (ours, mut theirs) = connection();
            let (_read, mut write) = ours.into_split();
            let writer = task::spawn_local(async move {
                write.write_all(b"!").await.unwrap();
                if panics {
                    std::panic::resume_unwind(Box::new("as expected"));
                }
                std::future::pending::<()>().await;
            });
            settle().await;
            if panics {
                writer.try_join().await.unwrap_err();
            } else {
                assert!(writer.cancel().await.is_none());
            }
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).unwrap();
            assert_eq!(all, b"!");
        }
    });
}

/// A clone of the stream, kept elsewhere, does not keep the writing half open.
#[test]
fn the_end_does_not_wait_for_clones() {
    run(|| async {
        let (near, mut far) = UnixStream::pair().unwrap();
        let _clone = near.clone();
        let (_read, write) = near.into_split();
        drop(write);
        assert_eq!(far.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn a_dropped_read_half_ends_nothing() {
    run(|| async {
        let (near, mut far) = UnixStream::pair().unwrap();
        let (read, mut write) = near.into_split();
        drop(read);
        far.write_all(b"not read by anybody").await.unwrap();
        write.write_all(b"still here").await.unwrap();
        write.flush().await.unwrap();
        write.close().await.unwrap();
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "still here");
        drop(write); // After a close: no harm.
    });
}

#[test]
fn a_half_that_becomes_the_stream_again_ends_nothing() {
    run(|| async {
        let (ours, mut theirs) = connection();
        let (read, write): (ReadHalf<TcpStream>, WriteHalf<TcpStream>) = ours.into_split();
        assert_eq!(read.as_ref().peer_addr().unwrap(), write.as_ref().peer_addr().unwrap());
        drop(read);
        let mut ours = write.into_stream();
        settle().await;
        ours.write_all(b"whole").await.unwrap();
        let mut bytes = [0; 5];
        theirs.read_exact(&mut bytes).unwrap();
        theirs.write_all(b"again").unwrap();
        ours.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"again");
    });
}

/// Both halves at work at once, in two tasks: what is written comes back.
#[test]
fn the_halves_work_in_two_tasks() {
    run(|| async {
        let (near, far) = UnixStream::pair().unwrap();
        let (mut read, mut write) = near.into_split();
        let echo = task::spawn(async move {
            let (from, mut to) = (far.clone(), far);
            reactor::io::copy(from, &mut to).await.unwrap();
            to.close().await.unwrap();
        });
        let text: Vec<u8> = (0..500_000_u32).map(|n| n as u8).collect();
        let sent = text.clone();
        let writer = task::spawn(async move { write.write_all(&sent).await });
        let mut all = Vec::new();
        let (outcome, read) = future::zip(writer, read.read_to_end(&mut all)).await;
        outcome.unwrap();
        read.unwrap();
        assert!(all == text);
        echo.await;
    });
}
