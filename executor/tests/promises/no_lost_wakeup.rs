//! Hard cases 1 and 4: a poll follows every wake. In whatever order workers fall asleep, tasks are pushed and
//! the driver's role changes hands, no task waits while a thread is free.

use std::future::poll_fn;
use std::sync::{Arc, Barrier, mpsc};
use std::task::Poll;
use std::thread;

use executor::pool::Pool;
use executor::task::{block_on, spawn, spawn_local, yield_now};

use crate::support::{DEADLINE, Gate, Random, ends};

#[test]
fn a_spawn_wakes_a_sleeping_pool() {
    let pool = Pool::new(2).unwrap();
    for round in 0..1000 {
        assert_eq!(block_on(pool.spawn(async move { round })), round);
    }
}

/// The spawner does not wait in `block_on`, so nothing but the push wakes the pool.
#[test]
fn a_spawn_from_outside_wakes_a_sleeping_pool() {
    let pool = Pool::new(2).unwrap();
    let (done, end) = mpsc::channel();
    for round in 0..1000 {
        let done = done.clone();
        drop(pool.spawn(async move { done.send(round).unwrap() }));
        assert_eq!(end.recv_timeout(DEADLINE), Ok(round));
    }
}

#[test]
fn a_wake_between_the_poll_and_its_end_is_kept() {
    ends(|| {
        let mut left = 1000;
        block_on(spawn(poll_fn(move |cx| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            let waker = cx.waker().clone();
            // Sometimes the wake comes before this poll's end, and sometimes after it.
            if left % 2 == 0 {
                waker.wake();
            } else {
                drop(spawn(async move { waker.wake() }));
            }
            Poll::Pending
        })));
    });
}

#[test]
fn the_root_future_is_woken_from_anywhere() {
    ends(|| {
        for _ in 0..500 {
            let gate = Gate::new();
            let opener = gate.clone();
            drop(spawn(async move { opener.open() }));
            block_on(gate.pass());
        }
    });
}

#[test]
fn a_local_task_is_woken_from_anywhere() {
    ends(|| {
        for _ in 0..500 {
            let gate = Gate::new();
            let opener = gate.clone();
            let handle = spawn_local(gate.pass());
            drop(spawn(async move { opener.open() }));
            block_on(handle);
        }
    });
}

/// A worker that wakes another pool's task does not run it itself.
#[test]
fn a_wake_from_another_pools_worker_returns_it_to_its_pool() {
    ends(|| {
        let [owner, other] = [(); 2].map(|()| Pool::new(1).unwrap());
        let owners_thread = block_on(owner.spawn(async { thread::current().id() }));
        for _ in 0..100 {
            let gate = Gate::new();
            let pass = gate.pass();
            let woken = owner.spawn(async move {
                pass.await;
                thread::current().id()
            });
            gate.await_polls(1);
            block_on(other.spawn(async move { gate.open() }));
            assert_eq!(block_on(woken), owners_thread);
        }
    });
}

/// A wake storm: many threads wake all tasks at the same time, in many rounds; each task counts its wakes.
#[test]
fn a_storm_of_wakes_reaches_every_task() {
    ends(|| {
        const TASKS: usize = 64;
        const ROUNDS: usize = 50;
        let pool = Pool::new(2).unwrap();
        for _ in 0..ROUNDS {
            let gates: Vec<_> = (0..TASKS).map(|_| Gate::new()).collect();
            let handles: Vec<_> = gates.iter().map(|gate| pool.spawn(gate.pass())).collect();
            let start = Barrier::new(2);
            thread::scope(|scope| {
                scope.spawn(|| {
                    start.wait();
                    gates.iter().for_each(Gate::open);
                });
                start.wait();
                gates.iter().rev().for_each(Gate::open);
            });
            block_on(async {
                for handle in handles {
                    handle.await;
                }
            });
        }
    });
}

