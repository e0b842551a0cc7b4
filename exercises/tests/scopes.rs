//! Exercises of the chapter "Why spawn wants 'static": `stubs/scopes.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/scopes.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/scopes.rs")]
mod scopes;

use std::cell::RefCell;
use std::sync::{Barrier, Mutex, mpsc};

use executor::future::{join, poll_once};
use executor::sync::oneshot;
use executor::{sync, task};
use exercises::ends;
use scopes::{Visits, all, map_on_threads};

#[test]
fn exercise_1_the_tasks_count_together() {
    let counts = ends("a task does not end when its door has opened", || {
        let (first_door, first) = oneshot::channel();
        let (second_door, second) = oneshot::channel();
        let (first, second) = {
            let visits = Visits::default();
            (visits.visit_later(first), visits.visit_later(second))
        }; // The tasks live longer.
        second_door.send(()).unwrap();
        let second = task::block_on(second);
        first_door.send(()).unwrap();
        (second, task::block_on(first))
    });
    assert_eq!(counts, (1, 2), "the second door was opened first");
}

#[test]
fn exercise_1_it_counts_when_the_door_is_open_and_not_before() {
    let visits = Visits::default();
    let (door, closed) = oneshot::channel();
    let mut waiting = visits.visit_later(closed);
    let others = (1..=20).map(|_| {
        let (door, open) = oneshot::channel();
        door.send(()).unwrap();
        task::block_on(visits.visit_later(open))
    });
    assert_eq!(others.collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>(), "the first door is still closed");
    assert_eq!(task::block_on(poll_once(&mut waiting)), None, "its door is closed");
    door.send(()).unwrap();
    assert_eq!(task::block_on(waiting), 21);
}

#[test]
fn exercise_2_they_run_at_the_same_time_and_borrow() {
    let (outputs, log) = ends("one of the futures waits for another, which is never polled", || {
        let names = ["Ada", "Ben", "Cleo"].map(String::from);
        let log = RefCell::new(Vec::new());
        let meeting = sync::Barrier::new(names.len());
        let meet = async |name: &String| {
            meeting.wait().await;
            log.borrow_mut().push(name.clone());
            name.len()
        };
        let outputs = task::block_on(all(names.iter().map(meet).collect()));
        let mut log = log.take();
        log.sort();
        (outputs, log)
    });
    assert_eq!(outputs, [3, 3, 4]);
    assert_eq!(log, ["Ada", "Ben", "Cleo"], "each is polled to its end, once");
}

#[test]
fn exercise_2_the_outputs_are_in_the_order_of_the_futures() {
    let yields = |number: usize| async move {
        for _ in 0..number {
            task::yield_now().await;
        }
        number
    };
    let outputs = task::block_on(all([3, 0, 1, 2].map(yields).into()));
    assert_eq!(outputs, [3, 0, 1, 2]);
}

#[test]
fn exercise_3_all_threads_run_while_the_task_only_waits() {
    let (items, outputs, meanwhile) =
        ends("a call waits for another one, or the task blocks its thread", || {
            let (sender, receiver) = mpsc::channel();
            let (receiver, meeting) = (Mutex::new(receiver), Barrier::new(3));
            let items = vec![String::from("a"), String::from("bc"), String::from("def")];
            let mapped = map_on_threads(items, move |item| {
                meeting.wait();
                let word: &str = receiver.lock().unwrap().recv().unwrap();
                (item.len(), word)
            });
            let ((items, outputs), meanwhile) = task::block_on(join((mapped, async {
                for _ in 0..3 {
                    task::yield_now().await;
                    sender.send("go").unwrap();
                }
                "the other branch has run"
            })));
            (items, outputs, meanwhile)
        });
    assert_eq!(items, ["a", "bc", "def"], "they come back");
    assert_eq!(outputs, [(1, "go"), (2, "go"), (3, "go")]);
    assert_eq!(meanwhile, "the other branch has run");
}
