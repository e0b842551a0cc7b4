//! Exercises of the chapter "Reliability": `stubs/reliability.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/reliability.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/reliability.rs")]
mod reliability;

use reliability::{Step, waiter, worker};

/// The latch, and the three threads that use it: two workers, then the waiter.
#[derive(Clone)]
struct State {
    left: i32,
    /// Each worker's variable.
    own: [i32; 2],
    listed: bool,
    asleep: bool,
    trace: Vec<String>,
}

fn step(state: &State, thread: usize, step: Step) -> State {
    let mut next = state.clone();
    next.trace.push(format!("{}: {step:?}", ["worker 1", "worker 2", "waiter"][thread]));
    match step {
        Step::ReadLeft => next.own[thread] = next.left,
        Step::WriteLeft => {
            next.own[thread] -= 1;
            next.left = next.own[thread];
        }
        Step::TakeOne => {
            next.left -= 1;
            next.own[thread] = next.left;
        }
        Step::WakeIfLast => {
            if next.own[thread] == 0 && next.listed {
                next.asleep = false;
                next.listed = false;
            }
        }
        Step::List => next.listed = true,
        Step::SleepIfLeft => next.asleep = next.left != 0,
    }
    next
}

/// Tries all orders. Returns the end of the first one in which the waiter sleeps forever, or `left` is wrong.
fn explore(state: State, threads: [&[Step]; 3]) -> Option<State> {
    let mut over = true;
    for thread in 0..3 {
        let Some((first, rest)) = threads[thread].split_first() else { continue };
        over = false;
        if thread == 2 && state.asleep {
            continue; // It sleeps: its next step must wait.
        }
        let mut others = threads;
        others[thread] = rest;
        if let Some(bad) = explore(step(&state, thread, *first), others) {
            return Some(bad);
        }
    }
    // A waiter that still sleeps after the workers are done is stuck.
    let workers_done = threads[0].is_empty() && threads[1].is_empty();
    let stuck = workers_done && state.asleep;
    let wrong = over && state.left != 0;
    (stuck || wrong).then_some(state)
}

fn begin() -> State {
    State { left: 2, own: [0; 2], listed: false, asleep: false, trace: Vec::new() }
}

fn check(worker: &[Step], waiter: &[Step]) -> Option<String> {
    let bad = explore(begin(), [worker, worker, waiter])?;
    let what =
        if bad.asleep { "the waiter sleeps forever" } else { "both have arrived, but `left` is not zero" };
    Some(format!("{what}, after {}", bad.trace.join("; ")))
}

#[test]
fn exercise_1_both_workers_count() {
    let bad = check(&worker(), &[]).or_else(|| check(&worker(), &[Step::List, Step::SleepIfLeft]));
    assert!(bad.is_none(), "{}", bad.unwrap_or_default());
}

#[test]
fn exercise_2_the_waiter_is_woken() {
    assert!(waiter().contains(&Step::SleepIfLeft), "a waiter waits");
    let bad = check(&[Step::TakeOne, Step::WakeIfLast], &waiter());
    assert!(bad.is_none(), "{}", bad.unwrap_or_default());
}

/// Tests the test: the explorer finds a seeded fault.
#[test]
fn the_explorer_finds_a_seeded_fault() {
    let waiter = [Step::List, Step::SleepIfLeft];
    assert!(check(&[Step::WakeIfLast, Step::TakeOne], &waiter).is_some());
    assert!(check(&[Step::ReadLeft, Step::WriteLeft, Step::WakeIfLast], &waiter).is_some());
}
