//! Exercises of the chapter "The pool": `stubs/pool.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/pool.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/pool.rs")]
mod pool;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread;

use exercises::ends;
use pool::{SLOT_RUNS, Worker, steal_half};

#[test]
fn exercise_1_the_newest_runs_next_and_no_task_is_lost() {
    let mut worker = Worker::default();
    for task in [1, 2, 3] {
        worker.wake(task);
    }
    let order: Vec<u32> = std::iter::from_fn(|| worker.next()).collect();
    assert_eq!(order, [3, 1, 2], "the slot's task, then the queue from its front");
}

#[test]
fn exercise_1_a_ping_pong_starves_no_task() {
    let mut worker = Worker { queue: VecDeque::from([10, 11]), ..Worker::default() };
    worker.wake(0);
    let mut since = 0;
    let mut others = Vec::new();
    for _ in 0..100 {
        let task = worker.next().expect("there is always one");
        since += 1;
        if task >= 10 {
            others.push(task);
            since = 0;
            worker.queue.push_back(task);
        } else {
            worker.wake(1 - task);
        }
        assert!(since <= SLOT_RUNS, "the slot's task ran {since} times in a row, while the queue waits");
    }
    assert!(others.contains(&10) && others.contains(&11), "both tasks of the queue have run");
    assert!(others.len() <= 26, "the slot's task still runs");
}

#[test]
fn exercise_1_if_the_queue_is_empty_the_slots_task_goes_on() {
    let mut worker = Worker::default();
    for turn in 0..4 * SLOT_RUNS {
        worker.wake(turn);
        assert_eq!(worker.next(), Some(turn), "it is the only task");
    }
    assert_eq!(worker.next(), None);
}

#[test]
fn exercise_2_the_older_half_is_stolen() {
    let (from, to) = (Mutex::new(VecDeque::from([1, 2, 3, 4, 5])), Mutex::new(VecDeque::from([9])));
    assert_eq!(steal_half(&from, &to), 3);
    assert_eq!(*from.lock().unwrap(), [4, 5]);
    assert_eq!(*to.lock().unwrap(), [9, 1, 2, 3]);
    assert_eq!(steal_half(&Mutex::default(), &to), 0);
}

#[test]
fn exercise_2_a_thief_holds_one_lock_at_a_time() {
    ends("a thief waits for the lock of `to`, and holds that of `from`", || {
        let queues = Arc::new([Mutex::new((0..100).collect()), Mutex::new(VecDeque::new())]);
        let to = queues[1].lock().unwrap();
        let thief = {
            let queues = queues.clone();
            thread::spawn(move || steal_half(&queues[0], &queues[1]))
        };
        while !queues[0].try_lock().is_ok_and(|from| from.len() == 50) {
            thread::yield_now();
        }
        drop(to);
        assert_eq!(thief.join().expect("it steals"), 50);
    });
}

#[test]
fn exercise_2_two_thieves_do_not_wait_for_each_other() {
    let left = ends("the two thieves wait for each other's lock", || {
        let queues = Arc::new([Mutex::new((0..100).collect()), Mutex::new(VecDeque::new())]);
        let thief = |from: usize, to: usize| {
            let queues = queues.clone();
            thread::spawn(move || {
                for _ in 0..20_000 {
                    steal_half(&queues[from], &queues[to]);
                }
            })
        };
        for thief in [thief(0, 1), thief(1, 0)] {
            thief.join().expect("it steals");
        }
        let mut left: Vec<u32> = queues.iter().flat_map(|queue| queue.lock().unwrap().clone()).collect();
        left.sort_unstable();
        left
    });
    assert_eq!(left, (0..100).collect::<Vec<_>>(), "each task is still there, once");
}
