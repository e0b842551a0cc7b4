//! Cancels, aborts, drops, wakes and panics at the same time, at random. Afterwards no task is alive, and
//! each future was dropped once. In a process of its own: it counts all tasks. A failure prints the seed;
//! `UNROLLED_SEED` runs that one alone, and `UNROLLED_ROUNDS` sets the number of rounds.
#![cfg(not(loom))]

#[path = "promises/support.rs"]
#[allow(dead_code, unused_imports, reason = "shared with `promises`, which uses all of it")]
mod support;

use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use executor::pool::Pool;
use executor::task::{JoinHandle, block_on, spawn_blocking, spawn_local, yield_now};
use futures_lite::future::poll_once;

use support::{Drops, Gate, OnDrop, Random, ends, eventually, quiet_panic};

/// What a task does after it has passed its gate.
async fn body(gate: Gate, kind: u64, tail: u64, token: support::Token) -> u64 {
    let _token = token;
    let _bomb = (kind == 0).then(|| OnDrop(|| quiet_panic("of the drop")));
    let opener = gate.clone();
    let _wakes_itself = (kind == 1).then(|| OnDrop(move || opener.open()));
    for _ in 0..tail {
        yield_now().await;
    }
    if kind != 2 {
        gate.pass().await;
    }
    match kind {
        3 => quiet_panic("of the poll"),
        4 => std::future::pending().await,
        5 => reactor::time::sleep(Duration::from_micros(tail * 100)).await,
        _ => {}
    }
    for _ in 0..tail {
        yield_now().await;
    }
    tail
}

/// A blocking call: it cannot be woken, so it waits for no gate.
fn call(kind: u64, tail: u64, _token: &support::Token) -> u64 {
    match kind {
        3 => quiet_panic("of the call"),
        4 => block_on(async { drop(spawn_local(std::future::pending::<()>())) }),
        _ => thread::sleep(Duration::from_micros(tail * 50)),
    }
    tail
}

/// One of the operations on a task's handle.
async fn treat(handle: JoinHandle<u64>, how: u64) {
    match how {
        0 => drop(handle),
        1 => drop(handle.cancel().await),
        2 => handle.abort(),
        3 => drop(handle.cancel()),
        4 => {
            let mut joined = Box::pin(handle.try_join());
            drop(poll_once(&mut joined).await);
        }
        5 => {
            handle.abort();
            drop(handle.try_join().await);
        }
        6 => {
            let mut cancelled = Box::pin(handle.cancel());
            let _ = poll_once(&mut cancelled).await;
        }
        _ => {
            yield_now().await;
            drop(handle);
        }
    }
}

/// One of the operations on a gate, and so on a task's wakers.
fn poke(gate: &Gate, kept: &Mutex<Vec<Waker>>, random: &mut Random) {
    match random.below(6) {
        0 => drop(gate.take_waker()),
        1 => {
            if let Some(waker) = gate.take_waker() {
                waker.wake_by_ref();
                kept.lock().unwrap().push(waker);
            }
        }
        2 => {
            let waker = kept.lock().unwrap().pop();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
        3 => thread::yield_now(),
        _ => gate.open(),
    }
}

const TASKS: usize = 24;

fn round(seed: u64, drops: &Drops) {
    let mut random = Random::new(seed);
    let pool = Arc::new(Pool::new(1 + random.below(3) as usize).unwrap());
    let gates: Vec<_> = (0..TASKS).map(|_| Gate::new()).collect();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let mut handles = Vec::new();
    for gate in &gates {
        let (kind, tail) = (random.below(8), random.below(4));
        let (gate, token) = (gate.clone(), drops.token());
        handles.push(match random.below(8) {
            0 | 1 => spawn_local(body(gate, kind, tail, token)),
            2 => spawn_blocking(move || call(kind, tail, &token)),
            _ => pool.spawn(body(gate, kind, tail, token)),
        });
    }
    let pokers: Vec<_> = (0..2)
        .map(|n| {
            let (gates, kept) = (gates.clone(), Arc::clone(&kept));
            let mut random = Random::new(seed ^ (n + 1) << 32);
            thread::spawn(move || {
                for _ in 0..2 * TASKS {
                    poke(&gates[random.below(TASKS as u64) as usize], &kept, &mut random);
                }
                gates.iter().for_each(Gate::open);
            })
        })
        .collect();
    // Some of the handles go to another thread.
    let mut elsewhere = Vec::new();
    block_on(async {
        for handle in handles {
            let how = random.below(8);
            match random.below(3) {
                // A task that waits for ever may wait for this thread to go on: do not wait for it.
                0 => elsewhere.push(pool.spawn(treat(handle, how))),
                1 => drop(spawn_local(treat(handle, how))),
                _ => {
                    let mut treated = Box::pin(treat(handle, how));
                    let _ = poll_once(&mut treated).await;
                }
            }
            if random.below(4) == 0 {
                yield_now().await;
            }
        }
    });
    for poker in pokers {
        poker.join().unwrap();
    }
    if random.below(2) == 0 {
        drop(pool);
        drop(elsewhere);
    } else {
        drop(elsewhere);
        drop(pool);
    }
    kept.lock().unwrap().clear();
}

#[test]
fn no_task_is_left() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("UNROLLED_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("UNROLLED_ROUNDS").unwrap_or(300),
    };
    for seed in seeds {
        println!("seed {seed}");
        // The thread's exit drops the local tasks that are left.
        let drops = Drops::new();
        let counted = drops.clone();
        ends(move || round(seed, &counted));
        eventually("no task is alive", || executor::metrics().alive == 0);
        assert_eq!(drops.count(), TASKS, "each future is dropped once");
    }
}
