//! An edge is reported once: nothing that it reported may be lost.

use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::pin::pin;
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use reactor::Async;
use reactor::net::{TcpStream, UnixStream};
use reactor::time::timeout;
use rustix::net::{SendFlags, sockopt};

use crate::support::{Count, connection, poll_with, run, settle, until};

/// Hard case 29: data and FIN in one edge; the read after the short one finds the end.
#[test]
fn data_and_the_end_in_one_edge() {
    run(|| async {
        for round in 0..100 {
            let (mut ours, mut theirs) = connection();
            let mut buffer = [0; 64];
            // Half of the rounds wait first, so that data and end arrive as an edge.
            if round % 2 == 0 {
                assert!(future::poll_once(ours.read(&mut buffer)).await.is_none());
            }
            theirs.write_all(b"abc").unwrap();
            theirs.shutdown(Shutdown::Write).unwrap();
            assert_eq!(ours.read(&mut buffer).await.unwrap(), 3);
            assert_eq!(ours.read(&mut buffer).await.unwrap(), 0);
            assert_eq!(ours.read(&mut buffer).await.unwrap(), 0, "the end is reported again");
        }
    });
}

/// Hard case 29: a read stops short at urgent data. The bytes behind it must not wait for another edge.
#[test]
fn urgent_data_between_normal_data() {
    run(|| async {
        for round in 0..100 {
            let (mut ours, mut theirs) = connection();
            let mut buffer = [0; 64];
            if round % 2 == 0 {
                assert!(future::poll_once(ours.read(&mut buffer)).await.is_none());
            }
            theirs.set_nodelay(true).unwrap();
            theirs.write_all(b"ab").unwrap();
            rustix::net::send(&theirs, b"!", SendFlags::OOB).unwrap();
            theirs.write_all(b"cd").unwrap();
            let mut all = Vec::new();
            while all.len() < 4 {
                let count = ours.read(&mut buffer).await.unwrap();
                all.extend_from_slice(&buffer[..count]);
            }
            assert_eq!(all, b"abcd");
            // And again, after everything was read.
            theirs.write_all(b"ef").unwrap();
            ours.read_exact(&mut buffer[..2]).await.unwrap();
            assert_eq!(&buffer[..2], b"ef");
        }
    });
}

/// Hard case 29: the system takes 1,024 slices at a time. A read that fills these is not a short one.
#[test]
fn a_read_into_very_many_slices_does_not_look_short() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        theirs.write_all(&[7; 3000]).unwrap();
        until("the data is there", || future::block_on(ours.peek(&mut [0; 3000])).unwrap() == 3000).await;
        settle().await; // The edges have arrived.
        let mut left = 3000;
        while left > 0 {
            let mut bytes = vec![0; left];
            let mut slices: Vec<_> = bytes.chunks_mut(1).map(IoSliceMut::new).collect();
            left -= ours.read_vectored(&mut slices).await.unwrap();
        }
    });
}

/// Hard case 29: the same for a write.
#[test]
fn a_write_from_very_many_slices_does_not_look_short() {
    run(|| async {
        let (mut ours, _theirs) = connection();
        settle().await;
        let mut left = 3000;
        while left > 0 {
            let bytes = vec![0; left];
            let slices: Vec<_> = bytes.chunks(1).map(IoSlice::new).collect();
            left -= ours.write_vectored(&slices).await.unwrap();
        }
    });
}

/// Hard case 29: a Unix stream's read stops at a message that carries a descriptor.
#[test]
fn a_descriptor_on_a_unix_stream_ends_a_read_but_not_the_stream() {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, sendmsg};
    use std::os::fd::AsFd;

    run(|| async {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut ours = UnixStream::try_from(ours).unwrap();
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        for text in [b"ab", b"cd"] {
            let carried = [theirs.as_fd()];
            let mut control = SendAncillaryBuffer::new(&mut space);
            assert!(control.push(SendAncillaryMessage::ScmRights(&carried)));
            let flags = SendFlags::empty();
            sendmsg(&theirs, &[IoSlice::new(text)], &mut control, flags).unwrap();
        }
        settle().await; // The edges have arrived.
        let mut buffer = [0; 4];
        ours.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"abcd");
    });
}

/// Hard case 29: a pipe's end comes with its last bytes.
#[test]
fn a_pipe_hangs_up_with_its_last_bytes() {
    run(|| async {
        for _ in 0..50 {
            let (reader, mut writer) = std::io::pipe().unwrap();
            let mut reader = Async::new(reader).unwrap();
            let mut buffer = [0; 64];
            assert!(future::poll_once(reader.read(&mut buffer)).await.is_none());
            writer.write_all(b"abc").unwrap();
            drop(writer);
            assert_eq!(reader.read(&mut buffer).await.unwrap(), 3);
            assert_eq!(reader.read(&mut buffer).await.unwrap(), 0);
        }
    });
}

/// Hard case 18: a pipe's hang-up without bytes is an event of its own, and wakes the reader.
#[test]
fn a_pipe_hangs_up_without_bytes() {
    run(|| async {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut reader = Async::new(reader).unwrap();
        let closing = async {
            settle().await;
            drop(writer);
        };
        let (read, ()) = future::zip(reader.read(&mut [0; 8]), closing).await;
        assert_eq!(read.unwrap(), 0);
    });
}

