//! A waiting task uses no CPU. In a process of its own, because it counts turns of the reactor.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::Write;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use executor::task::{block_on, spawn_local};
use futures_lite::future::poll_once;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use reactor::net::TcpStream;
use reactor::time::{sleep, timeout};

/// The CPU time of the calling thread.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

#[cfg(not(target_os = "linux"))]
fn processor_time() -> Duration {
    Duration::ZERO
}

/// Hard case 30 among them: two idle readers on clones of one socket.
#[test]
fn a_waiting_task_costs_nothing() {
    const WHILE: Duration = Duration::from_millis(400);
    let polls = Rc::new(Cell::new(0_u64));
    block_on(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connect = || async {
            let near = TcpStream::connect(address).await.unwrap();
            (near, listener.accept().unwrap().0)
        };

        // Two readers of one socket, and a writer on the same socket, whose buffer is full.
        let (shared, _peer) = connect().await;
        while poll_once((&shared).write(&[0; 65536])).await.is_some() {}
        // Data that was noticed and is not read.
        let (untaken, mut talkative) = connect().await;
        talkative.write_all(b"hello").unwrap();
        assert_eq!(untaken.peek(&mut [0; 8]).await.unwrap(), 5);
        // A socket whose peer is gone, with a task that only waits to write.
        let (ended, peer) = connect().await;
        drop(peer);

        let mut tasks = Vec::new();
        for _ in 0..2 {
            let (mut clone, polls) = (shared.clone(), Rc::clone(&polls));
            tasks.push(spawn_local(async move {
                let mut buffer = [0; 1];
                let mut reading = pin!(clone.read(&mut buffer));
                poll_fn(|cx| {
                    polls.set(polls.get() + 1);
                    reading.as_mut().poll(cx).map(drop)
                })
                .await;
            }));
        }
        let mut writer = shared.clone();
        tasks.push(spawn_local(async move { drop(writer.write(b"x").await) }));
        tasks.push(spawn_local(sleep(Duration::MAX)));
        tasks.push(spawn_local(sleep(Duration::from_secs(3600))));
        for _ in 0..1000 {
            let given_up = pin!(timeout(Duration::from_millis(100), std::future::pending::<()>()));
            assert!(poll_once(given_up).await.is_none());
            assert!(poll_once(pin!(sleep(WHILE / 3))).await.is_none());
        }
        sleep(Duration::from_millis(50)).await; // The last edges have arrived.

        let (turns, used, polled) = (reactor::metrics().turns, processor_time(), polls.get());
        sleep(WHILE).await;
        let turns = reactor::metrics().turns - turns;
        assert!(turns < 20, "{turns} turns while nothing happened");
        assert_eq!(polls.get(), polled, "polls while nothing happened");
        let used = processor_time() - used;
        assert!(used < WHILE / 4, "{used:?} of {WHILE:?} burnt");
        drop((ended, untaken));
        for task in tasks {
            task.cancel().await;
        }
    });
}
