//! Timers, sockets, and the operations on streams of bytes, dropped at each of their awaits. What the book's chapter
//! "Cancelled" says of an operation holds at each of these moments.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, Read, Write};
use std::net;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use executor::cancel;
use executor::stream::StreamExt;
use executor::task::{JoinHandle, block_on, spawn_local, yield_now};
use reactor::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter, copy,
};
use reactor::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream, lookup_host};
use reactor::time::{interval, sleep, timeout};
use reactor::{Async, Interest};

use crate::support::{connection, must_end, until, within};

/// Runs an operation on a thread of its own, dropped at each of its awaits. It must have waited at least once.
fn each<S, T>(
    begin: impl AsyncFnMut() -> S + Send + 'static,
    run: impl AsyncFnMut(&mut S) -> T + Send + 'static,
    check: impl AsyncFnMut(S, Option<T>) + Send + 'static,
) {
    let waits = each_that_waits(begin, run, check);
    assert!(waits > 0, "it never waited, so that only a future that was never polled was dropped");
}

/// The same for what may be ready at once: the system was quick, or this thread was slow and the deadline has elapsed.
/// Returns how often it waited.
fn each_that_waits<S, T>(
    begin: impl AsyncFnMut() -> S + Send + 'static,
    run: impl AsyncFnMut(&mut S) -> T + Send + 'static,
    check: impl AsyncFnMut(S, Option<T>) + Send + 'static,
) -> usize {
    let (sender, receiver) = std::sync::mpsc::channel();
    must_end(move || {
        let waits = block_on(within(cancel::at_each_await(begin, run, check)));
        sender.send(waits).expect("the test waits");
    });
    receiver.recv().expect("it has ended")
}

/// Runs an operation, and returns what `check` has returned at each moment.
fn seen<S, T, V: Send + 'static>(
    begin: impl AsyncFnMut() -> S + Send + 'static,
    run: impl AsyncFnMut(&mut S) -> T + Send + 'static,
    mut check: impl AsyncFnMut(S, Option<T>) -> V + Send + 'static,
) -> Vec<V> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    each(begin, run, async move |state, output| {
        let value = check(state, output).await;
        record.lock().unwrap().push(value);
    });
    std::mem::take(&mut *seen.lock().unwrap())
}

/// Runs this on the same thread, once the present task waits.
fn soon(what: impl FnOnce() + 'static) -> JoinHandle<()> {
    spawn_local(async {
        yield_now().await;
        what();
    })
}

/// A reader of these pieces. It is pending once before each of them but the first.
struct Pieces {
    pieces: VecDeque<&'static [u8]>,
    paused: bool,
}

fn pieces<const N: usize>(pieces: [&'static str; N]) -> Pieces {
    Pieces { pieces: pieces.iter().map(|piece| piece.as_bytes()).collect(), paused: true }
}

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if !std::mem::replace(&mut self.paused, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(piece) = self.pieces.pop_front() else { return Poll::Ready(Ok(0)) };
        let (now, later) = piece.split_at(piece.len().min(into.len()));
        into[..now.len()].copy_from_slice(now);
        if later.is_empty() {
            self.paused = false;
        } else {
            self.pieces.push_front(later);
        }
        Poll::Ready(Ok(now.len()))
    }
}

/// The rest of a reader. It does not wait.
fn rest(mut reader: impl AsyncRead + Unpin) -> String {
    let mut text = String::new();
    block_on_here(reader.read_to_string(&mut text)).expect("memory can be read");
    text
}

/// Polls until it is ready, without an executor.
fn block_on_here<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()))
        {
            return output;
        }
    }
}

/// A writer that takes two bytes at a time, and is pending before each write but the first.
#[derive(Default)]
struct Slow {
    written: Vec<u8>,
    waits: bool,
}

