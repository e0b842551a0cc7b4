//! A pool's drop cancels every task, waits for the polls under way, drops the futures, and joins its threads.
//! A wake may race with it (hard case 6).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use executor::pool::Pool;
use executor::task::{JoinError, block_on, spawn_local, yield_now};

use crate::support::{DEADLINE, Drops, Gate, OnDrop, Random, ends, eventually, panics};

#[test]
fn an_empty_pool_can_be_dropped_at_once() {
    ends(|| {
        for threads in 1..=4 {
            for _ in 0..50 {
                drop(Pool::new(threads).unwrap());
            }
        }
    });
}

#[test]
fn a_pool_of_no_threads_panics_and_names_the_argument() {
    let said = panics(|| Pool::new(0));
    assert!(said.contains("threads"), "{said}");
}

/// Waiting, queued and yielding tasks: all futures are dropped when the pool's drop returns.
#[test]
fn every_future_is_dropped_before_the_drop_returns() {
    ends(|| {
        for round in 0..50 {
            let drops = Drops::new();
            let gate = Gate::new();
            let pool = Pool::new(2).unwrap();
            let mut handles = Vec::new();
            for _ in 0..20 {
                let token = drops.token();
                handles.push(pool.spawn(async move {
                    let _token = token;
                    std::future::pending::<()>().await;
                }));
                let token = drops.token();
                handles.push(pool.spawn(async move {
                    let _token = token;
                    loop {
                        yield_now().await;
                    }
                }));
            }
            let (token, pass) = (drops.token(), gate.pass());
            handles.push(pool.spawn(async move {
                let _token = token;
                pass.await;
            }));
            if round % 2 == 0 {
                gate.await_polls(1);
            }
            drop(pool);
            assert_eq!(drops.count(), 41);
            for handle in handles {
                assert!(handle.is_finished());
                let joined = block_on(handle.try_join());
                assert!(matches!(joined, Err(JoinError::Cancelled)));
            }
            gate.open();
        }
    });
}

#[test]
fn detached_tasks_are_dropped_too() {
    ends(|| {
        let drops = Drops::new();
        let pool = Pool::new(2).unwrap();
        let gates: Vec<_> = (0..100).map(|_| Gate::new()).collect();
        for gate in &gates {
            let (token, pass) = (drops.token(), gate.pass());
            drop(pool.spawn(async move {
                let _token = token;
                pass.await;
            }));
        }
        gates.iter().for_each(|gate| gate.await_polls(1));
        drop(pool);
        assert_eq!(drops.count(), 100);
    });
}

#[test]
fn the_poll_under_way_ends_first() {
    ends(|| {
        let pool = Pool::new(1).unwrap();
        let (inside, is_inside) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let ended = Arc::new(AtomicBool::new(false));
        let handle = pool.spawn({
            let ended = Arc::clone(&ended);
            async move {
                inside.send(()).unwrap();
                may_go_on.recv_timeout(DEADLINE).unwrap();
                ended.store(true, Ordering::SeqCst);
                7
            }
        });
        is_inside.recv_timeout(DEADLINE).unwrap();
        let dropper = thread::spawn(move || drop(pool));
        go_on.send(()).unwrap();
        dropper.join().unwrap();
        assert!(ended.load(Ordering::SeqCst));
        // It was not waiting, so nothing cancelled it: the last poll returned the value.
        assert_eq!(block_on(handle.try_join()).ok(), Some(7));
    });
}

/// A future's drop spawns on the closing pool, or wakes other tasks of it.
#[test]
fn drops_may_spawn_and_wake_while_it_closes() {
    ends(|| {
        for _ in 0..50 {
            let drops = Drops::new();
            let pool = Arc::new(Pool::new(2).unwrap());
            let gate = Gate::new();
            let (token, pass) = (drops.token(), gate.pass());
            drop(pool.spawn(async move {
                let _token = token;
                pass.await;
            }));
            let token = drops.token();
            let opener = gate.clone();
            drop(pool.spawn(async move {
                let _token = token;
                let _opener = OnDrop(move || opener.open());
                std::future::pending::<()>().await;
            }));
            gate.await_polls(1);
            drop(pool);
            assert_eq!(drops.count(), 2);
        }
    });
}