/// A cascade: each task spawns two more, down to as many leaves as there are workers, and the leaves wait for
/// each other. A pool that wakes one sleeper for several tasks would never end.
#[test]
fn a_cascade_wakes_the_whole_pool() {
    const DEPTH: u32 = 3;
    fn tree(depth: u32, pool: &Arc<Pool>, leaves: &Arc<Barrier>, met: &mpsc::Sender<()>) {
        for _ in 0..2 {
            let (within, leaves, met) = (Arc::clone(pool), Arc::clone(leaves), met.clone());
            drop(pool.spawn(async move {
                if depth > 1 {
                    tree(depth - 1, &within, &leaves, &met);
                } else {
                    leaves.wait();
                    met.send(()).unwrap();
                }
            }));
        }
    }
    let pool = Arc::new(Pool::new(1 << DEPTH).unwrap());
    for _ in 0..50 {
        let leaves = Arc::new(Barrier::new(1 << DEPTH));
        let (met, all) = mpsc::channel();
        tree(DEPTH, &pool, &leaves, &met);
        for _ in 0..1 << DEPTH {
            all.recv_timeout(DEADLINE).expect("all workers run a leaf");
        }
    }
}

/// Two tasks that are spawned together must run at the same time if two workers sleep: the second must not
/// wait for the end of the first.
#[test]
fn two_tasks_run_on_two_workers() {
    let pool = Pool::new(2).unwrap();
    for _ in 0..100 {
        let (left, right) = (mpsc::channel(), mpsc::channel());
        let meet = |send: mpsc::Sender<()>, receive: mpsc::Receiver<()>| async move {
            send.send(()).unwrap();
            receive.recv_timeout(DEADLINE).expect("the other one runs");
        };
        let first = pool.spawn(meet(left.0, right.1));
        let second = pool.spawn(meet(right.0, left.1));
        block_on(async {
            first.await;
            second.await;
        });
    }
}

/// The same from inside: a task spawns one task for each other worker, and all wait for each other.
#[test]
fn tasks_spawned_inside_run_on_every_worker() {
    const WORKERS: usize = 4;
    let pool = Arc::new(Pool::new(WORKERS).unwrap());
    for _ in 0..50 {
        let (arrived, arrivals) = mpsc::channel();
        let meeting = Arc::new(Barrier::new(WORKERS));
        let spawner = pool.spawn({
            let pool = Arc::clone(&pool);
            async move {
                for _ in 0..WORKERS {
                    let (arrived, meeting) = (arrived.clone(), Arc::clone(&meeting));
                    drop(pool.spawn(async move {
                        meeting.wait();
                        arrived.send(()).unwrap();
                    }));
                }
            }
        });
        block_on(spawner);
        for _ in 0..WORKERS {
            arrivals.recv_timeout(DEADLINE).expect("they meet");
        }
    }
}

/// Threads in `block_on`, workers and other threads pass a token round: one lost wake stops it.
#[test]
fn a_token_goes_round_all_kinds_of_threads() {
    ends(|| {
        const HOPS: usize = 2000;
        let pool = Arc::new(Pool::new(2).unwrap());
        let rounds: Vec<_> = (0..3)
            .map(|seed| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || {
                    let mut random = Random::new(seed);
                    for _ in 0..HOPS / 4 {
                        let gate = Gate::new();
                        let (pass, opener) = (gate.pass(), gate.clone());
                        match random.below(4) {
                            0 => {
                                let waits = spawn_local(pass);
                                drop(pool.spawn(async move { opener.open() }));
                                block_on(waits);
                            }
                            1 => {
                                let waits = pool.spawn(pass);
                                drop(spawn_local(async move {
                                    yield_now().await;
                                    opener.open();
                                }));
                                block_on(waits);
                            }
                            2 => {
                                let waits = pool.spawn(pass);
                                drop(pool.spawn(async move { opener.open() }));
                                block_on(waits);
                            }
                            _ => {
                                drop(pool.spawn(async move { opener.open() }));
                                block_on(pass);
                            }
                        }
                    }
                })
            })
            .collect();
        for round in rounds {
            round.join().unwrap();
        }
    });
}

/// Wakes without another thread: a chain of tasks, each woken by the one before.
#[test]
fn a_brigade_hands_its_token_to_the_end() {
    ends(|| {
        let pool = Pool::new(2).unwrap();
        let gates: Vec<_> = (0..500).map(|_| Gate::new()).collect();
        let handles: Vec<_> = gates
            .windows(2)
            .map(|pair| {
                let (pass, next) = (pair[0].pass(), pair[1].clone());
                pool.spawn(async move {
                    pass.await;
                    next.open();
                })
            })
            .collect();
        gates[0].open();
        block_on(gates[499].pass());
        block_on(async {
            for handle in handles {
                handle.await;
            }
        });
    });
}
