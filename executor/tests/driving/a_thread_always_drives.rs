//! However workers and threads in `block_on` start, wait and end, one of them drives the reactor: a timer
//! that is due fires.

use std::future::poll_fn;
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use executor::pool::Pool;
use executor::task::{block_on, spawn_blocking, spawn_local, yield_now};
use reactor::time::sleep;

use crate::support::{DEADLINE, Gate, Random, ends};
use crate::{alone, pair};

const SHORT: Duration = Duration::from_micros(200);

#[test]
fn block_on_alone() {
    let _alone = alone();
    ends(|| {
        block_on(async {
            sleep(SHORT).await;
            spawn_local(sleep(SHORT)).await;
        });
    });
}

#[test]
fn a_pool_alone() {
    let _alone = alone();
    let pool = Pool::new(2).unwrap();
    let (fired, fires) = mpsc::channel();
    for _ in 0..20 {
        let fired = fired.clone();
        drop(pool.spawn(async move {
            sleep(SHORT).await;
            fired.send(()).unwrap();
        }));
    }
    for _ in 0..20 {
        fires.recv_timeout(DEADLINE).expect("it fires");
    }
}

/// A busy `block_on` that only polls the reactor holds the driver's role for a moment. A worker that finds it
/// held must not rely on that thread, which may then park behind the workers.
#[test]
fn when_a_busy_block_on_meets_a_worker_that_goes_to_sleep() {
    let _alone = alone();
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let mut random = Random::new(1);
        block_on(async {
            // With sockets, polling the reactor is a system call.
            let _sockets = pair().await;
            for _ in 0..1000 {
                for _ in 0..random.below(30) {
                    drop(pool.spawn(async {}));
                    for _ in 0..random.below(100) {
                        yield_now().await;
                    }
                }
                sleep(SHORT).await;
            }
        });
    });
}

/// Threads in `block_on` end one after the other: each hands the driver's role to the next.
#[test]
fn when_the_block_on_that_drives_ends() {
    let _alone = alone();
    ends(|| {
        for seed in 0..20 {
            let threads: Vec<_> = (0..4)
                .map(|n| {
                    thread::spawn(move || {
                        let mut random = Random::new(4 * seed + n);
                        for _ in 0..10 {
                            block_on(sleep(Duration::from_micros(random.below(500))));
                        }
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
        }
    });
}

/// Pools are created and dropped beside threads that wait for timers.
#[test]
fn when_pools_come_and_go() {
    let _alone = alone();
    ends(|| {
        let in_block_on: Vec<_> = (0..2)
            .map(|_| {
                thread::spawn(|| {
                    block_on(async {
                        for _ in 0..200 {
                            sleep(SHORT).await;
                        }
                    });
                })
            })
            .collect();
        let mut random = Random::new(7);
        while !in_block_on.iter().all(|thread| thread.is_finished()) {
            let pool = Pool::new(1 + random.below(2) as usize).unwrap();
            if random.below(2) == 0 {
                let handle = pool.spawn(sleep(SHORT));
                if random.below(2) == 0 {
                    block_on(handle);
                }
            }
        }
        for thread in in_block_on {
            thread.join().unwrap();
        }
    });
}

/// Wakes from outside and timers, for a worker that both drives and is on standby.
#[test]
fn while_threads_wake_each_other() {
    let _alone = alone();
    ends(|| {
        let pool = Pool::new(2).unwrap();
        let threads: Vec<_> = (0..2)
            .map(|seed| {
                let mut random = Random::new(seed);
                let (gates, handles): (Vec<_>, Vec<_>) = (0..200)
                    .map(|_| {
                        let gate = Gate::new();
                        let pass = gate.pass();
                        let pause = Duration::from_micros(random.below(2000));
                        let handle = pool.spawn(async move {
                            sleep(pause).await;
                            pass.await;
                            sleep(pause / 8).await;
                        });
                        (gate, handle)
                    })
                    .unzip();
                thread::spawn(move || {
                    for gate in gates {
                        gate.open();
                        block_on(sleep(Duration::from_micros(random.below(50))));
                    }
                    for handle in handles {
                        block_on(handle);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn inside_spawn_blocking() {
    let _alone = alone();
    ends(|| {
        let calls: Vec<_> = (0..4).map(|_| spawn_blocking(|| block_on(sleep(SHORT)))).collect();
        block_on(async {
            for call in calls {
                call.await;
            }
        });
    });
}

/// A `block_on` that is woken repeatedly, each time soon after it has become the monitor, still drives when
/// the only worker blocks.
#[test]
fn a_block_on_that_is_woken_all_the_time() {
    const LATE: Duration = Duration::from_millis(100);
    let _alone = alone();
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let (begins, begun) = mpsc::channel();
        let (report, ran) = mpsc::channel();
        let blocked = pool.spawn(async move {
            sleep(SHORT).await; // The worker drove, and blocks now.
            begins.send(()).unwrap();
            ran.recv_timeout(DEADLINE / 2).is_ok()
        });
        begun.recv_timeout(DEADLINE).unwrap();

        let (wakes, waiting) = mpsc::channel::<Waker>();
        let waker = thread::spawn(move || {
            for waker in waiting {
                thread::sleep(Duration::from_millis(1)); // So that it waits, for less than a TICK.
                waker.wake();
            }
        });
        let (start, turns) = (Instant::now(), reactor::metrics().turns);
        let mut late_polls = 0;
        block_on(poll_fn(move |cx| {
            late_polls += u32::from(start.elapsed() > LATE);
            if late_polls > 2 {
                return Poll::Ready(());
            }
            wakes.send(cx.waker().clone()).unwrap();
            Poll::Pending
        }));
        assert!(reactor::metrics().turns > turns, "no thread polled the reactor for {:?}", start.elapsed());
        report.send(()).unwrap();
        assert!(block_on(blocked));
        waker.join().unwrap();
    });
}
