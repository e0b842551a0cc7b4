//! Uses every public name, and makes every call once.
#![allow(clippy::needless_borrows_for_generic_args, reason = "that references are accepted is the point")]

use std::any::Any;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use executor::cancel;
use executor::future::{Selected, join, or, select, try_join};
use executor::pool::Pool;
use executor::stream::{Stream, StreamExt};
use executor::sync::{
    AcquireError, Barrier, BarrierWaitResult, Mutex, Notified, Notify, OnceCell, OwnedMutexGuard,
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit, RwLock, RwLockReadGuard,
    RwLockWriteGuard, Semaphore, SemaphorePermit, TryAcquireError, broadcast, mpsc, oneshot, watch,
};
use executor::task::{self, Builder, JoinError, JoinHandle, TaskId};
use reactor::io::prelude::*;
use reactor::io::{BufReader, stdin};
use reactor::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket, UnixListener, UnixStream};
use reactor::signal::Signals;
use reactor::time::{Elapsed, Interval, Sleep, interval, sleep, sleep_until, timeout};
use reactor::{Async, IoSafe};

fn is_error<E: Error>() {}
fn is_shareable<T: Send + Sync>() {}
fn is_unpin<T: Unpin>(value: T) -> T {
    value
}
fn is_stream<T>(stream: impl Stream<Item = T> + Unpin) -> impl Stream<Item = T> + Unpin {
    stream
}
fn is_address(_: impl ToSocketAddrs) {}

#[test]
fn types() {
    is_error::<JoinError>();
    is_error::<Elapsed>();
    is_error::<oneshot::RecvError>();
    is_error::<mpsc::SendError<u8>>();
    is_error::<mpsc::TrySendError<u8>>();
    is_error::<mpsc::TryRecvError>();
    is_error::<broadcast::RecvError>();
    is_error::<broadcast::TryRecvError>();
    is_error::<broadcast::SendError<u8>>();
    is_error::<watch::RecvError>();
    is_error::<watch::SendError<u8>>();
    is_error::<AcquireError>();
    is_error::<TryAcquireError>();
    is_shareable::<JoinHandle<u8>>();
    is_shareable::<Pool>();
    is_shareable::<TcpStream>();
    is_shareable::<UnixStream>();
    is_shareable::<UdpSocket>();
    is_shareable::<Sleep>();
    let _: fn(Elapsed) -> io::Error = io::Error::from;
    let _: Option<(mpsc::TryRecvError, mpsc::TryRecvError)> =
        Some((mpsc::TryRecvError::Empty, mpsc::TryRecvError::Disconnected));
}

#[test]
fn addresses() {
    let list: &[SocketAddr] = &["127.0.0.1:1".parse().unwrap()];
    is_address("127.0.0.1:1");
    is_address(String::from("127.0.0.1:1"));
    is_address(&String::from("127.0.0.1:1"));
    is_address(("127.0.0.1", 1));
    is_address((String::from("127.0.0.1"), 1));
    is_address((IpAddr::from([127, 0, 0, 1]), 1));
    is_address((Ipv4Addr::LOCALHOST, 1));
    is_address((Ipv6Addr::LOCALHOST, 1));
    is_address(list[0]);
    is_address(&list[0]);
    is_address(list);
    is_address(&("127.0.0.1", 1));
}

#[test]
fn tasks() {
    task::block_on(async {
        assert_eq!(task::spawn(async { 1 }).await, 1);
        assert_eq!(task::spawn_local(async { 2 }).await, 2);
        assert_eq!(task::spawn_blocking(|| 3).await, 3);
        task::yield_now().await;
        let named = Builder::new().name("seven").spawn(async { 7 });
        let id: TaskId = named.id();
        assert_eq!((named.name(), id == named.id()), (Some("seven"), true));
        assert_eq!(named.try_join().await.unwrap(), 7);
        let local = Builder::new().name("local").spawn_local(std::future::pending::<u8>());
        local.abort();
        assert!(matches!(local.try_join().await, Err(JoinError::Cancelled)));
        let blocking = Builder::new().name("blocking").spawn_blocking(|| 8);
        assert_eq!(blocking.await, 8);
        let panicking: JoinHandle<()> = task::spawn(async { std::panic::resume_unwind(Box::new(9_u8)) });
        let Err(JoinError::Panicked(payload)) = panicking.try_join().await else { panic!() };
        let payload: Box<dyn Any + Send> = payload;
        assert_eq!(payload.downcast_ref(), Some(&9_u8));
        assert_eq!(task::spawn(std::future::pending::<u8>()).cancel().await, None);
        let done = task::spawn(async { 10 });
        while !done.is_finished() {
            task::yield_now().await;
        }
        assert_eq!(done.cancel().await, Some(10));
    });
    assert_eq!(task::current(), None);
    let pool = Pool::new(1).unwrap();
    assert_eq!(task::block_on(pool.spawn(async { 11 })), 11);
    let _ = (executor::metrics().spawned, executor::metrics().alive, reactor::metrics().turns);
}

