//! `Async` with descriptors of other kinds.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use executor::task;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use reactor::Async;
use reactor::time::timeout;

use crate::support::{Count, poll_with, run, settle};

/// Both ends of a pipe, with more bytes than it holds.
#[test]
fn a_pipe() {
    run(|| async {
        let (reader, writer) = std::io::pipe().unwrap();
        let (mut reader, mut writer) = (Async::new(reader).unwrap(), Async::new(writer).unwrap());
        let writing = task::spawn_local(async move {
            for _ in 0..100 {
                writer.write_all(&[5; 10_000]).await.unwrap();
            }
            writer.flush().await.unwrap();
        });
        let mut all = Vec::new();
        reader.read_to_end(&mut all).await.unwrap();
        assert_eq!(all.len(), 1_000_000);
        writing.await;
    });
}

/// A terminal: a line at a time, and the hang-up is the system's error or an end.
#[test]
fn a_terminal() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    run(|| async {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let user = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let mut controller = Async::new(File::from(controller)).unwrap();
        let mut user = Async::new(user).unwrap();
        let mut buffer = [0; 64];
        assert!(future::poll_once(user.read(&mut buffer)).await.is_none());
        controller.write_all(b"one\ntwo\n").await.unwrap();
        // A read ends at the end of a line: it is short, and there is more.
        let mut typed = Vec::new();
        while typed.len() < 8 {
            let count = user.read(&mut buffer).await.unwrap();
            typed.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(typed, b"one\ntwo\n");
        drop(user);
        while matches!(controller.read(&mut buffer).await, Ok(1..)) {}
    });
}

/// `into_inner` gives the descriptor back, unregistered: it can be registered anew.
#[test]
fn into_inner_gives_back_what_is_not_registered() {
    run(|| async {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut ours = ours;
        let (count, waker) = Count::new();
        for _ in 0..10 {
            let socket = Async::new(ours).unwrap();
            {
                let mut reader = &socket;
                let mut buffer = [0];
                let reading = std::pin::pin!(reader.read(&mut buffer));
                assert!(poll_with(reading, &waker).is_pending());
            }
            ours = socket.into_inner().unwrap();
            assert_eq!(Arc::strong_count(&count), 2, "the waker was dropped");
        }
        theirs.write_all(b"x").unwrap();
        settle().await;
        assert_eq!(count.wakes(), 0, "an event of a descriptor that is not registered");
        let socket = Async::new(ours).unwrap();
        assert!(Async::new(socket.as_fd()).is_err(), "registered twice");
        assert_eq!((&socket).read(&mut [0; 8]).await.unwrap(), 1);
    });
}

/// A descriptor that cannot be waited for is an error, and nothing is left of the attempt.
#[test]
fn a_file_is_an_error() {
    let file = File::open("/proc/self/exe").unwrap();
    let error = Async::new(file).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("register a descriptor: "));
    let source = std::error::Error::source(&error).expect("what the system said");
    let source = source.downcast_ref::<std::io::Error>().expect("it is the system's error");
    assert_eq!(source.raw_os_error(), Some(rustix::io::Errno::PERM.raw_os_error()));
}

/// `read_with` and `write_with` try until the result is not "would block", and may be dropped.
#[test]
fn attempts_with_a_closure() {
    run(|| async {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let ours = Async::new(ours).unwrap();
        let attempt = ours.read_with(|mut ours| ours.read(&mut [0; 8]));
        assert!(timeout(Duration::from_millis(2), attempt).await.is_err());
        theirs.write_all(b"abc").unwrap();
        let attempt = ours.read_with(|mut ours| ours.read(&mut [0; 8]));
        assert_eq!(attempt.await.unwrap(), 3);
        ours.writable().await.unwrap();
        let attempt = ours.write_with(|mut ours| ours.write(b"abc"));
        assert_eq!(attempt.await.unwrap(), 3);
        let error = ours.read_with(|_| Err::<(), _>(std::io::Error::other("mine")));
        assert_eq!(error.await.unwrap_err().to_string(), "mine");
    });
}

/// A flush has nothing to wait for, even while the buffer is full, and neither has a close.
#[test]
fn a_flush_does_not_wait_for_room() {
    run(|| async {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let mut ours = Async::new(ours).unwrap();
        while future::poll_once(ours.write(&[0; 65536])).await.is_some() {}
        ours.flush().await.unwrap();
        (&ours).flush().await.unwrap();
        ours.close().await.unwrap();
        (&ours).close().await.unwrap();
    });
}

/// Several owners read and write at once, through shared references.
#[test]
fn both_directions_at_once() {
    run(|| async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (ours, theirs) = (Arc::new(Async::new(ours).unwrap()), Async::new(theirs).unwrap());
        let echo = task::spawn_local(async move {
            let mut buffer = [0; 777];
            loop {
                match (&theirs).read(&mut buffer).await.unwrap() {
                    0 => return,
                    count => (&theirs).write_all(&buffer[..count]).await.unwrap(),
                }
            }
        });
        let writing = {
            let ours = Arc::clone(&ours);
            task::spawn_local(async move {
                (&*ours).write_all(&[3; 1_000_000]).await.unwrap();
                ours.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
            })
        };
        let mut all = Vec::new();
        (&*ours).read_to_end(&mut all).await.unwrap();
        assert_eq!(all.len(), 1_000_000);
        writing.await;
        echo.await;
    });
}

#[test]
fn debug_shows_what_is_wrapped() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let shown = format!("Async({ours:?})");
    assert_eq!(format!("{:?}", Async::new(ours).unwrap()), shown);
}
