//! A task that is always ready gives way to other tasks, to timers and to sockets.

use std::cell::Cell;
use std::io::{Read, Write};
use std::rc::Rc;
use std::time::Duration;

use executor::sync::mpsc;
use executor::task;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, future};
use reactor::budget::PER_POLL;
use reactor::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use reactor::time::{interval, sleep, timeout};

use crate::support::{connection, run};

/// Runs `work`, which completes `operations` without ever having to wait, beside another task, and returns
/// how often the other task ran.
pub(crate) async fn turns_of_another(work: impl Future<Output = ()> + 'static) -> usize {
    let turns = Rc::new(Cell::new(0));
    let other = {
        let turns = Rc::clone(&turns);
        task::spawn_local(async move {
            loop {
                turns.set(turns.get() + 1);
                task::yield_now().await;
            }
        })
    };
    // Counted when the work ends, not when this task is woken.
    let work = task::spawn_local(async move {
        work.await;
        turns.get()
    });
    let turns = work.await;
    other.cancel().await;
    turns
}

pub(crate) fn at_least(operations: usize) -> usize {
    operations / PER_POLL as usize - 1
}

/// Reads are charged: a socket with much to read starves no other task.
#[test]
fn reads_give_way() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        theirs.write_all(&[0; 20_000]).unwrap();
        let turns = turns_of_another(async move {
            for _ in 0..20_000 {
                ours.read_exact(&mut [0]).await.unwrap();
            }
        });
        assert!(turns.await >= at_least(20_000));
    });
}

/// Writes are charged too.
#[test]
fn writes_give_way() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).unwrap();
            all.len()
        });
        let turns = turns_of_another(async move {
            for _ in 0..20_000 {
                ours.write_all(&[0]).await.unwrap();
            }
        });
        assert!(turns.await >= at_least(20_000));
        assert_eq!(reader.join().unwrap(), 20_000);
    });
}

/// `sleep(ZERO)`, peeks and `readable()` are charged.
#[test]
fn what_takes_nothing_gives_way() {
    run(|| async {
        let zero = turns_of_another(async {
            for _ in 0..5000 {
                sleep(Duration::ZERO).await;
            }
        });
        assert!(zero.await >= at_least(5000));
        let (ours, mut theirs) = connection();
        theirs.write_all(b"x").unwrap();
        let peeks = turns_of_another(async move {
            for _ in 0..5000 {
                assert_eq!(ours.peek(&mut [0]).await.unwrap(), 1);
            }
        });
        assert!(peeks.await >= at_least(5000));
    });
}

/// The end of a stream is charged too, but `fill_buf` gets it however much of the budget is left: it asks
/// twice, and panics if the second result differs.
#[test]
fn an_end_that_takes_the_last_of_the_budget_is_an_end() {
    run(|| async {
        let (ours, theirs) = connection();
        drop(theirs);
        let mut ours = reactor::io::BufReader::new(ours);
        for spent in 0..2 * PER_POLL {
            task::yield_now().await;
            for _ in 0..spent {
                sleep(Duration::ZERO).await;
            }
            assert_eq!(ours.fill_buf().await.unwrap(), []);
        }
    });
}

/// Accepting is charged.
#[test]
fn accepting_gives_way() {
    run(|| async {
        const CLIENTS: usize = 300;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(TcpStream::connect(address).await.unwrap());
        }
        let turns = turns_of_another(async move {
            for _ in 0..CLIENTS {
                listener.accept().await.unwrap();
            }
        });
        assert!(turns.await >= at_least(CLIENTS));
    });
}

/// Hard case 9: a flooding socket, and loops that are always ready, starve neither timers nor a quiet
/// socket.
#[test]
fn a_flood_starves_neither_timers_nor_sockets() {
    run(|| async {
        let (mut flooded, mut flooding) = connection();
        let flood = std::thread::spawn(move || while flooding.write_all(&[0; 65536]).is_ok() {});
        let drain = task::spawn_local(async move {
            let mut buffer = [0; 64];
            while flooded.read(&mut buffer).await.unwrap() > 0 {}
        });
        let spin = task::spawn_local(async {
            loop {
                sleep(Duration::ZERO).await;
            }
        });
        let (mut quiet, mut peer) = connection();
        for _ in 0..10 {
            sleep(Duration::from_millis(1)).await;
            peer.write_all(b"x").unwrap();
            assert_eq!(quiet.read(&mut [0; 8]).await.unwrap(), 1);
        }
        drain.cancel().await;
        spin.cancel().await;
        flood.join().unwrap();
    });
}

