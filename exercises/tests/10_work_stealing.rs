//! Exercises of the chapter "10 Work stealing": `stubs/10_work_stealing.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/10_work_stealing.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/10_work_stealing.rs")]
mod ch10_work_stealing;

use std::collections::BTreeSet;

use ch10_work_stealing::{FAIR, Worker, victims};

#[test]
fn exercise_1_a_task_from_outside_comes_in_time() {
    let mut worker = Worker { own: (0..5).collect(), injector: [100].into(), ..Worker::default() };
    for _ in 0..FAIR {
        let task = worker.find().expect("there is always one");
        if task == 100 {
            return;
        }
        worker.own.push_back(task); // It is woken at once.
    }
    panic!("{FAIR} of the worker's own tasks came first");
}

#[test]
fn exercise_1_the_own_come_first_as_a_rule() {
    let mut worker = Worker { own: (0..20).collect(), injector: (100..120).collect(), ..Worker::default() };
    let found: Vec<u32> = (0..20).map(|_| worker.find().expect("there are forty")).collect();
    let outside = found.iter().filter(|task| **task >= 100).count();
    assert!((1..=4).contains(&outside), "{outside} of 20 came from outside");
    assert_eq!(std::iter::from_fn(|| worker.find()).count(), 20, "nothing is lost");
}

#[test]
fn exercise_1_an_empty_injector_ends_nothing() {
    let mut worker = Worker { own: (0..40).collect(), ..Worker::default() };
    let found: Vec<u32> = std::iter::from_fn(|| worker.find()).collect();
    assert_eq!(found, (0..40).collect::<Vec<_>>(), "it says that there is no task, but has its own");
}

#[test]
fn exercise_2_each_of_the_others_once() {
    for (thief, round) in [(0, 0), (2, 5), (3, 1)] {
        let of: BTreeSet<usize> = victims(thief, 4, round).into_iter().collect();
        let expected: BTreeSet<usize> = (0..4).filter(|other| *other != thief).collect();
        assert_eq!(of, expected);
        assert_eq!(victims(thief, 4, round).len(), 3);
    }
}

#[test]
fn exercise_2_thieves_do_not_crowd() {
    for round in 0..6 {
        let first: BTreeSet<usize> = (0..4).map(|thief| victims(thief, 4, round)[0]).collect();
        assert_eq!(first.len(), 4, "in round {round} two thieves begin at the same worker");
    }
    let begun: BTreeSet<usize> = (0..12).map(|round| victims(1, 4, round)[0]).collect();
    assert_eq!(begun, BTreeSet::from([0, 2, 3]), "it begins at each of the others in turn");
}
