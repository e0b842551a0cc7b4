//! A pool: no task is missed, no task outlives the pool, and nothing leaks.

use std::sync::Arc;

use reactor::shim::model::{self, check, check_at_most, check_with_fewer};
use reactor::shim::thread;

use super::{DropWitness, Gate, WitnessedDrop};
use crate::pool::Pool;

/// A pool that is dropped as soon as it is made: workers that have not started yet, or have just started, see
/// that it is closed. Finds `end_unsaid`.
#[test]
fn a_pool_ends_at_once() {
    check(|| drop(Pool::new(1).unwrap()));
}

/// A worker that is about to sleep finds a task that is spawned from outside, or the spawn wakes the sleeping
/// worker. Finds `no_last_look`.
#[test]
fn a_spawn_finds_its_worker() {
    check(|| {
        let pool = Pool::new(1).unwrap();
        assert_eq!(model::block_on(pool.spawn(async { 7 })), 7);
        drop(pool);
    });
}

/// A task that waits is woken from outside the pool, which is dropped after that. Finds `push_wakes_no_worker`.
#[test]
fn a_wake_finds_its_worker() {
    check(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::new();
        let handle = {
            let gate = Arc::clone(&gate);
            pool.spawn(async move { gate.passed().await })
        };
        gate.open();
        model::block_on(handle);
        drop(pool);
    });
}

/// The pool's drop races a wake from outside: the future is dropped once, and the handle gets an outcome. Finds
/// `end_unsaid`.
#[test]
fn a_wake_races_the_pools_end() {
    check(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::new();
        let witness = DropWitness::default();
        witness.allow();
        let handle = {
            let (gate, witnessed) = (Arc::clone(&gate), WitnessedDrop(witness.clone()));
            pool.spawn(async move {
                let _witnessed = witnessed;
                gate.passed().await;
            })
        };
        let other = thread::spawn(move || gate.open());
        drop(pool);
        let _ = model::block_on(handle.try_join());
        other.join().unwrap();
        witness.check();
    });
}

/// The last waker of a detached task wakes it while its pool is dropped: only one of the two queues the task,
/// and its future is dropped once. Finds `queued_twice`.
#[test]
fn a_detached_tasks_wake_races_the_pools_end() {
    check(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::new();
        let witness = DropWitness::default();
        witness.allow();
        let witnessed = WitnessedDrop(witness.clone());
        let passing = Arc::clone(&gate);
        drop(pool.spawn(async move {
            let _witnessed = witnessed;
            passing.passed().await;
        }));
        let other = thread::spawn(move || gate.wake());
        drop(pool);
        other.join().unwrap();
        witness.check();
    });
}

/// A spawn from outside to two workers: one of them runs it.
///
/// At most one preemption: with two, an unpark may reach a thread that waits for a lock at that moment, and
/// loom takes it for the lock's release. Finds `no_last_look`, `driver_not_notified`.
#[test]
fn a_spawn_finds_one_of_two_workers() {
    check_at_most(1, || {
        let pool = Pool::new(2).unwrap();
        assert_eq!(model::block_on(pool.spawn(async { 7 })), 7);
        drop(pool);
    });
}

/// A task blocks its worker until another task has run. The other worker runs that task, also if the first
/// worker took both tasks in one batch. Finds `batch_not_announced`.
#[test]
fn a_task_is_not_left_behind_a_long_poll() {
    check_with_fewer(2, || {
        let pool = Pool::new(2).unwrap();
        let (notifier, _) = model::Notifier::new();
        let long = {
            let notifier = Arc::clone(&notifier);
            pool.spawn(async move { notifier.wait(0) })
        };
        let short = pool.spawn(async move { notifier.notify() });
        model::block_on(long);
        model::block_on(short);
        drop(pool);
    });
}
