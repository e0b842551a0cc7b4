//! Legal but less obvious uses: futures in structs, guards across an await on the pool, errors through `?`,
//! generic functions over the traits, and the tools of other futures crates.

use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::sync::{Mutex, MutexGuard, broadcast, mpsc, oneshot};
use executor::task::{self, Builder, JoinHandle, TaskId};
use futures_lite::{FutureExt, Stream, StreamExt, future};
use reactor::Async;
use reactor::io::prelude::*;
use reactor::io::{BufReader, BufWriter, Stdin, copy, split};
use reactor::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use reactor::signal::Signals;
use reactor::time::{Elapsed, Interval, Sleep, interval, sleep, timeout};

type Anything = Box<dyn Error + Send + Sync + 'static>;

const LONG: Duration = Duration::from_secs(60);

/// The two ends of a connection.
async fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    Ok((near, listener.accept().await?.0))
}

#[test]
fn what_is_held_across_an_await_may_move_between_workers() -> Result<(), Anything> {
    task::block_on(async {
        let shared = Arc::new(Mutex::new(vec![0]));
        let holder = task::spawn({
            let shared = shared.clone();
            async move {
                let mut guard: MutexGuard<'_, Vec<i32>> = shared.lock().await;
                task::yield_now().await;
                guard.push(1);
                sleep(Duration::ZERO).await;
                guard.len()
            }
        });
        assert_eq!(holder.await, 2);

        let (news, mut reader) = broadcast::channel(4);
        let reading = task::spawn(async move {
            let first = reader.recv().await;
            (first, reader.recv().await)
        });
        news.send(Arc::new("one"))?;
        drop(news);
        assert_eq!(reading.await, (Ok(Arc::new("one")), Err(broadcast::RecvError::Closed)));

        let (sender, receiver) = mpsc::channel(1);
        let sender = Arc::new(sender);
        for number in 0..3 {
            let sender = Arc::clone(&sender);
            drop(task::spawn(async move { sender.send(number).await }));
        }
        drop(sender);
        let mut numbers: Vec<i32> = task::spawn(receiver.collect()).await;
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2]);

        let (near, far) = connection().await?;
        let read = task::spawn(async move {
            let lines = BufReader::new(far.clone()).lines();
            let lines: Vec<String> = timeout(LONG, lines.try_collect()).await??;
            (&far).write_all(lines.concat().as_bytes()).await?;
            far.shutdown(Shutdown::Write)?;
            io::Result::Ok(lines.len())
        });
        let mut reply = String::new();
        let mut near = BufWriter::new(near);
        near.write_all(b"a\nb\nc").await?;
        near.close().await?;
        near.get_mut().read_to_string(&mut reply).await?;
        assert_eq!((read.await?, reply.as_str()), (3, "abc"));
        Ok(())
    })
}

/// Futures and handles that a program keeps in its own structs.
struct Kept {
    pause: Sleep,
    ticks: Interval,
    worker: JoinHandle<u8>,
    step: Pin<Box<dyn Future<Output = Result<u8, Elapsed>> + Send>>,
    numbers: Box<dyn Stream<Item = u8> + Send + Unpin>,
}

#[test]
fn futures_are_kept_in_structs() {
    let (sender, numbers) = mpsc::channel(2);
    let mut kept = Kept {
        pause: sleep(Duration::MAX),
        ticks: interval(LONG),
        worker: task::spawn(async { 1 }),
        step: Box::pin(timeout(LONG, async { 2 })),
        numbers: Box::new(numbers),
    };
    task::block_on(task::spawn(async move {
        sender.send(3).await.unwrap();
        drop(sender);
        kept.pause.reset(Instant::now());
        (&mut kept.pause).await;
        kept.ticks.next().await.unwrap();
        let sum = (&mut kept.worker).await + kept.step.await.unwrap();
        assert_eq!((sum, kept.numbers.next().await, kept.numbers.next().await), (3, Some(3), None));
        assert!(kept.worker.is_finished());
    }));
}

#[test]
fn futures_move_although_what_they_carry_must_not() {
    fn moves<T: Unpin>(_: T) {}
    let (sender, receiver) = oneshot::channel::<PhantomPinned>();
    let (many, stream) = mpsc::channel::<PhantomPinned>(1);
    moves(many.send(PhantomPinned));
    moves((sender, receiver, stream));
    moves(task::yield_now());
    moves(task::spawn(async {}).try_join());
    moves(task::spawn(async {}).cancel());
    moves(chat::receive_as_json::<_, chat::FromClient>(&b""[..]));
}