#[test]
fn from_inside_one_of_its_own_workers_it_does_not_wait_for_itself() {
    ends(|| {
        for threads in 1..=2 {
            let drops = Drops::new();
            let pool = Pool::new(threads).unwrap();
            let gate = Gate::new();
            let (token, pass) = (drops.token(), gate.pass());
            drop(pool.spawn(async move {
                let _token = token;
                pass.await;
            }));
            gate.await_polls(1);
            let (give, take) = mpsc::channel::<Pool>();
            let (done, end) = mpsc::channel();
            let token = drops.token();
            let handle = pool.spawn(async move {
                let _token = token;
                drop(take.recv_timeout(DEADLINE).unwrap());
                done.send(()).unwrap();
                std::future::pending::<()>().await;
            });
            give.send(pool).unwrap();
            end.recv_timeout(DEADLINE).expect("the drop returns");
            let joined = block_on(handle.try_join());
            assert!(matches!(joined, Err(JoinError::Cancelled)));
            eventually("both futures are dropped", || drops.count() == 2);
        }
    });
}

/// A task that is in a queue when the pool closes is dropped without a poll.
#[test]
fn what_has_not_begun_never_runs() {
    ends(|| {
        let (begun, drops) = (Arc::new(AtomicBool::new(false)), Drops::new());
        let (give, take) = mpsc::channel::<Pool>();
        let pool = Pool::new(1).unwrap();
        let closes = pool.spawn(async move { drop(take.recv_timeout(DEADLINE).unwrap()) });
        let queued = {
            let (begun, token) = (Arc::clone(&begun), drops.token());
            pool.spawn(async move {
                let _token = token;
                begun.store(true, Ordering::SeqCst);
            })
        };
        give.send(pool).unwrap();
        assert!(matches!(block_on(queued.try_join()), Err(JoinError::Cancelled)));
        block_on(closes);
        assert!(!begun.load(Ordering::SeqCst));
        assert_eq!(drops.count(), 1);
    });
}

/// Another worker drops the tasks in the queue of a worker in a long poll, so that the poll may wait for
/// them, as it may while the pool is open.
#[test]
fn workers_help_each_other_to_end() {
    ends(|| {
        for _ in 0..20 {
            let (pool, drops) = (Arc::new(Pool::new(2).unwrap()), Drops::new());
            let busy = Arc::downgrade(&pool);
            drop(pool.spawn(async move {
                // This worker steals no tasks until the pool ends.
                while busy.strong_count() > 0 {
                    thread::yield_now();
                }
                thread::sleep(std::time::Duration::from_millis(5));
            }));
            let closing = Arc::clone(&pool);
            let (begun, begins) = mpsc::channel::<()>();
            let tokens = [drops.token(), drops.token()];
            let (done, end) = mpsc::channel();
            let counted = drops.clone();
            drop(pool.spawn(async move {
                for token in tokens {
                    // The second one displaces the first from the slot.
                    drop(closing.spawn(async move { drop(token) }));
                }
                begins.recv_timeout(DEADLINE).unwrap();
                drop(closing); // The last clone: this drop waits for the other worker.
                done.send(counted.count()).unwrap();
            }));
            drop(pool);
            begun.send(()).unwrap();
            assert!(end.recv_timeout(DEADLINE).unwrap() > 0, "the other worker left it behind");
        }
    });
}

/// One of the pool's own futures drops the last handle of the pool.
#[test]
fn a_pool_owned_by_its_own_task_can_end() {
    ends(|| {
        let pool = Arc::new(Pool::new(2).unwrap());
        let (done, end) = mpsc::channel();
        let (mine, drops) = (Arc::clone(&pool), Drops::new());
        let token = drops.token();
        drop(pool.spawn(async move {
            let _token = token;
            yield_now().await;
            while Arc::strong_count(&mine) > 1 {
                yield_now().await;
            }
            drop(mine);
            done.send(()).unwrap();
        }));
        drop(pool);
        end.recv_timeout(DEADLINE).expect("the task ends");
        eventually("the future is dropped", || drops.count() == 1);
    });
}

/// A worker's local tasks do not keep its pool from ending, not even one that is always ready.
#[test]
fn a_local_task_that_is_always_ready_does_not_keep_the_pool() {
    let drops = Drops::new();
    ends({
        let drops = drops.clone();
        move || {
            let pool = Pool::new(1).unwrap();
            let token = drops.token();
            block_on(pool.spawn(async move {
                drop(spawn_local(async move {
                    let _token = token;
                    loop {
                        yield_now().await;
                    }
                }));
            }));
            drop(pool);
        }
    });
    assert_eq!(drops.count(), 1);
}

