//! Hard case 5: a thread in a long poll stops no other task's timers and sockets, even if it has just driven the
//! reactor.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use executor::pool::Pool;
use executor::task::{block_on, spawn_local};
use futures_lite::io::{AsyncReadExt, AsyncWriteExt};
use reactor::net::TcpListener;
use reactor::time::sleep;

use crate::alone;
use crate::support::{DEADLINE, ends};

const SHORT: Duration = Duration::from_millis(1);

/// Blocks its thread until `ran` reports that the others went on.
async fn blocks(ran: mpsc::Receiver<()>) -> bool {
    // The reactor woke this task: its thread drove, and polls it right afterwards.
    sleep(SHORT).await;
    ran.recv_timeout(DEADLINE / 2).is_ok()
}

#[test]
fn a_timer_fires_beside_a_worker_that_blocks() {
    let _alone = alone();
    let pool = Pool::new(2).unwrap();
    for _ in 0..20 {
        let (report, ran) = mpsc::channel();
        let blocked = pool.spawn(blocks(ran));
        drop(pool.spawn(async move {
            for _ in 0..5 {
                sleep(SHORT).await;
            }
            report.send(()).unwrap();
        }));
        assert!(block_on(blocked));
    }
}

#[test]
fn a_socket_is_read_beside_a_worker_that_blocks() {
    let _alone = alone();
    ends(|| {
        let pool = Pool::new(2).unwrap();
        let listener = block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let echo = pool.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut byte = [0];
                while stream.read(&mut byte).await.unwrap() == 1 {
                    stream.write_all(&byte).await.unwrap();
                }
            }
        });
        for _ in 0..5 {
            let (report, ran) = mpsc::channel();
            let blocked = pool.spawn(blocks(ran));
            let client = thread::spawn(move || {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                for n in 0..20 {
                    let mut byte = [n];
                    stream.write_all(&byte).unwrap();
                    stream.read_exact(&mut byte).unwrap();
                    assert_eq!(byte, [n]);
                }
                report.send(()).unwrap();
            });
            assert!(block_on(blocked));
            client.join().unwrap();
        }
        let _: Option<()> = block_on(echo.cancel());
    });
}

/// The pool's only worker blocks; a thread in `block_on` goes on by itself.
#[test]
fn a_block_on_goes_on_beside_a_pool_that_blocks() {
    let _alone = alone();
    ends(|| {
        let pool = Pool::new(1).unwrap();
        for _ in 0..5 {
            let (report, ran) = mpsc::channel();
            let blocked = pool.spawn(blocks(ran));
            block_on(async {
                for _ in 0..10 {
                    sleep(SHORT).await;
                }
            });
            report.send(()).unwrap();
            assert!(block_on(blocked));
        }
    });
}

/// The reverse: a `block_on` blocks, without and with a second one beside it.
#[test]
fn others_go_on_beside_a_block_on_that_blocks() {
    let _alone = alone();
    ends(|| {
        for _ in 0..5 {
            let (report, ran) = mpsc::channel();
            let blocked = thread::spawn(move || block_on(spawn_local(blocks(ran))));
            block_on(async {
                for _ in 0..10 {
                    sleep(SHORT).await;
                }
            });
            report.send(()).unwrap();
            assert!(blocked.join().unwrap());
        }
        let pool = Arc::new(Pool::new(1).unwrap());
        for _ in 0..5 {
            let (report, ran) = mpsc::channel();
            drop(pool.spawn(async move {
                for _ in 0..5 {
                    sleep(SHORT).await;
                }
                report.send(()).unwrap();
            }));
            assert!(block_on(blocks(ran)));
        }
    });
}