impl AsyncWrite for Slow {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if std::mem::take(&mut self.waits) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.waits = true;
        let count = from.len().min(2);
        self.written.extend_from_slice(&from[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

// Streams of bytes.

/// The bytes are in the caller's buffer, but their number is lost with the future.
#[test]
fn a_read_exact_loses_the_number_of_its_bytes() {
    let seen = seen(
        async || (pieces(["te", "a!"]), [b'.'; 4]),
        async |(reader, buffer)| reader.read_exact(buffer).await,
        async |(reader, buffer), output| {
            (output.is_some(), String::from_utf8_lossy(&buffer).into_owned(), rest(reader))
        },
    );
    let expected =
        [(false, "....", "tea!"), (false, "te..", "a!"), (false, "te..", "a!"), (true, "tea!", "")];
    assert!(seen.iter().map(|(done, buffer, rest)| (*done, &**buffer, &**rest)).eq(expected), "{seen:?}");
}

/// A vector knows how many bytes it has: a caller that goes on with the same vector loses nothing.
#[test]
fn a_read_to_the_end_goes_on_in_the_same_vector() {
    each(
        async || (pieces(["te", "a", "!"]), Vec::new()),
        async |(reader, bytes)| reader.read_to_end(bytes).await,
        async |(mut reader, mut bytes), _| {
            reader.read_to_end(&mut bytes).await.expect("memory can be read");
            assert_eq!(bytes, b"tea!");
        },
    );
}

/// A string must be UTF-8 at each moment, so the bytes are in the future until the end.
#[test]
fn a_read_to_a_string_loses_all() {
    let seen = seen(
        async || (pieces(["te", "a!"]), String::new()),
        async |(reader, text)| reader.read_to_string(text).await,
        async |(reader, text), _| (text, rest(reader)),
    );
    let expected = [("", "tea!"), ("", "a!"), ("", "a!"), ("", ""), ("", ""), ("tea!", "")];
    assert!(seen.iter().map(|(text, rest)| (&**text, &**rest)).eq(expected), "{seen:?}");
}

#[test]
fn a_read_until_goes_on_in_the_same_vector() {
    each(
        async || (BufReader::new(pieces(["te", "a", ";milk"])), Vec::new()),
        async |(reader, bytes)| reader.read_until(b';', bytes).await,
        async |(mut reader, mut bytes), output| {
            if output.is_none() {
                reader.read_until(b';', &mut bytes).await.expect("memory can be read");
            }
            assert_eq!((bytes, rest(reader)), (b"tea;".to_vec(), "milk".to_owned()));
        },
    );
}

#[test]
fn a_read_line_loses_what_it_has_of_the_line() {
    let seen = seen(
        async || (BufReader::new(pieces(["te", "a\nmilk"])), String::new()),
        async |(reader, line)| reader.read_line(line).await,
        async |(reader, line), _| (line, rest(reader)),
    );
    let expected = [("", "tea\nmilk"), ("", "a\nmilk"), ("", "a\nmilk"), ("tea\n", "milk")];
    assert!(seen.iter().map(|(line, rest)| (&**line, &**rest)).eq(expected), "{seen:?}");
}

/// The stream has the half of a line, and not the future of `next`.
#[test]
fn lines_and_pieces_keep_the_half() {
    each(
        async || (BufReader::new(pieces(["te", "a\nmi", "lk\n"])).lines(), Vec::new()),
        async |(lines, read)| {
            while let Some(line) = lines.try_next().await.expect("memory can be read") {
                read.push(line);
            }
        },
        async |(lines, mut read), _| {
            read.extend(lines.try_collect::<_, _, Vec<String>>().await.expect("memory can be read"));
            assert_eq!(read, ["tea", "milk"]);
        },
    );
    each(
        async || (BufReader::new(pieces(["te", "a;mi", "lk;"])).split(b';'), Vec::new()),
        async |(split, read)| {
            while let Some(piece) = split.try_next().await.expect("memory can be read") {
                read.push(piece);
            }
        },
        async |(split, mut read), _| {
            read.extend(split.try_collect::<_, _, Vec<Vec<u8>>>().await.expect("memory can be read"));
            assert_eq!(read, [b"tea".to_vec(), b"milk".to_vec()]);
        },
    );
}

#[test]
fn a_read_of_a_buffer_loses_nothing() {
    each(
        async || (BufReader::new(pieces(["te", "a", "!"])), Vec::new()),
        async |(reader, read)| {
            loop {
                let there = reader.fill_buf().await.expect("memory can be read");
                let count = there.len();
                read.extend_from_slice(there);
                reader.consume(count);
                let mut byte = [0];
                // The byte is copied before the next await.
                match reader.read(&mut byte).await.expect("memory can be read") {
                    0 => break,
                    count => read.extend_from_slice(&byte[..count]),
                }
            }
        },
        async |(reader, read), _| {
            assert_eq!(String::from_utf8_lossy(&read) + &*rest(reader), "tea!");
        },
    );
}

/// How much of the text is written, only the future knows.
#[test]
fn a_write_all_loses_the_number_of_its_bytes() {
    let seen = seen(
        async || Slow::default(),
        async |writer| writer.write_all(b"tea!").await,
        async |writer, output| (output.is_some(), String::from_utf8_lossy(&writer.written).into_owned()),
    );
    let expected = [(false, ""), (false, "te"), (false, "te"), (true, "tea!")];
    assert!(seen.iter().map(|(done, written)| (*done, &**written)).eq(expected), "{seen:?}");
}

/// What is in the buffer stays there: a flush that is dropped is gone on with by the next.
#[test]
fn a_flush_and_a_close_lose_nothing() {
    each(
        async || {
            let mut writer = BufWriter::new(Slow::default());
            block_on_here(writer.write_all(b"tea, milk")).expect("it fits in the buffer");
            writer
        },
        async |writer| {
            writer.flush().await.expect("memory can be written");
            writer.write_all(b"!").await.expect("it fits in the buffer");
            writer.close().await.expect("memory can be closed");
        },
        async |mut writer, output| {
            writer.flush().await.expect("memory can be written");
            let written = &writer.get_ref().written;
            let mark = if written.ends_with(b"!") { "!" } else { "" };
            assert_eq!(String::from_utf8_lossy(written), format!("tea, milk{mark}"));
            assert!(output.is_none() || mark == "!");
        },
    );
}

/// What was read and is not written yet is in the future.
#[test]
fn a_copy_loses_its_buffer() {
    let seen = seen(
        async || (pieces(["tea, ", "milk"]), Slow::default()),
        async |(reader, writer)| copy(reader, writer).await,
        async |(reader, writer), _| (String::from_utf8_lossy(&writer.written).into_owned(), rest(reader)),
    );
    assert_eq!(seen.first(), Some(&(String::new(), "tea, milk".into())), "nothing was read");
    assert_eq!(seen.last(), Some(&("tea, milk".into(), String::new())));
    assert!(seen.contains(&("te".into(), "milk".into())), "\"a, \" is lost: {seen:?}");
}

// Sockets.

#[test]
fn a_stream_of_bytes_is_read_and_written_once() {
    each(
        async || {
            let (near, far) = UnixStream::pair().unwrap();
            let mut writer = far.clone();
            let send = spawn_local(async move {
                for piece in ["tea, ", "milk"] {
                    yield_now().await;
                    writer.write_all(piece.as_bytes()).await.unwrap();
                }
                writer.close().await.unwrap();
            });
            (near, far, Vec::new(), send)
        },
        async |(near, _far, read, _)| {
            let mut buffer = [0; 3];
            loop {
                match near.read(&mut buffer).await.unwrap() {
                    0 => break,
                    count => read.extend_from_slice(&buffer[..count]),
                }
            }
        },
        async |(mut near, _far, mut read, send), _| {
            send.await;
            near.read_to_end(&mut read).await.unwrap();
            assert_eq!(read, b"tea, milk");
        },
    );
}

/// A write that is dropped has written nothing: a caller that counts what `write` returns knows what the peer gets.
#[test]
fn a_single_write_is_counted_or_not_done() {
    each(
        async || {
            let (near, far) = UnixStream::pair().unwrap();
            let mut sent = 0;
            while let Ok(count) = near.try_write(&[7; 4096]) {
                sent += count;
            }
            let peer = far.clone();
            let room = soon(move || while peer.try_read(&mut [0; 1 << 20]).is_ok() {});
            (near, far, sent, room)
        },
        async |(near, _, sent, _)| {
            *sent += near.write(&[7; 4096]).await.unwrap();
            near.flush().await.unwrap();
            near.close().await.unwrap();
        },
        async |(near, far, sent, room), output| {
            room.await;
            near.shutdown(net::Shutdown::Write).unwrap();
            let mut left = Vec::new();
            (&far).read_to_end(&mut left).await.unwrap();
            assert_eq!(left.len(), if output.is_some() { 4096 } else { 0 }, "of {sent}");
        },
    );
}

#[test]
fn a_wait_for_readiness_takes_nothing() {
    each(
        async || {
            let (near, far) = UnixStream::pair().unwrap();
            (near, soon(move || assert_eq!(far.try_write(b"tea").unwrap(), 3)))
        },
        async |(near, _)| {
            near.readable().await.unwrap();
            near.writable().await.unwrap();
            near.ready(Interest::READABLE).await.unwrap();
        },
        async |(mut near, send), _| {
            send.await;
            let mut text = [0; 3];
            near.read_exact(&mut text).await.unwrap();
            assert_eq!(&text, b"tea");
        },
    );
}

/// The closure has run to its end, or its attempt has found nothing.
#[test]
fn an_attempt_with_a_closure_is_whole() {
    each(
        async || {
            let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
            let (near, far) = (Async::new(near).unwrap(), Async::new(far).unwrap());
            let far = Arc::new(far);
            let writer = Arc::clone(&far);
            let send = soon(move || assert_eq!((&mut writer.get_ref()).write(b"tea").unwrap(), 3));
            (near, far, Vec::new(), send)
        },
        async |(near, far, read, _)| {
            let mut buffer = [0; 8];
            let count = near.read_with(|mut stream| stream.read(&mut buffer)).await.unwrap();
            read.extend_from_slice(&buffer[..count]);
            far.write_with(|mut stream| stream.write(b"!")).await.unwrap();
        },
        async |(near, _far, mut read, send), _| {
            send.await;
            if read.is_empty() {
                let mut buffer = [0; 8];
                let count = near.read_with(|mut stream| stream.read(&mut buffer)).await.unwrap();
                read.extend_from_slice(&buffer[..count]);
            }
            assert_eq!(&read[..3], b"tea");
        },
    );
}

/// The connection waits in the system until an accept returns it.
#[test]
fn an_accept_loses_no_connection() {
    each(
        async || {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let client = soon(move || drop(net::TcpStream::connect(address).unwrap()));
            (listener, client)
        },
        async |(listener, _)| listener.accept().await.unwrap(),
        async |(listener, client), output| {
            client.await;
            if output.is_none() {
                listener.incoming().next().await.expect("it never ends").unwrap();
            }
        },
    );
    each(
        async || {
            let name = std::os::unix::net::SocketAddr::from_pathname(path("accept")).unwrap();
            let listener = UnixListener::bind_addr(&name).unwrap();
            let connect = std::os::unix::net::UnixStream::connect;
            let client = soon(move || drop(connect(path("accept")).unwrap()));
            (listener, client)
        },
        async |(listener, _)| listener.accept().await.unwrap(),
        async |(listener, client), output| {
            client.await;
            if output.is_none() {
                listener.incoming().next().await.expect("it never ends").unwrap();
            }
            std::fs::remove_file(path("accept")).unwrap();
        },
    );
}

/// A path for a socket of this process.
fn path(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("unrolled-cancelled-{}-{name}", std::process::id()))
}

/// What was begun is closed: the listener sees at most one connection that is alive.
#[test]
fn a_connect_that_is_dropped_is_closed() {
    each_that_waits(
        async || TcpListener::bind("127.0.0.1:0").await.unwrap(),
        async |listener| {
            TcpStream::connect(("localhost", listener.local_addr().unwrap().port())).await.unwrap()
        },
        async |listener, output| {
            if output.is_some() {
                // The client may know of it before the listener does.
                let (accepted, _) = listener.accept().await.unwrap();
                assert!(accepted.try_read(&mut [0]).is_err(), "the connection that was returned is closed");
            }
            while let Ok((accepted, _)) = listener.try_accept() {
                // The drop has sent the end.
                assert_eq!((&accepted).read(&mut [0]).await.unwrap_or(0), 0);
            }
        },
    );
}

/// A name is looked up on another thread. The lookup of a future that was dropped is of no consequence.
#[test]
fn a_lookup_that_is_dropped_changes_nothing() {
    let port = net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    each_that_waits(
        async || {},
        async move |()| TcpListener::bind(("localhost", port)).await.map(drop),
        async move |(), _| {
            until("the port is free", || net::TcpListener::bind(("localhost", port)).is_ok()).await;
        },
    );
    each_that_waits(
        async || UdpSocket::bind("127.0.0.1:0").await.unwrap(),
        async |socket| socket.connect("localhost:9").await,
        async |socket, output| assert!(socket.peer_addr().is_err() || matches!(output, Some(Ok(())))),
    );
    each_that_waits(
        async || {},
        async |()| lookup_host("localhost:9").await.map(Iterator::count),
        async |(), _| assert!(lookup_host("localhost:9").await.unwrap().count() > 0),
    );
}

#[test]
fn a_datagram_is_received_once() {
    each(
        async || {
            let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let address = near.local_addr().unwrap();
            let far = net::UdpSocket::bind("127.0.0.1:0").unwrap();
            (near, soon(move || assert_eq!(far.send_to(b"tea", address).unwrap(), 3)))
        },
        async |(near, _)| {
            near.peek_from(&mut [0; 8]).await.unwrap();
            near.recv_from(&mut [0; 8]).await.unwrap().0
        },
        async |(near, send), output| {
            send.await;
            if output.is_none() {
                assert_eq!(near.recv(&mut [0; 8]).await.unwrap(), 3);
            }
        },
    );
    each(
        async || {
            let (near, far) = UnixDatagram::pair().unwrap();
            (near, soon(move || assert_eq!(far.try_send(b"tea").unwrap(), 3)))
        },
        async |(near, _)| near.recv_from(&mut [0; 8]).await.unwrap().0,
        async |(near, send), output| {
            send.await;
            if output.is_none() {
                assert_eq!(near.recv(&mut [0; 8]).await.unwrap(), 3);
            }
        },
    );
}

#[test]
fn a_peek_takes_nothing() {
    each(
        async || {
            let (near, theirs) = connection();
            (near, soon(move || (&theirs).write_all(b"tea").unwrap()))
        },
        async |(near, _)| near.peek(&mut [0; 8]).await.unwrap(),
        async |(mut near, send), _| {
            send.await;
            let mut text = String::new();
            near.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "tea");
        },
    );
}

#[test]
fn a_wait_for_the_end_takes_nothing() {
    each(
        async || {
            let (near, theirs) = connection();
            let end = soon(move || {
                (&theirs).write_all(b"tea").unwrap();
                drop(theirs);
            });
            (near, end)
        },
        async |(near, _)| near.read_closed().await.unwrap(),
        async |(mut near, end), _| {
            end.await;
            let mut text = String::new();
            near.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "tea");
        },
    );
}

