//! An operation that is always ready is charged to the budget, as a ready channel is: a loop over it gives way.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use executor::sync::mpsc;
use executor::task::{self, JoinHandle};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt, future};
use reactor::Interest;
use reactor::blocking::{Threads, unblock_on};
use reactor::io::BufReader;
use reactor::net::{ToSocketAddrs, UdpSocket, UnixDatagram, UnixStream, lookup_host};
use reactor::signal::terminate;
use reactor::time::{MissedTickBehavior, interval, sleep, timeout, timeout_at};

use crate::fairness::{at_least, turns_of_another};
use crate::support::{connection, run, until};

/// Enough to give way many times.
const MANY: usize = 5000;

/// Handles of local tasks that have finished.
async fn finished() -> Vec<JoinHandle<usize>> {
    let handles: Vec<_> = (0..MANY).map(|number| task::spawn_local(async move { number })).collect();
    until("all end", || handles.iter().all(JoinHandle::is_finished)).await;
    handles
}

#[test]
fn finished_handles_give_way() {
    run(|| async {
        let handles = finished().await;
        let awaits = turns_of_another(async {
            for (number, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.await, number);
            }
        });
        assert!(awaits.await >= at_least(MANY));
        let handles = finished().await;
        let joins = turns_of_another(async {
            for (number, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.try_join().await.unwrap(), number);
            }
        });
        assert!(joins.await >= at_least(MANY));
        let handles = finished().await;
        let cancels = turns_of_another(async {
            for (number, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.cancel().await, Some(number), "the task had finished");
            }
        });
        assert!(cancels.await >= at_least(MANY));
    });
}

/// Tasks that were cancelled, or panicked, have ended as well.
#[test]
fn handles_of_failed_tasks_give_way() {
    run(|| async {
        let handles: Vec<_> = (0..MANY).map(|_| task::spawn_local(std::future::pending::<()>())).collect();
        handles.iter().for_each(JoinHandle::abort);
        until("all end", || handles.iter().all(JoinHandle::is_finished)).await;
        let joins = turns_of_another(async {
            for handle in handles {
                assert!(handle.try_join().await.is_err());
            }
        });
        assert!(joins.await >= at_least(MANY));
    });
}

#[test]
fn blocking_calls_that_have_returned_give_way() {
    static RETURNED: AtomicUsize = AtomicUsize::new(0);
    run(|| async {
        let one_thread = Threads::new("returns", 1, Duration::from_secs(1));
        let call = || Ok(RETURNED.fetch_add(1, Ordering::SeqCst));
        let calls: Vec<_> = (0..MANY).map(|_| unblock_on(&one_thread, call)).collect();
        until("all return", || RETURNED.load(Ordering::SeqCst) == MANY).await;
        let turns = turns_of_another(async {
            for call in calls {
                call.await.unwrap();
            }
        });
        assert!(turns.await >= at_least(MANY));
    });
}

#[test]
fn addresses_that_need_no_lookup_give_way() {
    run(|| async {
        let known = turns_of_another(async {
            let addresses: [SocketAddr; 1] = ["127.0.0.1:80".parse().unwrap()];
            for _ in 0..MANY / 3 {
                assert_eq!("127.0.0.1:80".to_socket_addrs().await.unwrap().count(), 1);
                assert_eq!(lookup_host(("::1", 80)).await.unwrap().count(), 1);
                assert_eq!(addresses[..].to_socket_addrs().await.unwrap().count(), 1);
            }
        });
        assert!(known.await >= at_least(MANY));
        let wrong = turns_of_another(async {
            for _ in 0..MANY {
                "no address".to_socket_addrs().await.unwrap_err();
            }
        });
        assert!(wrong.await >= at_least(MANY));
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let nowhere = turns_of_another(async move {
            for _ in 0..MANY {
                socket.send_to(b"x", "no address").await.unwrap_err();
            }
        });
        assert!(nowhere.await >= at_least(MANY));
    });
}

#[test]
fn flush_and_close_give_way() {
    run(|| async {
        let (mut ours, _theirs) = connection();
        let tcp = turns_of_another(async move {
            for _ in 0..MANY / 2 {
                ours.flush().await.unwrap();
                ours.close().await.unwrap();
            }
        });
        assert!(tcp.await >= at_least(MANY));
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let unix = turns_of_another(async move {
            for _ in 0..MANY / 2 {
                (&ours).flush().await.unwrap();
                (&ours).close().await.unwrap();
            }
        });
        assert!(unix.await >= at_least(MANY));
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut ours = reactor::Async::new(ours).unwrap();
        let owned = turns_of_another(async move {
            for _ in 0..MANY / 3 {
                ours.flush().await.unwrap();
                ours.close().await.unwrap();
                (&ours).flush().await.unwrap();
            }
        });
        assert!(owned.await >= at_least(MANY / 3 * 3));
    });
}

/// A socket that stays ready.
#[test]
fn waits_for_what_is_ready_give_way() {
    run(|| async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        theirs.try_write(b"!").unwrap();
        let waits = turns_of_another(async move {
            for _ in 0..MANY / 4 {
                ours.readable().await.unwrap();
                ours.writable().await.unwrap();
                ours.ready(Interest::READABLE).await.unwrap();
                ours.ready(Interest::WRITABLE).await.unwrap();
            }
        });
        assert!(waits.await >= at_least(MANY));
        drop(theirs);
    });
}

