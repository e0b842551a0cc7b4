//! The end of a stream, noticed without reading.

use std::future::Future;
use std::io::{Read, Write};
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::net::Shutdown;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use executor::task;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use reactor::net::{TcpStream, UnixStream};
use rustix::net::sockopt;

use crate::support::{Count, connection, run, settle};

fn reset(theirs: std::net::TcpStream) {
    sockopt::set_socket_linger(&theirs, Some(Duration::ZERO)).unwrap();
    drop(theirs);
}

/// Also with unread bytes before it, a task that reads, and one that only waits for the end.
#[test]
fn a_reset_ends_every_wait_for_the_end_and_reads_nothing() {
    run(|| async {
        let (ours, mut theirs) = connection();
        let watching: Vec<_> = (0..3)
            .map(|_| {
                let ours = ours.clone();
                task::spawn_local(async move { ours.closed().await })
            })
            .collect();
        theirs.write_all(b"unread").unwrap();
        settle().await;
        assert!(!watching.iter().any(task::JoinHandle::is_finished));
        reset(theirs);
        for one in watching {
            one.await.unwrap();
        }
        ours.closed().await.unwrap();
        ours.read_closed().await.unwrap();
    });
}

/// The peer still reads: it is not gone. What it wrote before can still be read.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_half_close_ends_the_wait_for_reading_alone() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        let waker = std::task::Waker::noop();
        let watched = ours.clone();
        let mut closed = pin!(watched.closed());
        let half = task::spawn_local({
            let ours = ours.clone();
            async move { ours.read_closed().await }
        });
        theirs.write_all(b"unread").unwrap();
        settle().await;
        assert!(!half.is_finished());
        theirs.shutdown(Shutdown::Write).unwrap();
        half.await.unwrap();
        assert!(closed.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
        let mut said = String::new();
        ours.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "unread");
        ours.write_all(b"still").await.unwrap();
        theirs.read_exact(&mut [0; 5]).unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        closed.await.unwrap();
    });
}

#[test]
fn a_wait_for_the_end_takes_no_wake_from_readers_and_writers() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        let (one, other) = (ours.clone(), ours.clone());
        let closed = task::spawn_local(async move { one.closed().await });
        let half = task::spawn_local(async move { other.read_closed().await });
        for _ in 0..100 {
            theirs.write_all(b"ping").unwrap();
            let mut bytes = [0; 4];
            ours.read_exact(&mut bytes).await.unwrap();
            ours.write_all(&bytes).await.unwrap();
            theirs.read_exact(&mut bytes).unwrap();
            assert_eq!(&bytes, b"ping");
        }
        assert!(!closed.is_finished() && !half.is_finished());
        reset(theirs);
        closed.await.unwrap();
        half.await.unwrap();
    });
}

/// A dropped wait leaves no waker, and the next wait gets the end.
#[test]
fn a_dropped_wait_leaves_nothing_behind() {
    run(|| async {
        let (ours, theirs) = connection();
        let (count, waker) = Count::new();
        let mut cx = Context::from_waker(&waker);
        for _ in 0..100 {
            assert!(pin!(ours.closed()).poll(&mut cx).is_pending());
            assert!(pin!(ours.read_closed()).poll(&mut cx).is_pending());
        }
        assert_eq!(Arc::strong_count(&count), 2, "this reference, and the waker's");
        reset(theirs);
        ours.closed().await.unwrap();
        assert_eq!(count.wakes(), 0);
    });
}

#[test]
fn a_unix_stream_notices_it_as_well() {
    run(|| async {
        let (near, far) = UnixStream::pair().unwrap();
        let watched = near.clone();
        let closed = task::spawn_local(async move { watched.closed().await });
        settle().await;
        assert!(!closed.is_finished());
        drop(far);
        closed.await.unwrap();
        near.read_closed().await.unwrap();
    });
}

/// A loop that waits for the end of an ended stream lets other tasks run.
#[test]
fn an_ended_stream_takes_from_the_budget() {
    run(|| async {
        let (ours, theirs) = connection();
        reset(theirs);
        ours.closed().await.unwrap();
        let asking = task::spawn_local(async move {
            loop {
                TcpStream::closed(&ours).await.unwrap();
            }
        });
        task::yield_now().await;
        let _ = asking.cancel().await;
    });
}