/// A worker's local task holds the handle of a pool task, and wakes another in its drop.
#[test]
fn the_drops_of_a_workers_local_tasks_may_use_the_pool() {
    let drops = Drops::new();
    ends({
        let drops = drops.clone();
        move || {
            for _ in 0..50 {
                let pool = Arc::new(Pool::new(2).unwrap());
                let gate = Gate::new();
                let waits = {
                    let (token, pass) = (drops.token(), gate.pass());
                    pool.spawn(async move {
                        let _token = token;
                        pass.await;
                    })
                };
                let (token, opener) = (drops.token(), gate.clone());
                let local_gate = Gate::new();
                let pass = local_gate.pass();
                block_on(pool.spawn(async move {
                    drop(spawn_local(async move {
                        let _token = token;
                        let _waits = waits;
                        let _opener = OnDrop(move || opener.open());
                        pass.await;
                    }));
                }));
                drop(pool);
            }
        }
    });
    assert_eq!(drops.count(), 100);
}

/// Hard case 6: a thread outside the pool wakes, clones and drops wakers while the pool is dropped. Each
/// future is dropped once, whichever thread comes last, and not used afterwards.
#[test]
fn wakes_race_the_drop() {
    ends(|| {
        const TASKS: usize = 8;
        for seed in 0..300 {
            let mut random = Random::new(seed);
            let drops = Drops::new();
            let pool = Pool::new(1 + random.below(2) as usize).unwrap();
            let gates: Vec<_> = (0..TASKS).map(|_| Gate::new()).collect();
            let handles: Vec<_> = gates
                .iter()
                .map(|gate| {
                    let (token, pass) = (drops.token(), gate.pass());
                    pool.spawn(async move {
                        let _token = token;
                        pass.await;
                        std::future::pending::<()>().await;
                    })
                })
                .collect();
            if random.below(2) == 0 {
                gates.iter().for_each(|gate| gate.await_polls(1));
            }
            let keep = random.below(2) == 0;
            let kept = if keep { handles } else { Vec::new() };
            let spins = random.below(2000);
            let waker = thread::spawn(move || {
                for gate in &gates {
                    match random.below(4) {
                        0 => gate.open(),
                        1 => drop(gate.take_waker()),
                        2 => {
                            if let Some(waker) = gate.take_waker() {
                                waker.wake_by_ref();
                                waker.clone().wake();
                            }
                        }
                        _ => (0..random.below(200)).for_each(|_| std::hint::spin_loop()),
                    }
                }
                gates.iter().for_each(Gate::open);
            });
            (0..spins).for_each(|_| std::hint::spin_loop());
            drop(pool);
            waker.join().unwrap();
            assert_eq!(drops.count(), TASKS, "seed {seed}");
            for handle in kept {
                assert!(handle.is_finished(), "seed {seed}");
            }
        }
    });
}

/// Spawns from many threads race with the drop: each future runs or is dropped.
#[test]
fn spawns_race_the_drop() {
    ends(|| {
        for _ in 0..100 {
            let (spawned, drops) = (Arc::new(AtomicUsize::new(0)), Drops::new());
            let pool = Arc::new(Pool::new(2).unwrap());
            let spawners: Vec<_> = (0..2)
                .map(|_| {
                    let (pool, spawned, drops) = (Arc::clone(&pool), Arc::clone(&spawned), drops.clone());
                    thread::spawn(move || {
                        for _ in 0..20 {
                            spawned.fetch_add(1, Ordering::SeqCst);
                            let token = drops.token();
                            drop(pool.spawn(async move {
                                let _token = token;
                                yield_now().await;
                            }));
                        }
                    })
                })
                .collect();
            drop(pool);
            for spawner in spawners {
                spawner.join().unwrap();
            }
            // The last of the three threads dropped the pool, and waited for its threads.
            assert_eq!(drops.count(), spawned.load(Ordering::SeqCst));
        }
    });
}

/// Two pools whose tasks wake each other's, dropped at the same time.
#[test]
fn two_pools_that_wake_each_other_can_be_dropped_together() {
    ends(|| {
        for _ in 0..50 {
            let drops = Drops::new();
            let pools = [Pool::new(1).unwrap(), Pool::new(1).unwrap()];
            let gates: Arc<Mutex<Vec<Gate>>> = Arc::default();
            for n in 0..20 {
                let gate = Gate::new();
                gates.lock().unwrap().push(gate.clone());
                let (token, gates) = (drops.token(), Arc::clone(&gates));
                drop(pools[n % 2].spawn(async move {
                    let _token = token;
                    let _opens_all = OnDrop(move || {
                        let all = gates.lock().unwrap().clone();
                        all.iter().for_each(Gate::open);
                    });
                    gate.pass().await;
                    std::future::pending::<()>().await;
                }));
            }
            let [left, right] = pools;
            let other = thread::spawn(move || drop(left));
            drop(right);
            other.join().unwrap();
            eventually("all futures are dropped", || drops.count() == 20);
        }
    });
}