#[test]
fn several_futures() {
    task::block_on(async {
        assert_eq!(join((async { 1 }, async { 'a' })).await, (1, 'a'));
        assert_eq!(try_join((async { Ok(1) }, async { Err::<u8, _>("no") })).await, Err::<(u8, u8), _>("no"));
        let mut kept = std::pin::pin!(std::future::pending::<u8>());
        match select((kept.as_mut(), async { 'b' }, std::future::pending::<String>())).await {
            Selected::First(1) | Selected::Third(_) => panic!("they are never ready"),
            Selected::First(_) => unreachable!(),
            Selected::Second(letter) => assert_eq!(letter, 'b'),
        }
        assert_eq!(or(async { 1 }, async { 2 }).await, 1);
        let waits = cancel::at_each_await(
            async || 1,
            async |number| {
                task::yield_now().await;
                *number += 1;
            },
            async |number, output| assert_eq!(number == 2, output.is_some()),
        );
        assert_eq!(waits.await, 1);
        assert_eq!(executor::stream::iter([1, 2]).map(|n| 2 * n).collect::<Vec<_>>().await, [2, 4]);
    });
}

#[test]
fn channels() {
    task::block_on(async {
        let mut mutex = Mutex::new(1);
        *mutex.lock().await += 1;
        assert!(mutex.try_lock().is_some());
        *mutex.get_mut() += 1;
        assert_eq!(mutex.into_inner(), 3);

        let (sender, receiver) = oneshot::channel();
        assert_eq!(sender.send(4), Ok(()));
        assert_eq!(receiver.await, Ok(4));

        let (sender, mut receiver) = mpsc::channel(1);
        sender.clone().send(5).await.unwrap();
        assert!(matches!(sender.try_send(6), Err(mpsc::TrySendError::Full(6))));
        assert_eq!(receiver.recv().await, Some(5));
        assert!(matches!(receiver.try_recv(), Err(mpsc::TryRecvError::Empty)));
        drop(sender);
        assert_eq!(receiver.next().await, None);

        let (sender, mut receiver) = broadcast::channel(2);
        let late = sender.subscribe();
        assert_eq!(sender.receiver_count(), 2);
        drop(late);
        for value in 0..4 {
            assert_eq!(sender.send(value).unwrap(), 1);
        }
        assert!(matches!(receiver.recv().await, Err(broadcast::RecvError::Lagged(2))));
        assert_eq!(receiver.try_recv().unwrap(), 2);
        drop(sender);
        assert_eq!(receiver.recv().await.unwrap(), 3);
        assert!(matches!(receiver.recv().await, Err(broadcast::RecvError::Closed)));
    });
}

#[test]
fn locks_and_notices() {
    task::block_on(async {
        let mutex = Arc::new(Mutex::new(1));
        let guard: OwnedMutexGuard<i32> = mutex.clone().lock_owned().await;
        assert!(mutex.clone().try_lock_owned().is_none());
        drop(guard);

        let semaphore = Arc::new(Semaphore::new(4));
        assert!(semaphore.available_permits() < Semaphore::MAX_PERMITS);
        let one: SemaphorePermit<'_> = is_unpin(semaphore.acquire()).await.unwrap();
        let two = is_unpin(semaphore.acquire_many(2)).await.unwrap();
        let last: OwnedSemaphorePermit = semaphore.clone().acquire_owned().await.unwrap();
        assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
        drop((one, two));
        last.forget();
        semaphore.add_permits(1);
        drop(semaphore.clone().acquire_many_owned(4).await);
        drop((semaphore.try_acquire_many(2), semaphore.clone().try_acquire_owned()));
        drop(semaphore.clone().try_acquire_many_owned(4));
        semaphore.close();
        assert!(semaphore.is_closed());
        assert_eq!(semaphore.acquire().await.unwrap_err(), AcquireError);

        let lock = Arc::new(RwLock::new(1));
        let reading: RwLockReadGuard<'_, i32> = lock.read().await;
        assert!(lock.try_read().is_some() && lock.try_write().is_none());
        drop(reading);
        let writing: RwLockWriteGuard<'_, i32> = lock.write().await;
        drop(RwLockWriteGuard::downgrade(writing));
        drop::<OwnedRwLockReadGuard<i32>>(lock.clone().read_owned().await);
        drop::<OwnedRwLockWriteGuard<i32>>(lock.clone().write_owned().await);
        let mut lock = Arc::into_inner(lock).unwrap();
        *lock.get_mut() += 1;
        assert_eq!(
            (lock.into_inner(), RwLock::from(7).into_inner(), RwLock::default().into_inner()),
            (2, 7, 0)
        );

        let notify = Notify::default();
        let notified: Notified<'_> = is_unpin(notify.notified());
        notify.notify_waiters();
        notified.await;
        notify.notify_one();
        notify.notified().await;

        let met: BarrierWaitResult = is_unpin(Barrier::new(1).wait()).await;
        assert!(met.is_leader());

        let cell = OnceCell::default();
        assert_eq!(cell.get_or_try_init(|| async { Err::<i32, _>("no") }).await, Err("no"));
        assert_eq!(cell.get_or_init(|| async { 1 }).await, &1);
        assert_eq!((cell.set(2), cell.get()), (Err(2), Some(&1)));
        assert_eq!(cell.into_inner(), Some(1));
    });
}

