//! The end of a pool: no future waits for a stuck worker, no thread that wakes a task drops its future, and
//! no pool waits for itself through another.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use executor::pool::Pool;
use executor::task::{self, block_on, spawn_blocking, spawn_local};

use crate::support::{DEADLINE, Drops, Gate, OnDrop, Random, ends, eventually};

/// A poll waits until a waiting task's future is dropped: the pool's end drops that future on another worker.
#[test]
fn a_poll_may_wait_for_a_waiting_tasks_drop() {
    ends(|| {
        for _ in 0..1_000 {
            let pool = Pool::new(2).unwrap();
            let (tx, rx) = mpsc::channel::<()>();
            let (begins, begun) = mpsc::channel();
            let gate = Gate::new();
            let pass = gate.pass();
            drop(pool.spawn(async move {
                pass.await;
                drop(tx);
            }));
            gate.await_polls(1);
            drop(pool.spawn(async move {
                begins.send(()).unwrap();
                let _ = rx.recv();
            }));
            begun.recv().unwrap();
            drop(pool);
        }
    });
}

/// The task that the poll waits for is in the slot of its own worker.
#[test]
fn a_poll_may_wait_for_the_drop_of_what_it_has_spawned() {
    ends(|| {
        for _ in 0..300 {
            let pool = Arc::new(Pool::new(2).unwrap());
            let (begins, begun) = mpsc::channel();
            let spawner = Arc::clone(&pool);
            drop(pool.spawn(async move {
                let (tx, rx) = mpsc::channel::<()>();
                drop(spawner.spawn(async move {
                    std::future::pending::<()>().await;
                    drop(tx);
                }));
                drop(spawner);
                begins.send(()).unwrap();
                let _ = rx.recv();
            }));
            begun.recv().unwrap();
            drop(pool);
        }
    });
}

/// A destructor may wait likewise: one worker runs it, and the other one drops the rest.
#[test]
fn a_drop_may_wait_for_another_tasks_drop() {
    ends(|| {
        for round in 0..300 {
            let pool = Pool::new(2).unwrap();
            let gates = [Gate::new(), Gate::new()];
            let (tx, rx) = mpsc::channel::<()>();
            let rx = Mutex::new(rx);
            let mut held: [Box<dyn Send>; 2] =
                [Box::new(OnDrop(move || _ = rx.lock().unwrap().recv())), Box::new(tx)];
            if round % 2 == 0 {
                held.reverse();
            }
            for (gate, held) in gates.iter().zip(held) {
                let pass = gate.pass();
                drop(pool.spawn(async move {
                    let _held = held;
                    pass.await;
                }));
                gate.await_polls(1);
            }
            drop(pool);
        }
    });
}

/// A worker without work drops its local tasks while another worker is in a long poll.
#[test]
fn a_poll_may_wait_for_another_workers_local_task() {
    ends(|| {
        for _ in 0..100 {
            let pool = Pool::new(2).unwrap();
            let (tx, rx) = mpsc::channel::<()>();
            let (begins, begun) = mpsc::channel();
            drop(pool.spawn(async move {
                begins.send(()).unwrap();
                let _ = rx.recv();
            }));
            begun.recv().unwrap();
            let gate = Gate::new();
            let pass = gate.pass();
            block_on(pool.spawn(async move {
                drop(spawn_local(async move {
                    pass.await;
                    drop(tx);
                }));
            }));
            gate.await_polls(1);
            drop(pool);
        }
    });
}

thread_local! {
    static WAKES: Cell<bool> = const { Cell::new(false) };
}

/// Runs `wake`; while it runs, this thread must drop no future.
fn waking<R>(wake: impl FnOnce() -> R) -> R {
    WAKES.set(true);
    let result = wake();
    WAKES.set(false);
    result
}

/// Wakes by value and by reference, drops of last wakers, and aborts race with the pool's end. None of them
/// drops the future, whose destructor might take a lock that the waking thread holds. It is dropped when the
/// pool's drop returns.
#[test]
fn a_wake_drops_nothing() {
    ends(|| {
        const TASKS: usize = 16;
        let dropped_by_wakes = Arc::new(AtomicUsize::new(0));
        for seed in 0..1_000 {
            let mut random = Random::new(seed);
            let pool = Pool::new(1 + random.below(2) as usize).unwrap();
            let (drops, gates) = (Drops::new(), [(); TASKS].map(|()| Gate::new()));
            let mut handles = Vec::new();
            for gate in &gates {
                let (pass, token, counted) = (gate.pass(), drops.token(), Arc::clone(&dropped_by_wakes));
                handles.push(Some(pool.spawn(async move {
                    let _token = token;
                    let _looks =
                        OnDrop(move || _ = counted.fetch_add(usize::from(WAKES.get()), Ordering::SeqCst));
                    pass.await;
                })));
            }
            gates.iter().for_each(|gate| gate.await_polls(1));
            let (start, spins) = (Arc::new(Barrier::new(2)), random.below(1_000));
            let starts = Arc::clone(&start);
            let other = thread::spawn(move || {
                for (n, handle) in handles.iter_mut().enumerate() {
                    if n % 4 == 2 {
                        *handle = None; // The gate has the last waker.
                    }
                }
                starts.wait();
                waking(|| {
                    for (n, (gate, handle)) in gates.iter().zip(&handles).enumerate() {
                        match n % 4 {
                            0 => gate.open(),
                            1 => gate.take_waker().unwrap().wake_by_ref(),
                            2 => drop(gate.take_waker()),
                            _ => handle.as_ref().unwrap().abort(),
                        }
                    }
                });
                handles
            });
            start.wait();
            (0..spins).for_each(|_| std::hint::spin_loop());
            drop(pool);
            assert_eq!(drops.count(), TASKS, "seed {seed}");
            drop(other.join().unwrap());
        }
        assert_eq!(dropped_by_wakes.load(Ordering::SeqCst), 0);
    });
}

