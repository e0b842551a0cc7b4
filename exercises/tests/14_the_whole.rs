//! Exercises of the chapter "14 The whole runtime": `stubs/14_the_whole.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/14_the_whole.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/14_the_whole.rs")]
mod ch14_the_whole;

use std::collections::HashSet;

use ch14_the_whole::{Next, State, Wake, on_idle, on_push};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Worker {
    Awake,
    Parked,
    Driving,
}

type World = (State, [Worker; 3]);

fn push_right(state: &State) -> Wake {
    match (state.parked, state.driven) {
        (0, true) => Wake::Driver,
        (0, false) => Wake::Nothing,
        _ => Wake::Parked,
    }
}

fn idle_right(state: &State) -> Next {
    match (state.queue, state.driven) {
        (0, false) => Next::Drive,
        (0, true) => Next::Park,
        _ => Next::Run,
    }
}

fn wake(world: &mut World, which: Worker) {
    let woken = world.1.iter_mut().find(|worker| **worker == which);
    *woken.unwrap_or_else(|| panic!("no worker is {which:?}, so none can be woken")) = Worker::Awake;
    match which {
        Worker::Parked => world.0.parked -= 1,
        Worker::Driving => world.0.driven = false,
        Worker::Awake => unreachable!(),
    }
}

/// Tries everything that can happen to three workers, and checks every state that it reaches.
fn explore(on_push: fn(&State) -> Wake, on_idle: fn(&State) -> Next) {
    let mut seen: HashSet<World> = HashSet::new();
    let mut open: Vec<World> = vec![(State::default(), [Worker::Awake; 3])];
    while let Some(world) = open.pop() {
        if !seen.insert(world.clone()) {
            continue;
        }
        let (state, workers) = &world;
        let asleep = workers.iter().all(|worker| *worker != Worker::Awake);
        assert!(!asleep || state.queue == 0, "a task is in the queue, but all workers sleep: {workers:?}");
        assert!(!asleep || state.driven, "all workers sleep, and none waits in the poller: {workers:?}");
        if state.queue < 3 {
            let mut next = world.clone();
            next.0.queue += 1;
            match on_push(&next.0) {
                Wake::Nothing => {
                    let awake = workers.iter().all(|worker| *worker == Worker::Awake);
                    assert!(awake, "a task was pushed, and no worker is woken: {workers:?}");
                }
                Wake::Parked => wake(&mut next, Worker::Parked),
                Wake::Driver => {
                    assert_eq!(next.0.parked, 0, "the driver is woken, although a worker is parked");
                    wake(&mut next, Worker::Driving);
                }
            }
            open.push(next);
        }
        for at in (0..3).filter(|at| workers[*at] == Worker::Awake) {
            let mut next = world.clone();
            match on_idle(&next.0) {
                Next::Run => next.0.queue = next.0.queue.checked_sub(1).expect("a task to run"),
                Next::Drive => {
                    assert!(!next.0.driven, "two workers in the poller");
                    assert_eq!(next.0.queue, 0, "a task is in the queue, but the worker drives");
                    next.0.driven = true;
                    next.1[at] = Worker::Driving;
                }
                Next::Park => {
                    assert!(next.0.driven, "a worker parks, and none waits in the poller: {workers:?}");
                    assert_eq!(next.0.queue, 0, "a task is in the queue, but the worker parks");
                    next.0.parked += 1;
                    next.1[at] = Worker::Parked;
                }
            }
            open.push(next);
        }
    }
}

#[test]
fn exercise_1_a_push_is_heard_and_wakes_no_more_than_it_must() {
    explore(on_push, idle_right);
}

#[test]
fn exercise_2_one_drives_and_the_others_park() {
    explore(push_right, on_idle);
}

#[test]
fn exercises_1_and_2_together() {
    explore(on_push, on_idle);
}