#[test]
fn errors_go_through_the_question_mark() {
    async fn all() -> Result<(), Anything> {
        let (sender, mut receiver) = mpsc::channel(1);
        sender.send(1).await?;
        receiver.try_recv()?;
        sender.try_send(2)?;
        let (sender, receiver) = oneshot::channel();
        sender.send(3).map_err(|value| format!("{value} came back"))?;
        receiver.await?;
        let (sender, mut receiver) = broadcast::channel(1);
        sender.send(4)?;
        receiver.try_recv()?;
        sender.send(5)?;
        receiver.recv().await?;
        timeout(LONG, async {}).await?;
        Err(Box::new(receiver.try_recv().expect_err("nothing more was sent")))
    }
    async fn joined(handle: JoinHandle<()>) -> Result<(), Box<dyn Error>> {
        handle.abort();
        Ok(handle.try_join().await?)
    }
    async fn late() -> io::Result<()> {
        Ok(timeout(Duration::ZERO, future::pending()).await?)
    }
    task::block_on(async {
        assert!(all().await.unwrap_err().is::<broadcast::TryRecvError>());
        let cancelled = joined(task::spawn(future::pending())).await.unwrap_err();
        assert_eq!(cancelled.to_string(), "the task was cancelled, or could not be started");
        assert_eq!(late().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    });
}

#[test]
fn generic_functions_take_our_streams() -> io::Result<()> {
    async fn echo<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> io::Result<u64> {
        let (reader, mut writer) = split(stream);
        copy(reader, &mut writer).await
    }
    async fn echo_by_reference(stream: &TcpStream) -> io::Result<u64> {
        copy(stream, &mut &*stream).await
    }
    async fn say(stream: &mut (dyn AsyncWrite + Send + Unpin), what: &str) -> io::Result<()> {
        stream.write_all(what.as_bytes()).await?;
        stream.close().await
    }
    task::block_on(async {
        let (mut near, far) = connection().await?;
        say(&mut near, "tcp").await?;
        assert_eq!(task::spawn(echo(far)).await?, 3);
        let (mut near, far) = connection().await?;
        say(&mut near, "by reference").await?;
        assert_eq!(task::spawn(async move { echo_by_reference(&far).await }).await?, 12);
        let (mut near, far) = UnixStream::pair()?;
        say(&mut near, "unix").await?;
        assert_eq!(task::spawn(echo(far)).await?, 4);
        let (near, far) = std::os::unix::net::UnixStream::pair()?;
        let (mut near, far) = (Async::new(near)?, Async::new(far)?);
        say(&mut near, "any").await?;
        drop(near);
        assert_eq!(task::spawn(async move { copy(&far, Vec::new()).await }).await?, 3);
        Ok(())
    })
}

#[test]
fn clones_are_raced_against_each_other_and_against_time() -> io::Result<()> {
    task::block_on(async {
        let (mut near, far) = connection().await?;
        let (mut one, other) = (far.clone(), far);
        let (mut into_one, mut into_other) = ([0; 1], [0; 1]);
        let race = one.read(&mut into_one).or(async { (&other).read(&mut into_other).await });
        let race = race.or(async {
            sleep(LONG).await;
            Err(io::ErrorKind::TimedOut.into())
        });
        near.write_all(b"!").await?;
        assert_eq!(race.await?, 1);
        let mut first = interval(Duration::from_millis(1)).take(2);
        assert!(first.next().await < first.next().await);
        let never = timeout(Duration::from_millis(1), other.peek(&mut into_other)).await;
        assert!(never.is_err());
        Ok(())
    })
}

#[test]
fn blocks_and_tasks_borrow_and_hold_what_they_may() {
    let text = String::from("borrowed");
    let length = task::block_on(async { text.len() });
    let local = Rc::new(length);
    let task = task::spawn_local({
        let local = Rc::clone(&local);
        async move {
            let inner = task::spawn_local(async move { Rc::try_unwrap(local).err() });
            inner.await.map(|shared| *shared)
        }
    });
    assert_eq!(task::block_on(task), Some(8));
    let pool = Arc::new(Pool::new(1).unwrap());
    let inside = Arc::clone(&pool);
    let handle = pool.spawn(async move { inside.spawn(async { 9 }).await });
    assert_eq!(task::block_on(handle), 9);
    let dynamic: Pin<Box<dyn Future<Output = u8> + Send>> = async { 10 }.boxed();
    assert_eq!(task::block_on(task::spawn(dynamic)), 10);
    let by_reference = &mut task::spawn_blocking(|| task::block_on(task::spawn(async { 11 })));
    assert_eq!(task::block_on(by_reference), 11);
    static SHARED: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    let unsized_lock: &Mutex<[u8]> = &Mutex::new([1, 2]);
    task::block_on(async { SHARED.lock().await.extend(unsized_lock.lock().await.iter()) });
    assert_eq!(SHARED.try_lock().unwrap().len(), 2);
}

#[test]
fn everything_public_can_be_printed() {
    fn prints<T: Debug>() {}
    prints::<(Pool, Builder, TaskId, JoinHandle<PhantomPinned>)>();
    prints::<(Mutex<u8>, MutexGuard<'_, u8>)>();
    prints::<(oneshot::Sender<PhantomPinned>, oneshot::Receiver<PhantomPinned>)>();
    prints::<(mpsc::Sender<PhantomPinned>, mpsc::Receiver<PhantomPinned>)>();
    prints::<(broadcast::Sender<PhantomPinned>, broadcast::Receiver<PhantomPinned>)>();
    prints::<(Sleep, Interval, Elapsed, Signals, Stdin, Async<std::net::TcpStream>)>();
    prints::<(TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream)>();
    prints::<(chat::server::Server, chat::server::Handle, chat::FromClient, chat::FromServer)>();
}

#[test]
fn addresses_in_stds_other_forms() -> io::Result<()> {
    let port = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
    task::block_on(async {
        let listener = TcpListener::bind(port).await?;
        let addresses: Vec<SocketAddr> = vec![listener.local_addr()?];
        TcpStream::connect(addresses.as_slice()).await?;
        TcpStream::connect(&addresses[..]).await?;
        let name = listener.local_addr()?.to_string();
        let kept: Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>> =
            Box::pin(TcpStream::connect(name));
        task::spawn(kept).await?;
        Ok(())
    })
}