/// Hard cases 9 and 10: a timeout around the flood itself fires.
#[test]
fn a_timeout_around_a_flood() {
    run(|| async {
        let (mut flooded, mut flooding) = connection();
        let flood = std::thread::spawn(move || while flooding.write_all(&[0; 65536]).is_ok() {});
        let drain = async {
            let mut buffer = [0; 16];
            while flooded.read(&mut buffer).await.unwrap() > 0 {}
        };
        assert!(timeout(Duration::from_millis(20), drain).await.is_err());
        drop(flooded);
        flood.join().unwrap();
    });
}

/// A future that spends the whole budget of every poll does not block those that are polled after it in the
/// same task.
#[test]
fn a_future_that_shares_a_task_with_a_flood_makes_progress() {
    async fn flood<T>() -> T {
        loop {
            sleep(Duration::ZERO).await;
        }
    }
    run(|| async {
        future::or(flood(), sleep(Duration::from_millis(1))).await;
        let mut ticks = interval(Duration::from_millis(1));
        let two_ticks = async { (ticks.tick().await, ticks.tick().await) };
        future::or(flood(), two_ticks).await;
        let (mut ours, mut theirs) = connection();
        theirs.write_all(&[0; 300]).unwrap();
        let read = async { ours.read_exact(&mut [0; 300]).await.unwrap() };
        future::or(flood(), read).await;
        let (sender, mut receiver) = mpsc::channel(1);
        let talk = future::zip(sender.send(1), receiver.recv());
        assert_eq!(future::or(flood(), talk).await, (Ok(()), Some(1)));
        // As in a proxy: both directions, and a time limit.
        future::or(flood(), future::or(flood(), sleep(Duration::from_millis(1)))).await;
        future::or(flood(), future::or(flood(), future::or(flood(), ticks.tick()))).await;
    });
}

/// A task that repeatedly tries to create a socket gives way, although no attempt has to wait.
#[test]
fn failing_connects_and_binds_give_way() {
    async fn again<T>(mut attempt: impl AsyncFnMut() -> std::io::Result<T>) {
        while attempt().await.is_err() {}
    }
    run(|| async {
        let soon = Duration::from_millis(5);
        let nowhere = "/nonexistent/socket";
        assert!(timeout(soon, again(async || UnixStream::connect(nowhere).await)).await.is_err());
        assert!(timeout(soon, again(async || UnixListener::bind(nowhere).await)).await.is_err());
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        assert!(timeout(soon, again(async || TcpListener::bind(address).await)).await.is_err());
        assert!(timeout(soon, again(async || TcpStream::connect("no address").await)).await.is_err());
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let connects = async {
            loop {
                socket.connect(address).await.unwrap();
            }
        };
        assert!(timeout(soon, connects).await.is_err());
    });
}

/// An executor inside one of the runtime's polls does not renew the budget: its tasks go on all the same.
#[test]
fn another_executor_inside_a_poll_makes_progress() {
    run(|| async {
        let (mut ours, mut theirs) = connection();
        theirs.write_all(&[0; 1000]).unwrap();
        future::block_on(async {
            for _ in 0..1000 {
                ours.read_exact(&mut [0]).await.unwrap();
            }
        });
    });
}

/// Outside the runtime's own polls there is no budget, because nothing would renew it.
#[test]
fn another_executor_has_no_budget() {
    let (mut ours, mut theirs) = connection();
    theirs.write_all(&[0; 1000]).unwrap();
    futures_lite::future::block_on(async {
        for _ in 0..1000 {
            ours.read_exact(&mut [0]).await.unwrap();
        }
    });
}
