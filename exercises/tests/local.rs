//! Exercises of the chapter "Local tasks, and block_on": `stubs/local.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/local.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/local.rs")]
mod local;

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use exercises::{a_moment, ends};
use local::{Inbox, run_round};

#[test]
fn exercise_1_what_was_pushed_before_is_taken_at_once() {
    let inbox = Inbox::new();
    inbox.push(1);
    inbox.push(2);
    assert_eq!(inbox.take(), [1, 2]);
}

#[test]
fn exercise_1_a_wake_without_a_number_is_not_the_end() {
    ends("a number is in the inbox, but the owner sleeps", || {
        let inbox = Arc::new(Inbox::new());
        for number in 0..5 {
            let sender = thread::spawn({
                let inbox = inbox.clone();
                move || {
                    a_moment(); // Meanwhile the owner finds that there is no number.
                    inbox.push(number);
                }
            });
            thread::current().unpark();
            assert_eq!(inbox.take(), [number], "it was woken for no reason");
            sender.join().expect("it sends");
        }
    });
}

#[test]
fn exercise_1_the_owner_never_sleeps_while_its_inbox_is_full() {
    const EACH: u32 = 2000;
    let taken = ends("the owner sleeps although the inbox is not empty, or a number was lost", || {
        let inbox = Arc::new(Inbox::new());
        let senders: Vec<_> = (0..3)
            .map(|_| {
                let inbox = inbox.clone();
                thread::spawn(move || {
                    for number in 0..EACH {
                        inbox.push(number);
                        if number % 7 == 0 {
                            thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        let mut taken = 0;
        while taken < 3 * EACH as usize {
            taken += inbox.take().len();
        }
        for sender in senders {
            sender.join().expect("it sends");
        }
        taken
    });
    assert_eq!(taken, 3 * EACH as usize);
}

#[test]
fn exercise_2_no_task_is_polled_twice_in_a_round() {
    let mut queue = VecDeque::from([1, 2, 3]);
    let mut polled = Vec::new();
    run_round(&mut queue, &mut |task, _| {
        polled.push(task);
        assert!(polled.len() <= 3, "there are three tasks, but these were polled: {polled:?}");
        task != 2
    });
    assert_eq!(polled, [1, 2, 3]);
    assert_eq!(queue, [1, 3], "the tasks to poll again are at the back, in order");
}

#[test]
fn exercise_2_who_is_spawned_waits_for_the_next_round() {
    let mut queue = VecDeque::from([1]);
    let mut polled = Vec::new();
    let mut poll = |task: u32, queue: &mut VecDeque<u32>| {
        polled.push(task);
        assert!(polled.len() <= 2, "in two rounds, these were polled: {polled:?}");
        queue.push_back(task + 1);
        false
    };
    run_round(&mut queue, &mut poll);
    run_round(&mut queue, &mut poll);
    assert_eq!(polled, [1, 2]);
    assert_eq!(queue, [3]);
}
