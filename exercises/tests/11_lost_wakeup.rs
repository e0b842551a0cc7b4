//! Exercises of the chapter "11 The lost wakeup": `stubs/11_lost_wakeup.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/11_lost_wakeup.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/11_lost_wakeup.rs")]
mod ch11_lost_wakeup;

use std::sync::Arc;
use std::thread;

use ch11_lost_wakeup::{Queue, Step, pusher, worker};
use exercises::ends;

#[derive(Clone, Default)]
struct State {
    task: bool,
    taken: bool,
    announced: [bool; 2],
    token: [bool; 2],
    trace: Vec<String>,
}

/// Tries every order of the steps of two workers and a pusher. Returns the end of the first one in which no
/// worker takes the task.
fn explore(state: State, workers: [&[Step]; 2], pusher: &[Step]) -> Option<State> {
    for me in 0..2 {
        let Some((step, mut rest)) = workers[me].split_first() else { continue };
        let mut next = state.clone();
        next.trace.push(format!("worker {me}: {step:?}"));
        if *step == Step::Sleep && !next.token[me] {
            continue; // It sleeps.
        }
        match step {
            Step::Announce => next.announced[me] = true,
            Step::Look | Step::Sleep if next.task => {
                (next.task, next.taken) = (false, true);
                rest = &[];
            }
            _ => {}
        }
        let workers = if me == 0 { [rest, workers[1]] } else { [workers[0], rest] };
        if let Some(lost) = explore(next, workers, pusher) {
            return Some(lost);
        }
    }
    if let Some((step, rest)) = pusher.split_first() {
        let mut next = state.clone();
        next.trace.push(format!("pusher: {step:?}"));
        match step {
            Step::Push => next.task = true,
            _ => {
                if let Some(woken) = (0..2).find(|worker| next.announced[*worker]) {
                    next.token[woken] = true;
                }
            }
        }
        return explore(next, workers, rest);
    }
    let stuck =
        (0..2).all(|me| workers[me].first().is_none_or(|step| *step == Step::Sleep && !state.token[me]));
    (stuck && !state.taken).then_some(state)
}

#[test]
fn exercise_1_one_of_the_two_gets_the_task() {
    let (worker, pusher) = (worker(), pusher());
    assert!(worker.contains(&Step::Sleep) && worker.contains(&Step::Announce), "a worker that idles sleeps");
    assert!(pusher.contains(&Step::Push) && pusher.contains(&Step::WakeOne));
    if let Some(lost) = explore(State::default(), [&worker, &worker], &pusher) {
        panic!("the task is in the queue, but both workers sleep, after: {}", lost.trace.join("; "));
    }
}

#[test]
fn exercise_2_a_reader_that_wakes_for_no_reason_looks_again() {
    let popped = ends("the task was pushed, but the reader sleeps", || {
        let queue = Arc::new(Queue::default());
        let reader = thread::spawn({
            let queue = queue.clone();
            move || queue.pop()
        });
        // Its first wait ends for no reason. A reader that looks again finds nothing, and waits again.
        while queue.pushed.waits() < 2 && !reader.is_finished() {
            thread::yield_now();
        }
        queue.push(7);
        reader.join().expect("the reader woke for no reason, and took a task that is not there")
    });
    assert_eq!(popped, 7, "nothing else was pushed");
}

#[test]
fn exercise_2_two_tasks_wake_two_readers() {
    ends("two tasks were pushed, but one of two readers sleeps", || {
        for _ in 0..100 {
            let queue = Arc::new(Queue::default());
            let readers = [(); 2].map(|()| {
                let queue = queue.clone();
                thread::spawn(move || queue.pop())
            });
            // Of four waits, two end for no reason. In the others, both readers sleep.
            while queue.pushed.waits() < 4 {
                thread::yield_now();
            }
            queue.push(1);
            queue.push(2);
            let popped: u32 = readers.into_iter().map(|reader| reader.join().expect("it reads")).sum();
            assert_eq!(popped, 3);
        }
    });
}

#[test]
fn exercise_2_the_oldest_comes_first() {
    let popped = ends("there are tasks, but a reader sleeps", || {
        let queue = Queue::default();
        (0..3).for_each(|task| queue.push(task));
        [(); 3].map(|()| queue.pop())
    });
    assert_eq!(popped, [0, 1, 2]);
}

#[test]
fn exercise_2_each_task_comes_out_once() {
    let mut popped = ends("there are tasks, but a reader sleeps", || {
        let queue = Arc::new(Queue::default());
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let queue = queue.clone();
                thread::spawn(move || (0..2000).map(|_| queue.pop()).collect::<Vec<u32>>())
            })
            .collect();
        (0..6000).for_each(|task| queue.push(task));
        readers.into_iter().flat_map(|reader| reader.join().expect("it reads")).collect::<Vec<u32>>()
    });
    popped.sort_unstable();
    assert_eq!(popped, (0..6000).collect::<Vec<_>>());
}
