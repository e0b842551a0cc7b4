//! The set under the model checker: the shipped tasks and handles, on a small queue that another thread runs.

use loom::thread;
use reactor::shim::model::{block_on, check, poll_once};

use super::JoinSet;
use crate::raw_task::model::Queue;

/// Tasks finish while they are added: each is joined, once. Finds `early_end_overlooked`,
/// `ended_list_looked_at_once`, `member_ends_in_silence`.
#[test]
fn each_member_is_joined_once() {
    check(|| {
        let queue = Queue::default();
        let tasks = [1, 2].map(|number| queue.spawn(async move { number }));
        let running = thread::spawn(move || queue.run());
        let mut set = JoinSet::new();
        for task in tasks {
            set.insert(task);
        }
        let mut sum = 0;
        while let Some(number) = block_on(set.join_next()) {
            sum += number.expect("neither was aborted");
        }
        assert_eq!((sum, running.join().unwrap()), (3, 2));
    });
}

/// A `join_next` that is dropped has taken no member, and leaves no waker behind. Finds
/// `ended_list_looked_at_once`.
#[test]
fn a_cancelled_join_takes_no_member() {
    check(|| {
        let queue = Queue::default();
        let mut set = JoinSet::new();
        set.insert(queue.spawn(async { 7 }));
        let running = thread::spawn(move || queue.run());
        let early = poll_once(&mut set.join_next()).is_ready();
        let late = block_on(set.join_next());
        assert_eq!(late.is_none(), early, "joined once");
        running.join().unwrap();
    });
}

/// The set is dropped while its task finishes: the task is dropped, finished or not, and nothing leaks. Finds
/// `outcome_forgotten`.
#[test]
fn a_dropped_set_leaves_nothing() {
    check(|| {
        let queue = Queue::default();
        let mut set = JoinSet::new();
        let value = loom::sync::Arc::new(());
        let held = loom::sync::Arc::clone(&value);
        set.insert(queue.spawn(async move { held }));
        let running = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        drop(set);
        running.join().unwrap();
        queue.run();
        assert_eq!(loom::sync::Arc::strong_count(&value), 1);
    });
}
