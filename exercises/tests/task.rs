//! Exercises of the chapter "The task": `stubs/task.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/task.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/task.rs")]
mod task;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use task::{Action, COMPLETE, Finish, QUEUED, REFERENCE, RUNNING, Word};

fn value(word: &Word) -> usize {
    word.0.load(Ordering::SeqCst)
}

#[test]
fn exercise_1_a_life_without_wakes() {
    let word = Word::new();
    word.start();
    assert_eq!(value(&word), RUNNING | REFERENCE, "it runs, with the reference that the queue had");
    assert_eq!(word.finish(), Finish::Idle);
    assert_eq!(value(&word), 0, "it is idle: no bit is set, and the runner's reference was dropped");
}

#[test]
fn exercise_1_a_wake_queues_an_idle_task_once() {
    let word = Word(AtomicUsize::new(REFERENCE));
    assert_eq!(word.wake(), Action::Schedule);
    assert_eq!(value(&word), QUEUED | (2 * REFERENCE), "the queue has a reference of its own");
    assert_eq!(word.wake(), Action::Nothing, "it is already in the queue");
    assert_eq!(value(&word), QUEUED | (2 * REFERENCE));
    word.start();
    word.complete();
    assert_eq!(word.wake(), Action::Nothing, "it is complete");
}

#[test]
fn exercise_1_a_wake_during_the_poll_is_kept() {
    let word = Word::new();
    word.start();
    assert_eq!(word.wake(), Action::Nothing, "the runner will see the wake");
    assert_eq!(word.finish(), Finish::Requeue);
    assert_eq!(value(&word), QUEUED | REFERENCE, "the runner's reference goes to the queue");
}

#[test]
fn exercise_1_of_many_wakes_at_once_one_schedules() {
    for _ in 0..200 {
        let word = Arc::new(Word(AtomicUsize::new(REFERENCE)));
        let begin = Arc::new(Barrier::new(4));
        let wakes: Vec<_> = (0..4)
            .map(|_| {
                let (word, begin) = (word.clone(), begin.clone());
                thread::spawn(move || {
                    begin.wait();
                    word.wake()
                })
            })
            .collect();
        let actions: Vec<Action> = wakes.into_iter().map(|wake| wake.join().expect("it wakes")).collect();
        assert_eq!(actions.iter().filter(|action| **action == Action::Schedule).count(), 1, "{actions:?}");
        assert_eq!(value(&word), QUEUED | (2 * REFERENCE));
    }
}

#[test]
fn exercise_2_the_last_reference_frees_or_schedules() {
    let word = Word(AtomicUsize::new(COMPLETE | (2 * REFERENCE)));
    assert_eq!(word.drop_reference(), Action::Nothing);
    assert_eq!(word.drop_reference(), Action::Free);
    let word = Word(AtomicUsize::new(2 * REFERENCE));
    assert_eq!(word.drop_reference(), Action::Nothing);
    assert_eq!(word.drop_reference(), Action::Schedule, "its future must be dropped where it is polled");
    assert_eq!(value(&word), QUEUED | REFERENCE, "the queue has the last reference");
}