#[test]
fn watched_values() {
    task::block_on(async {
        let (sender, mut receiver) = watch::channel(1);
        assert_eq!((sender.send(2), sender.send_replace(3)), (Ok(()), 2));
        sender.send_modify(|value| *value += 1);
        assert!(!sender.send_if_modified(|_| false));
        assert_eq!((receiver.has_changed(), receiver.changed().await), (Ok(true), Ok(())));
        assert_eq!(*sender.borrow(), *receiver.borrow());
        assert_eq!(*receiver.borrow_and_update(), 4);
        assert_eq!(*receiver.wait_for(|value| *value == 4).await.unwrap(), 4);
        drop((sender.subscribe(), sender.clone(), receiver.clone()));
        assert_eq!((sender.receiver_count(), sender.is_closed()), (1, false));
        drop(receiver);
        sender.closed().await;
        assert_eq!(sender.send(5), Err(watch::SendError(5)));
        let mut receiver = sender.subscribe();
        drop(sender);
        assert_eq!(receiver.changed().await, Err(watch::RecvError));
    });
}

#[test]
fn sockets_and_time() -> io::Result<()> {
    task::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut near = TcpStream::connect(listener.local_addr()?).await?;
        let mut incoming = is_stream(is_unpin(listener.incoming()));
        let far = incoming.next().await.expect("`incoming` never ends")?;
        near.set_nodelay(true)?;
        assert!(near.nodelay()?);
        near.set_keepalive(Some(Duration::from_secs(60)))?;
        assert_eq!(near.keepalive()?, Some(Duration::from_secs(60)));
        near.write_all(b"line\n").await?;
        assert_eq!(far.peek(&mut [0; 2]).await?, 2);
        near.shutdown(Shutdown::Write)?;
        let lines: Vec<String> = BufReader::new(far.clone()).lines().try_collect().await?;
        assert_eq!(lines, ["line"]);
        (&far).write_all(b"!").await?;
        let _ = (far.as_fd(), far.peer_addr()?);

        let udp = UdpSocket::bind(("127.0.0.1", 0)).await?;
        udp.send_to(b"x", udp.local_addr()?).await?;
        assert_eq!(udp.clone().recv_from(&mut [0; 4]).await?.0, 1);
        udp.connect(udp.local_addr()?).await?;
        udp.send(b"xy").await?;
        assert_eq!(udp.recv(&mut [0; 4]).await?, 2);

        let path = std::env::temp_dir().join(format!("unrolled-contract-{}", std::process::id()));
        let unix = UnixListener::bind(&path).await?;
        let connected = UnixStream::connect(&path).await;
        std::fs::remove_file(&path)?;
        let _ = (connected?, unix.accept().await?, is_unpin(unix.incoming()));
        let (one, other) = UnixStream::pair()?;
        (&one).write_all(b"z").await?;
        other.shutdown(Shutdown::Both)?;

        let readable: Async<io::PipeReader> = Async::new(io::pipe()?.0)?;
        readable.readable().await?;
        let _: io::PipeReader = readable.into_inner()?;
        fn marked<T: IoSafe>() {}
        marked::<std::net::TcpStream>();

        sleep(Duration::from_millis(1)).await;
        sleep_until(Instant::now()).await;
        let mut reset = sleep(Duration::MAX);
        reset.reset(Instant::now());
        reset.await;
        assert_eq!(timeout(Duration::from_secs(30), async { 1 }).await, Ok(1));
        let mut ticks: Interval = interval(Duration::from_millis(1));
        let first: Instant = ticks.tick().await;
        assert_eq!(ticks.next().await, Some(first + Duration::from_millis(1)));

        let signals = Signals::new(&[10])?; // SIGUSR1
        drop(is_stream(signals));
        fn reads(_: impl AsyncRead) {}
        use reactor::io::AsyncRead;
        reads(stdin());
        Ok(())
    })
}

#[test]
fn futures_can_be_sent() {
    fn sent<F: Future + Send>(_: F) {}
    sent(TcpStream::connect("127.0.0.1:1"));
    sent(sleep(Duration::ZERO));
    sent(join((sleep(Duration::ZERO), TcpStream::connect("127.0.0.1:1"))));
    sent(select((sleep(Duration::ZERO), std::future::pending::<u8>())));
    sent(async {
        let (sender, mut receiver) = mpsc::channel::<u8>(1);
        let _ = sender.send(1).await;
        receiver.recv().await
    });
}