/// Hard case 18: a reset wakes the reader and the writer.
#[test]
fn a_reset_wakes_both_directions() {
    run(|| async {
        let (ours, theirs) = connection();
        while future::poll_once((&ours).write(&[0; 65536])).await.is_some() {}
        let (read, read_waker) = Count::new();
        let (write, write_waker) = Count::new();
        let (mut reader, mut writer) = (&ours, &ours);
        let mut buffer = [0; 8];
        let mut reading = pin!(reader.read(&mut buffer));
        let mut writing = pin!(writer.write(b"more"));
        assert!(poll_with(reading.as_mut(), &read_waker).is_pending());
        assert!(poll_with(writing.as_mut(), &write_waker).is_pending());
        sockopt::set_socket_linger(&theirs, Some(Duration::ZERO)).unwrap();
        drop(theirs);
        until("both are woken", || read.wakes() > 0 && write.wakes() > 0).await;
        // One gets the reset, the other an error or an end: neither waits.
        let read = reading.await;
        let write = writing.await;
        assert!(write.is_err(), "{write:?}");
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    });
}

/// Hard case 18: when a pipe's reader goes, the task that waits to write is woken.
#[test]
fn a_pipe_without_reader_wakes_its_writer() {
    run(|| async {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut writer = Async::new(writer).unwrap();
        while future::poll_once(writer.write(&[0; 65536])).await.is_some() {}
        let closing = async {
            settle().await;
            drop(reader);
        };
        let (outcome, ()) = future::zip(writer.write(b"more"), closing).await;
        assert_eq!(outcome.unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    });
}

/// Hard case 7: clearing readiness never loses a newer event, while small pieces arrive as the reader reads.
#[test]
fn small_pieces_that_race_the_reader_all_arrive() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        theirs.set_nodelay(true).unwrap();
        let writer = std::thread::spawn(move || {
            for number in 0..20_000_u32 {
                theirs.write_all(&number.to_le_bytes()).unwrap();
                if number % 64 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut buffer = [0; 4];
        for number in 0..20_000_u32 {
            ours.read_exact(&mut buffer).await.unwrap();
            assert_eq!(u32::from_le_bytes(buffer), number);
        }
        assert_eq!(ours.read(&mut buffer).await.unwrap(), 0);
        writer.join().unwrap();
    });
}

/// Hard case 7: the same for a writer that fills the buffer repeatedly.
#[test]
fn a_writer_that_outruns_its_reader_is_woken_each_time() {
    run(|| async {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut ours = UnixStream::try_from(ours).unwrap();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 3001];
            let mut total = 0;
            loop {
                match theirs.read(&mut buffer).unwrap() {
                    0 => return total,
                    count => total += count,
                }
            }
        });
        for _ in 0..200 {
            ours.write_all(&[1; 50_000]).await.unwrap();
        }
        ours.close().await.unwrap();
        assert_eq!(reader.join().unwrap(), 200 * 50_000);
    });
}

/// Hard case 19: a reused descriptor and a reused key get no event of their predecessor.
#[test]
fn a_reused_descriptor_gets_no_event_of_its_predecessor() {
    run(|| async {
        let mut reused = 0;
        for _ in 0..200 {
            let (old, mut old_peer) = std::os::unix::net::UnixStream::pair().unwrap();
            let old = Async::new(old).unwrap();
            assert!(future::poll_once(old.readable()).await.is_none());
            let number = std::os::fd::AsRawFd::as_raw_fd(old.get_ref());
            old_peer.write_all(b"for the old one").unwrap();
            drop(old);
            let (new, _new_peer) = std::os::unix::net::UnixStream::pair().unwrap();
            reused += usize::from(std::os::fd::AsRawFd::as_raw_fd(&new) == number);
            let new = Async::new(new).unwrap();
            let (count, waker) = Count::new();
            let mut readable = pin!(new.readable());
            assert!(poll_with(readable.as_mut(), &waker).is_pending());
            reactor::time::sleep(Duration::ZERO).await;
            settle().await;
            assert_eq!(count.wakes(), 0, "an event of another socket");
        }
        assert!(reused > 0, "no descriptor was reused");
    });
}

/// The socket's own shutdown ends its waiting read.
#[test]
fn a_shutdown_ends_the_waiting_read_of_a_clone() {
    run(|| async {
        let (ours, _theirs) = connection();
        let mut clone: TcpStream = ours.clone();
        let shutting = async {
            settle().await;
            ours.shutdown(Shutdown::Both).unwrap();
        };
        let mut buffer = [0; 8];
        let (read, ()) = future::zip(clone.read(&mut buffer), shutting).await;
        assert_eq!(read.unwrap(), 0);
    });
}

/// A dropped read has taken nothing.
#[test]
fn a_cancelled_read_loses_nothing() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        let writer = std::thread::spawn(move || {
            for byte in 0..200_u8 {
                theirs.write_all(&[byte]).unwrap();
                std::thread::yield_now();
            }
        });
        let mut next = 0;
        let mut buffer = [0; 8];
        while next < 200 {
            let read = timeout(Duration::from_micros(200), ours.read(&mut buffer)).await;
            for &byte in read.map_or(&[][..], |count| &buffer[..count.unwrap()]) {
                assert_eq!(byte, next);
                next += 1;
            }
        }
        writer.join().unwrap();
    });
}