/// A datagram that is sent can be received, so no operation has to wait.
#[test]
fn datagrams_that_need_no_wait_give_way() {
    run(|| async {
        let (one, other) = UnixDatagram::pair().unwrap();
        let unix = turns_of_another(async move {
            let mut buffer = [0; 8];
            for _ in 0..MANY / 4 {
                one.send(b"x").await.unwrap();
                other.recv(&mut buffer).await.unwrap();
                one.send(b"x").await.unwrap();
                other.recv_from(&mut buffer).await.unwrap();
            }
        });
        assert!(unix.await >= at_least(MANY));
        let nowhere = UnixDatagram::unbound().unwrap();
        let refused = turns_of_another(async move {
            for _ in 0..MANY {
                nowhere.send_to(b"x", "/nowhere/at/all").await.unwrap_err();
            }
        });
        assert!(refused.await >= at_least(MANY));
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.send_to(b"x", socket.local_addr().unwrap()).await.unwrap();
        let peeks = turns_of_another(async move {
            for _ in 0..MANY {
                socket.peek_from(&mut [0; 8]).await.unwrap();
            }
        });
        assert!(peeks.await >= at_least(MANY));
    });
}

/// One read brings thousands of lines.
#[test]
fn what_is_read_ahead_gives_way() {
    run(|| async {
        let text = "x\n".repeat(MANY);
        let lines = turns_of_another(async move {
            let reader = BufReader::with_capacity(text.len(), text.as_bytes());
            assert_eq!(reader.lines().count().await, MANY);
        });
        assert!(lines.await >= at_least(MANY));
        let fills = turns_of_another(async {
            let mut reader = BufReader::new(&b"x"[..]);
            for _ in 0..MANY {
                assert_eq!(reader.fill_buf().await.unwrap(), b"x");
            }
        });
        assert!(fills.await >= at_least(MANY));
        let reads = turns_of_another(async {
            let bytes = vec![0; MANY];
            let mut reader = BufReader::with_capacity(MANY, &bytes[..]);
            for _ in 0..MANY {
                reader.read_exact(&mut [0]).await.unwrap();
            }
            for _ in 0..MANY {
                assert_eq!(reader.read(&mut [0]).await.unwrap(), 0, "the end");
            }
        });
        assert!(reads.await >= at_least(2 * MANY));
    });
}

/// Futures that are ready again each time, by reference.
#[test]
fn polling_the_same_future_repeatedly_gives_way() {
    run(|| async {
        let sent = turns_of_another(async {
            let (sender, _receiver) = mpsc::channel(1);
            let mut sending = sender.send(1);
            for _ in 0..MANY {
                (&mut sending).await.unwrap();
            }
        });
        assert!(sent.await >= at_least(MANY));
        let naps = turns_of_another(async {
            let mut nap = sleep(Duration::ZERO);
            for _ in 0..MANY {
                (&mut nap).await;
            }
        });
        assert!(naps.await >= at_least(MANY));
        let late = turns_of_another(async {
            let mut ticks = interval(Duration::from_nanos(1));
            for _ in 0..MANY {
                ticks.tick().await;
            }
        });
        assert!(late.await >= at_least(MANY));
        let polled = turns_of_another(async {
            let mut ticks = interval(Duration::from_nanos(1));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            for _ in 0..MANY {
                future::poll_fn(|cx| ticks.poll_tick(cx)).await;
            }
        });
        assert!(polled.await >= at_least(MANY));
        // Each is polled once more than necessary.
        let yields = turns_of_another(async {
            for _ in 0..MANY {
                let mut turn = pin!(task::yield_now());
                assert!(future::poll_once(&mut turn).await.is_none());
                turn.await;
            }
        });
        assert!(yields.await >= at_least(MANY));
    });
}

/// An elapsed timeout is charged, even if its future waits for no operation of the runtime.
#[test]
fn elapsed_timeouts_give_way() {
    run(|| async {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let receives = turns_of_another(async move {
            for _ in 0..MANY {
                timeout(Duration::ZERO, receiver.recv()).await.unwrap_err();
            }
        });
        assert!(receives.await >= at_least(MANY));
        let nothing = turns_of_another(async {
            for _ in 0..MANY {
                timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
            }
        });
        assert!(nothing.await >= at_least(MANY));
        let past = turns_of_another(async {
            let deadline = std::time::Instant::now();
            for _ in 0..MANY {
                timeout_at(deadline, std::future::pending::<()>()).await.unwrap_err();
            }
        });
        assert!(past.await >= at_least(MANY));
    });
}

/// The signal has come each time before it is waited for.
#[test]
fn signals_that_have_come_give_way() {
    const FEW: usize = 1000;
    run(|| async {
        let signals = turns_of_another(async {
            for _ in 0..FEW {
                let terminated = terminate();
                signal_hook::low_level::raise(reactor::signal::SIGTERM).unwrap();
                terminated.await.unwrap();
            }
        });
        assert!(signals.await >= at_least(FEW));
    });
}

/// Such a loop ends only if the task that it waits for runs.
#[test]
fn a_loop_over_a_timeout_gets_what_a_neighbour_sends() {
    run(|| async {
        let (sender, mut receiver) = mpsc::channel(1);
        drop(task::spawn_local(async move { sender.send(7).await }));
        let mut received = timeout(Duration::ZERO, receiver.recv()).await;
        while received.is_err() {
            received = timeout(Duration::ZERO, receiver.recv()).await;
        }
        assert_eq!(received, Ok(Some(7)));
    });
}