// Time.

/// Long enough for a thread to begin to wait, nearly always.
const MOMENT: Duration = Duration::from_millis(10);

#[test]
fn a_sleep_by_reference_keeps_its_deadline() {
    each_that_waits(
        async || sleep(MOMENT),
        async |nap| nap.await,
        async |nap, _| {
            let deadline = nap.deadline();
            nap.await;
            assert!(std::time::Instant::now() >= deadline);
        },
    );
}

#[test]
fn a_tick_comes_once() {
    each_that_waits(
        async || (interval(MOMENT), Vec::new()),
        async |(ticks, seen)| {
            for _ in 0..3 {
                seen.push(ticks.tick().await);
            }
        },
        async |(mut ticks, mut seen), _| {
            while seen.len() < 4 {
                seen.push(ticks.tick().await);
            }
            assert!(seen.windows(2).all(|pair| pair[1] - pair[0] == MOMENT), "{seen:?}");
        },
    );
}

/// The timeout's future is dropped with it, and what it has of a write is written.
#[test]
fn a_timeout_drops_its_future_with_itself() {
    let seen = seen(
        async || Slow::default(),
        async |writer| timeout(Duration::from_secs(60), writer.write_all(b"tea!")).await.is_ok(),
        async |writer, output| (output, writer.written.len()),
    );
    assert_eq!(seen, [(None, 0), (None, 2), (None, 2), (Some(true), 4)]);
}