/// Each pool is owned by a task of the one before, and the first by a task of the last: they end together.
#[test]
fn pools_that_own_each_other_end() {
    ends(|| {
        for round in 0..60 {
            let (drops, count) = (Drops::new(), 1 + round % 4);
            let pools: Vec<_> = (0..count).map(|_| Arc::new(Pool::new(1 + round % 2).unwrap())).collect();
            let gates: Vec<_> = (0..count).map(|_| Gate::new()).collect();
            for (n, gate) in gates.iter().enumerate() {
                let owned = Arc::clone(&pools[(n + 1) % count]);
                let (pass, token) = (gate.pass(), drops.token());
                drop(pools[n].spawn(async move {
                    let (_token, _owned) = (token, owned); // The token is dropped last.
                    pass.await;
                    std::future::pending::<()>().await;
                }));
                gate.await_polls(1);
            }
            drop(pools);
            if round % 3 == 0 {
                drop(gates[0].take_waker());
            } else {
                gates.iter().for_each(|gate| drop(gate.take_waker()));
            }
            eventually("all tasks are dropped", || drops.count() == count);
        }
    });
}

/// A pool may be dropped in each of these places: all its futures are dropped when its drop returns.
#[test]
fn a_pool_may_be_dropped_anywhere() {
    fn with_a_task(drops: &Drops) -> Pool {
        let pool = Pool::new(2).unwrap();
        let gate = Gate::new();
        let (pass, token) = (gate.pass(), drops.token());
        drop(pool.spawn(async move {
            let _token = token;
            pass.await;
        }));
        gate.await_polls(1);
        // This task is never woken: the gate stays, with the task's waker in it.
        static GATES: std::sync::Mutex<Vec<Gate>> = std::sync::Mutex::new(Vec::new());
        GATES.lock().unwrap().push(gate);
        pool
    }
    ends(|| {
        for _ in 0..30 {
            let drops = Drops::new();
            let make = || with_a_task(&drops);
            let pool = make();
            block_on(async { drop(pool) });
            let pool = make();
            block_on(spawn_local(async { drop(pool) }));
            let pool = make();
            block_on(spawn_blocking(|| drop(pool)));
            let pool = make();
            block_on(task::spawn(async { drop(pool) }));
            let (pool, other) = (make(), Pool::new(1).unwrap());
            block_on(other.spawn(async { drop(spawn_local(async { drop(pool) })) }));
            drop(other); // Its local task has run, or is dropped with the thread.
            let pool = make();
            thread::spawn(|| drop(spawn_local(async { drop(pool) }))).join().unwrap();
            assert_eq!(drops.count(), 6);
        }
    });
}

/// On the pool's own worker: in a task that has waited before, in one that has not, and in a local task.
#[test]
fn a_pool_may_be_dropped_on_its_own_worker() {
    ends(|| {
        for round in 0..60 {
            let drops = Drops::new();
            let pool = Pool::new(1 + round % 2).unwrap();
            let gate = Gate::new();
            let (pass, token) = (gate.pass(), drops.token());
            let waits = pool.spawn(async move {
                let _token = token;
                pass.await;
            });
            gate.await_polls(1);
            let (give, take) = mpsc::channel::<Pool>();
            let (done, end) = mpsc::channel();
            let way = round % 3;
            drop(pool.spawn(async move {
                if way == 0 {
                    task::yield_now().await;
                }
                let drop_it = move || {
                    drop(take.recv_timeout(DEADLINE).unwrap());
                    done.send(()).unwrap();
                };
                if way == 1 {
                    drop(spawn_local(async move { drop_it() }));
                } else {
                    drop_it();
                }
            }));
            give.send(pool).unwrap();
            end.recv_timeout(DEADLINE).expect("the drop returns");
            assert!(block_on(waits.try_join()).is_err());
            assert_eq!(drops.count(), 1);
        }
    });
}
