//! Hard cases 9 and 10: timers fire beside tasks and sockets that are always ready, and a timeout
//! around such a task fires too.

use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::sync::mpsc;
use executor::task::{block_on, spawn_local, yield_now};
use futures_lite::io::{AsyncReadExt, AsyncWriteExt};
use reactor::net::TcpStream;
use reactor::time::{sleep, timeout};

use crate::support::ends;
use crate::{alone, pair};

const SHORT: Duration = Duration::from_millis(2);

async fn yields_for_ever() {
    loop {
        yield_now().await;
    }
}

/// Both ends are always ready: only the budget makes it give way.
async fn talks_to_itself_for_ever() {
    let (sender, mut receiver) = mpsc::channel(4);
    loop {
        sender.send(()).await.unwrap();
        receiver.recv().await.unwrap();
    }
}

async fn floods(mut stream: TcpStream) {
    while stream.write_all(&[0; 4096]).await.is_ok() {}
}

async fn drains(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

async fn timers_fire() {
    for _ in 0..10 {
        sleep(SHORT).await;
    }
}

/// Hard case 10, on a thread of its own and in a pool of one.
#[test]
fn a_timeout_around_what_is_always_ready_fires() {
    let _alone = alone();
    ends(|| {
        block_on(async {
            timeout(SHORT, yields_for_ever()).await.unwrap_err();
            timeout(SHORT, talks_to_itself_for_ever()).await.unwrap_err();
            let (left, right) = pair().await;
            let flood = spawn_local(floods(left));
            // Only the reader's budget interrupts the flood.
            let _ = timeout(SHORT, drains(right)).await;
            flood.cancel().await;
        });
        let pool = Pool::new(1).unwrap();
        block_on(pool.spawn(async {
            timeout(SHORT, yields_for_ever()).await.unwrap_err();
            timeout(SHORT, talks_to_itself_for_ever()).await.unwrap_err();
        }));
    });
}

/// Sleeps of zero are always ready too, and are charged to the budget.
#[test]
fn a_timeout_around_sleeps_of_no_length_fires() {
    let _alone = alone();
    ends(|| {
        block_on(async {
            let zeros = async {
                loop {
                    sleep(Duration::ZERO).await;
                }
            };
            timeout(SHORT, zeros).await.unwrap_err() as reactor::time::Elapsed;
        });
    });
}

/// Hard case 9.
#[test]
fn timers_fire_beside_a_flooding_socket_on_one_thread() {
    let _alone = alone();
    ends(|| {
        block_on(async {
            let (left, right) = pair().await;
            let flood = spawn_local(floods(left));
            let drain = spawn_local(drains(right));
            timers_fire().await;
            spawn_local(timers_fire()).await;
            flood.cancel().await;
            drain.cancel().await;
        });
    });
}

#[test]
fn timers_fire_beside_a_flooding_socket_in_a_pool_of_one() {
    let _alone = alone();
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let (left, right) = block_on(pair());
        drop(pool.spawn(floods(left)));
        drop(pool.spawn(drains(right)));
        block_on(pool.spawn(timers_fire()));
        block_on(timers_fire());
    });
}

#[test]
fn timers_and_sockets_move_beside_yield_loops() {
    let _alone = alone();
    ends(|| {
        let pool = Pool::new(2).unwrap();
        for _ in 0..4 {
            drop(pool.spawn(yields_for_ever()));
        }
        let echo = async {
            let (mut left, mut right) = pair().await;
            let mut byte = [0];
            for n in 0..20 {
                left.write_all(&[n]).await.unwrap();
                right.read_exact(&mut byte).await.unwrap();
                assert_eq!(byte, [n]);
            }
        };
        block_on(pool.spawn(timers_fire()));
        block_on(pool.spawn(echo));
        block_on(timers_fire());
    });
}

/// A busy thread polls the reactor often enough: a timer beside a yield loop fires nearly on time. The bound
/// is for a machine under load; on a quiet one the delay is far below a millisecond.
#[test]
fn a_timer_beside_a_yield_loop_is_not_late() {
    let _alone = alone();
    ends(|| {
        let noise = spawn_local(yields_for_ever());
        let best = block_on(async {
            let mut best = Duration::MAX;
            for _ in 0..20 {
                let due = Instant::now() + SHORT;
                sleep(SHORT).await;
                best = best.min(due.elapsed());
            }
            noise.cancel().await;
            best
        });
        assert!(best < Duration::from_millis(5), "late by {best:?}");
    });
}
